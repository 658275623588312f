"""Lists in an order that the counts know nothing of: of so many jobs, and it is said of which.

An index for each of these orders would cost every report, and to sort all jobs every page. So the
newest are sorted, or the longest, where an index has them at hand.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row

from app.models import Job
from app.queries.filters import JobFilter
from app.queries.indexes import Candidates, Index
from app.queries.parts import PART_OF
from app.rules.durations import Basis, runs_since
from app.rules.project import Project
from app.rules.status import STATUSES, JobStatus

MOST_SORTED = 5_000  # jobs

COLUMNS = (
    Job.chunks_processed,
    Job.completed_at,
    Job.skew_seconds,
    Job.started_at,
    Job.started_filled,
    Job.took,
)
"""What of a job is looked at to sort it, beside what a search looks at."""

_ENDED = {status.word for status in JobStatus if status.terminal}


@dataclass(frozen=True, slots=True, eq=False)
class Sort:
    """What a list may be sorted by; `name` is its value in URLs, `noun` its word.

    `value` gives it of a row at a moment (µs), None where the job has none. `index` knows the
    greatest of it.
    """

    name: str
    noun: str
    value: Callable[[Row[Any], int], int | None]
    index: Index | None = None


class Order(NamedTuple):
    """How a list is sorted: by what, and whether the least of it comes first."""

    sort: Sort
    least: bool = False

    def place(self, project: Project, wanted: JobFilter) -> Candidates | None:
        """Where those that come first are found, if the list is too long to be looked at.

        None where no index tells, or it tells of others too: then the newest are looked at.
        """
        columns = wanted.columns or ()
        if self.sort.index is None or self.least or wanted.times or not _ENDED.issubset(columns):
            return None
        if sum(getattr(project, name) for name in columns) <= MOST_SORTED:
            return None
        found = self.sort.index.find(project.project_id, _ANY, ())
        return found if isinstance(found, Candidates) else None

    def arrange(self, rows: Sequence[Row[Any]], now: int) -> list[Row[Any]]:
        """The rows in this order; those that have nothing to be sorted by come last."""
        values = [(self.sort.value(row, now), row.created_at, row.job_id, row) for row in rows]
        some = [each for each in values if each[0] is not None]
        some.sort(key=lambda each: each[:3], reverse=not self.least)
        return [each[3] for each in some] + [each[3] for each in values if each[0] is None]


_ANY = -1  # a length of time that every duration is longer than


def _started(row: Row[Any], _now: int) -> int | None:
    """When it started; the end stands in, as in its row."""
    if not STATUSES[row.status].begun:
        return None
    at: int | None = row.completed_at if row.started_at is None else row.started_at
    return at


def _duration(row: Row[Any], now: int) -> int | None:
    """How long it took, or takes so far."""
    if row.status != JobStatus.RUNNING or row.started_at is None:
        took: int | None = row.took
        return took
    started_by = Basis.RECEIPT if row.started_filled else Basis.GIVEN
    return now - runs_since(row.started_at, started_by, row.skew_seconds)


def _chunks(row: Row[Any], _now: int) -> int | None:
    return row.chunks_processed if STATUSES[row.status].begun else None


SORTS = {
    sort.name: sort
    for sort in (
        Sort("started", "start", _started),
        Sort("duration", "duration", _duration, PART_OF["longer"].index),
        Sort("chunks", "chunks", _chunks),
    )
}
