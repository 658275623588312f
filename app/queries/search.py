"""Lists that the counts cannot tell: what a search finds, who fell silent, who took long.

Of the indexes that know a part of the filter, the one that finds fewest is read, and the filter
decides about each of the jobs that it finds. At most 10,000 are looked at: where every index finds
more, the page says which of them these are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    FromClause,
    Select,
    bindparam,
    func,
    select,
    tuple_,
    union,
)

from app.database import written
from app.models import Job
from app.queries.candidates import Meant, candidates, find_causes, newest
from app.queries.filters import JobFilter
from app.queries.matching import COLUMNS, is_silent, matches, newest_first
from app.queries.views import Anchor
from app.seeks import seek_each
from app.status import JobStatus

MOST_FOUND = 10_000
MOST_PASSED = 50_000  # jobs, the newest, among which words are sought that mean very many


@dataclass(frozen=True, slots=True)
class Found:
    """Jobs, those among them that match, and in a word which these are if more match than these.

    `causes` are those that the words of the filter mean.
    """

    jobs: FromClause
    matches: ColumnElement[bool]
    capped: str = ""
    causes: Sequence[int] = ()


def find(connection: Connection, project_id: str, wanted: JobFilter) -> Found:
    """Find what a filter is about that the counts cannot tell.

    One statement, or two with a `q`, and one more where that means more than are looked at.
    """
    dialect = connection.dialect.name
    causes = find_causes(connection, project_id, wanted.q) if wanted.q else []
    places = candidates(dialect, project_id, wanted, causes)
    few = [place.read([Job.job_id], MOST_FOUND + 1).subquery() for place in places]
    counts = [select(func.count()).select_from(each).scalar_subquery() for each in few]
    amounts = connection.execute(select(*counts)).one()
    fewest = min(amounts)
    # Where all of them find too many, the first: the order of the parts is one of rareness.
    place = places[amounts.index(fewest)]

    def found(rows: Select[Any], taken: str = "") -> Found:
        jobs = rows.subquery()
        return Found(jobs, matches(wanted, causes, jobs.c), taken, causes)

    if fewest <= MOST_FOUND:
        return found(place.read(COLUMNS, MOST_FOUND))
    if not isinstance(place, Meant):
        return found(place.read(COLUMNS, MOST_FOUND), place.taken)
    # What is meant so often is mostly among the newest; else those are completed with others.
    passed = newest(project_id, wanted).read(COLUMNS, MOST_PASSED).subquery()
    recent = newest_first(select(passed).where(matches(wanted, causes, passed.c)))
    recent = recent.limit(MOST_FOUND)
    amount = connection.scalar(select(func.count()).select_from(recent.subquery()))
    if amount == MOST_FOUND:
        return found(recent, "newest")
    others = place.read(COLUMNS, MOST_FOUND)
    every = union(select(recent.subquery()), select(others.subquery())).subquery()
    return found(newest_first(select(every)).limit(MOST_FOUND), place.taken)


def count(connection: Connection, found: Found, anchor: Anchor | None) -> tuple[int, int]:
    """How many match in all, and how many of them are newer than the anchor."""
    jobs = found.jobs
    newer: ColumnElement[Any] = written(0)
    if anchor is not None:
        newer = func.count().filter(tuple_(jobs.c.created_at, jobs.c.job_id) > tuple_(*anchor))
    query = select(func.count(), newer).select_from(jobs).where(found.matches)
    total, new = connection.execute(query).one()
    return total, new


def page(
    dialect: str,
    found: Found,
    columns: Sequence[Any],
    project_id: str,
    *,
    skip: int,
    limit: int,
) -> Any:
    """The statement for the rows of a page, newest first, with these columns of `jobs`."""
    keys = select(found.jobs.c.created_at, found.jobs.c.job_id).where(found.matches)
    ids = newest_first(keys).limit(limit).offset(skip).subquery()
    mine = select(*columns).where(Job.project_id == project_id)
    return newest_first(seek_each(dialect, ids, ids.c.job_id, mine, Job.job_id))


def count_kinds(
    connection: Connection, project_id: str, wanted: JobFilter, silent_since: int
) -> dict[str, int]:
    """How many of what is found are of each status, empty, and silent since then (µs)."""
    found = find(connection, project_id, wanted)
    jobs = found.jobs.c
    sums = {status.word: func.count().filter(jobs.status == int(status)) for status in JobStatus}
    sums["empty"] = func.count().filter(jobs.empty)
    sums["stalled"] = func.count().filter(is_silent(silent_since, jobs))
    query = select(*(value.label(name) for name, value in sums.items()))
    row = connection.execute(query.select_from(found.jobs).where(found.matches)).one()
    return dict(row._mapping)


def count_silent(
    connection: Connection, project_id: str, wanted: JobFilter, silent_since: int
) -> int:
    """How many running jobs were not heard of since then (µs)."""
    values = {
        "of_project": project_id,
        "silent_since": silent_since,
        "since": wanted.since,
        "until": wanted.until,
    }
    statement = _silent(wanted.since is not None, wanted.until is not None)
    return connection.scalar(statement, values) or 0


@cache
def _silent(has_since: bool, has_until: bool) -> Select[Any]:
    query = select(func.count()).select_from(Job).where(Job.project_id == bindparam("of_project"))
    query = query.where(is_silent(bindparam("silent_since")))
    if has_since:
        query = query.where(Job.created_at >= bindparam("since"))
    return query.where(Job.created_at < bindparam("until")) if has_until else query
