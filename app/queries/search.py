"""Lists that the counts cannot tell: what a search finds, who fell silent, who took long.

Of the indexes that know a part of the filter, the one that finds fewest is read, and the filter
decides about each of the jobs that it finds. So many are looked at as `MOST_FOUND` says: where
every index finds more, the page says which of them these are.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, select

from app.models import Job
from app.queries.candidates import candidates
from app.queries.filters import JobFilter
from app.queries.indexes import SOME, Candidates, TextMatches
from app.queries.matching import is_silent
from app.queries.views import Anchor
from app.rules.silence import unheard
from app.rules.status import JobStatus
from app.store.database import table_of
from app.store.prepared import Prepared
from app.store.seeks import listed, seek_listed

MOST_FOUND = 10_000  # jobs that are looked at, by the index that finds fewest
MOST_MEANT = 3_000  # the same of what a text means: it is sought in several indexes, in no order

LIMITED = "X-Search-Limited"
CAUSES = "causes"

KEYS = (Job.created_at, Job.job_id, Job.status, Job.empty, Job.heard_at)


@dataclass(frozen=True, slots=True)
class Found:
    """What matches, newest first, and how far was looked if more may match than these.

    Of each job its `created_at`, `job_id`, `status`, `empty` and `heard_at`. `wanted` is the filter
    with what the store knows of its values. `capped` is "" or which were looked at, and how many
    of them: "newest 10000"; behind it, or alone, how far a text was looked for (`looking.Looked`).
    """

    keys: Sequence[Row[Any]]
    wanted: JobFilter
    capped: str = ""


def find(
    connection: Connection,
    project_id: str,
    wanted: JobFilter,
    *,
    among: Candidates | None = None,
    also: Sequence[Any] = (),
    most: int | None = None,
) -> Found:
    """Find what a filter is about that the counts cannot tell.

    One statement, one more where several indexes have to be asked which finds fewest, and four that
    look for a text. It may be told where to look (`among`), which columns are wanted `also`, and to
    look at fewer.
    """
    wanted = wanted.looked_up(connection, project_id)
    most = min(most or MOST_FOUND, MOST_MEANT if wanted.get("q") else MOST_FOUND, MOST_FOUND)
    place = among or _rarest(connection, candidates(project_id, wanted), most)
    kept = wanted.condition(but="q" if isinstance(place, TextMatches) else "")
    rows = connection.execute(place.read([*KEYS, *also, kept.label("kept")], most + 1)).all()
    taken = f"{place.taken} {most}" if len(rows) > most else ""
    if not isinstance(place, TextMatches):  # of which none is before another
        rows = rows[:most]
    keys = sorted((row for row in rows if row.kept), key=_place, reverse=True)
    capped = "; ".join(filter(None, (taken, looked_at(wanted))))
    return Found(keys[:most], wanted, capped)


def looked_at(wanted: JobFilter) -> str:
    """Of a filter that was looked up: what is `capped` since not everything was looked at."""
    text = wanted.get("q")
    return "; ".join(text.looked.limits) if text else ""


def limit_header(capped: str) -> dict[str, str]:
    """The header that tells that more jobs may match than were looked at, and which of them were.

    `capped` is that of what was found.
    """
    return {LIMITED: capped} if capped else {}


def limit_words(capped: str) -> str:
    """The same in words: "the 10,000 newest"; "" where all were looked at."""
    words = [_limit_words(limit) for limit in capped.split("; ") if limit]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _limit_words(limit: str) -> str:
    taken, _, number = limit.rpartition(" ")
    if taken in _SINCE:
        return f"{_SINCE[taken]} since {number[:16].replace('T', ' ')} UTC"
    if taken == CAUSES:
        return f"the {int(number):,} causes seen last"
    if taken == SOME:
        return f"{int(number):,} of them"
    return f"the {int(number):,} {taken}"


_SINCE = {
    "documents since": "the documents of jobs created",
    "failures since": "the errors of jobs that failed",
}


def _rarest(
    connection: Connection, places: Sequence[Candidates | TextMatches], most: int
) -> Candidates | TextMatches:
    """The place that finds fewest; where all find too many the first, which is mostly rarest."""
    if len(places) == 1:
        return places[0]
    few = [place.read([Job.job_id], most + 1).subquery() for place in places]
    counts = [select(func.count()).select_from(each).scalar_subquery() for each in few]
    amounts = connection.execute(select(*counts)).one()
    few_enough = [min(amount, most + 1) for amount in amounts]  # a text may give more than these
    return places[few_enough.index(min(few_enough))]


def _place(row: Row[Any]) -> Anchor:
    return row.created_at, row.job_id


def page(
    connection: Connection, project_id: str, columns: tuple[str, ...], keys: Sequence[Row[Any]]
) -> list[Sequence[Any]]:
    """These columns, `job_id` among them, of the jobs with these keys, in the order of the keys."""
    ids = [key.job_id for key in keys]
    values = {"of_project": project_id, "ids": listed(ids)}
    place = columns.index("job_id")
    # Told to order them, SQLite would walk through all jobs in that order.
    rows = {row[place]: row for row in _page(columns).rows(connection, **values)}
    return [rows[job_id] for job_id in ids if job_id in rows]


@cache
def _page(columns: tuple[str, ...]) -> Prepared:
    of_jobs = table_of(Job).c
    mine = select(*(of_jobs[name] for name in columns))
    mine = mine.where(Job.project_id == bindparam("of_project"))
    return Prepared(lambda dialect: seek_listed(dialect, mine, Job.job_id, "ids"))


def count_kinds(
    connection: Connection, project_id: str, wanted: JobFilter, silent_since: int
) -> dict[str, int]:
    """How many of what is found are of each status, empty, and silent since then (µs)."""
    keys = find(connection, project_id, wanted).keys
    of_status = Counter(key.status for key in keys)
    counts = {status.word: of_status[status] for status in JobStatus}
    running = [key for key in keys if key.status == JobStatus.RUNNING]
    counts["empty"] = sum(1 for key in keys if key.empty)
    counts["stalled"] = sum(unheard(key.heard_at, silent_since) for key in running)
    return counts


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
