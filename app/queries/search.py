"""Lists that the counts cannot tell: what a search finds, and who fell silent.

A search sorts at most 10,000 keys: those it finds in the index of documents, or, where there are
more, the newest that match.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    FromClause,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
)

from app.database import written
from app.models import Job
from app.models.job import KEY_LENGTH, document_key
from app.queries.filters import JobFilter, Kind
from app.queries.views import Anchor
from app.seeks import seek_each
from app.status import JobStatus

MOST_FOUND = 10_000
LAST_CHARACTER = "\U0010ffff"

_COLUMNS = (Job.created_at, Job.job_id, Job.status, Job.empty, Job.heard_at)
_RUNNING = Job.status == written(JobStatus.RUNNING)


@dataclass(frozen=True, slots=True)
class Found:
    """The keys of what was found, and whether more match than are taken."""

    keys: FromClause
    capped: bool = False


def of_kind(kind: Kind, table: Any = Job) -> ColumnElement[bool] | None:
    """The condition on what kind of job it is, None for every kind.

    The literals let both engines see which partial index is enough.
    """
    if kind == "every":
        return None
    if kind == "empty":
        # Without its type: as "empty = 1" SQLite would not see it.
        return literal_column("jobs.empty") if table is Job else table.c.empty
    status = Job.status if table is Job else table.c.status
    return status == written(kind)


def find(connection: Connection, project_id: str, wanted: JobFilter) -> Found:
    """Find what a filter with `q` or `silent_since` is about; one statement for a `q`."""
    mine = Job.project_id == project_id
    if not wanted.q:
        silent = select(*_COLUMNS).where(mine, _RUNNING, Job.heard_at <= wanted.silent_since)
        return Found(silent.where(*_times(wanted)).subquery())
    begins = _begins(wanted.q)
    few = select(written(1)).where(mine, begins).limit(MOST_FOUND + 1).subquery()
    probed = connection.scalar(select(func.count()).select_from(few)) or 0
    if probed > MOST_FOUND:
        newest = select(*_COLUMNS).where(mine, or_(Job.job_id == wanted.q, begins))
        newest = newest_first(newest.where(*_times(wanted))).limit(MOST_FOUND)
        return Found(newest.subquery(), capped=True)
    exact = select(*_COLUMNS).where(mine, Job.job_id == wanted.q, *_times(wanted))
    others = select(*_COLUMNS).where(mine, begins, Job.job_id != wanted.q, *_times(wanted))
    return Found(union_all(exact, others).subquery())


def _begins(q: str) -> ColumnElement[bool]:
    """Whether the document id begins like that: a range of the index, exact for any character."""
    start = q[:KEY_LENGTH]
    end = start + LAST_CHARACTER * (KEY_LENGTH - len(start))
    found: ColumnElement[bool] = document_key(Job.source_doc_id).between(start, end)
    if len(q) > KEY_LENGTH:
        found = and_(found, func.substr(Job.source_doc_id, 1, len(q)) == q)
    return found


def _times(wanted: JobFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(Job.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Job.created_at < wanted.until)
    return conditions


def _matching(found: Found, wanted: JobFilter) -> ColumnElement[bool]:
    """Which of the found keys the rest of the filter lets through."""
    keys = found.keys
    if wanted.silent_since is not None:
        running = keys.c.status == int(JobStatus.RUNNING)
        return and_(running, keys.c.heard_at <= wanted.silent_since)
    kinds = [of_kind(kind, keys) for kind in wanted.kinds]
    return or_(*(kind if kind is not None else literal_column("1 = 1", Boolean) for kind in kinds))


def count(
    connection: Connection, found: Found, wanted: JobFilter, anchor: Anchor | None
) -> tuple[int, int]:
    """How many match in all, and how many of them are newer than the anchor."""
    keys = found.keys
    newer: ColumnElement[Any] = written(0)
    if anchor is not None:
        newer = func.count().filter(tuple_(keys.c.created_at, keys.c.job_id) > tuple_(*anchor))
    query = select(func.count(), newer).select_from(keys).where(_matching(found, wanted))
    total, new = connection.execute(query).one()
    return total, new


def page(
    dialect: str,
    found: Found,
    columns: Sequence[Any],
    project_id: str,
    wanted: JobFilter,
    *,
    skip: int,
    limit: int,
) -> Any:
    """The statement for the rows of a page, newest first, with these columns of `jobs`."""
    keys = found.keys
    order = (keys.c.created_at.desc(), keys.c.job_id.desc())
    chosen = select(keys.c.job_id).where(_matching(found, wanted)).order_by(*order)
    ids = chosen.limit(limit).offset(skip).subquery()
    mine = select(*columns).where(Job.project_id == project_id)
    return newest_first(seek_each(dialect, ids, ids.c.job_id, mine, Job.job_id))


def newest_first(rows: Any) -> Any:
    """A query for rows of jobs, in the order of every list."""
    columns = rows.selected_columns
    return rows.order_by(columns.created_at.desc(), columns.job_id.desc())


def count_kinds(
    connection: Connection, project_id: str, wanted: JobFilter, silent_since: int
) -> dict[str, int]:
    """How many of what `q` finds are of each status, empty, and silent since then (µs)."""
    keys = find(connection, project_id, wanted).keys
    sums = {status.word: func.count().filter(keys.c.status == int(status)) for status in JobStatus}
    sums["empty"] = func.count().filter(keys.c.empty)
    running = keys.c.status == int(JobStatus.RUNNING)
    sums["stalled"] = func.count().filter(running, keys.c.heard_at <= silent_since)
    query = select(*(value.label(name) for name, value in sums.items())).select_from(keys)
    return dict(connection.execute(query).one()._mapping)


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
    query = query.where(_RUNNING, Job.heard_at <= bindparam("silent_since"))
    if has_since:
        query = query.where(Job.created_at >= bindparam("since"))
    return query.where(Job.created_at < bindparam("until")) if has_until else query
