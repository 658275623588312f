"""The causes as rows: kept in the transaction that changes the jobs that fail by them.

Only behind `sums.raise_version`, where the writers of a project queue, and after its documents,
which say why they still fail. A report that makes nothing fail or well again costs no statement.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, delete, func, select, tuple_, update

from app.ledger.job import LedgerJob
from app.ledger.standing import Finish, finish_of
from app.models import Cause, FormerCause
from app.store.database import table_of
from app.store.prepared import Prepared, given, insertion

_CAUSES = table_of(Cause)
_FORMER = table_of(FormerCause)
_TAKING = ("jobs", "documents", "of_project_id", "of_cause")


@dataclass(slots=True)
class CauseSum:
    """Jobs that fail by a cause, documents that still do, when it was first seen (µs), and last."""

    jobs: int = 0
    documents: int = 0
    first_at: int = 0
    last: Finish | None = None

    def see(self, failure: Finish) -> None:
        """Count a failure by this cause."""
        self.jobs += 1
        self.first_at = failure.at if self.last is None else min(failure.at, self.first_at)
        self.last = failure if self.last is None else max(failure, self.last)

    def values(self) -> tuple[Any, ...]:
        """The columns of `models.Cause` behind its key; of a cause that was seen."""
        if self.last is None:
            raise ValueError("the cause was not seen")
        seen = (self.last.line, self.last.job_id)
        return (*seen, self.jobs, self.documents, self.first_at, self.last.at)


CauseSums = defaultdict[int, CauseSum]
"""By cause."""


def keep_causes(
    connection: Connection,
    project_id: str,
    before: Iterable[LedgerJob | None],
    after: Iterable[LedgerJob | None],
    documents: Mapping[int, int],
) -> None:
    """Count the causes of some jobs anew when these go from before to after.

    `documents` says of how many more (or fewer) documents a cause is why they still fail.
    """
    gone, came = _failures(before), _failures(after)
    sums: CauseSums = defaultdict(CauseSum)
    for failure in came - gone:
        sums[failure.cause].see(failure)
    for failure in gone - came:
        sums[failure.cause].jobs -= 1
    for cause, more in documents.items():
        sums[cause].documents += more
    write_causes(connection, project_id, sums)


def _failures(jobs: Iterable[LedgerJob | None]) -> set[Finish]:
    failed = (job for job in jobs if job is not None and job.state.status.failure)
    return {one for job in failed if (one := finish_of(job)) is not None}


def write_causes(connection: Connection, project_id: str, sums: Mapping[int, CauseSum]) -> None:
    """Add to causes; those by which no job fails any more are forgotten.

    When a cause was first and last seen is history: it is added to and never taken back.
    """
    seen, others, fewer = [], [], []
    for cause, more in sorted(sums.items()):
        if more.last is not None:
            seen.append((project_id, cause, *more.values()))
        elif more.jobs or more.documents:
            others.append((more.jobs, more.documents, project_id, cause))
        if more.jobs < 0:
            fewer.append(cause)
    if seen:
        _SEE.post_many(connection, seen)
    if others:
        _ADD.post_many(connection, others)
    if fewer:
        mine = (Cause.project_id == project_id, Cause.cause.in_(fewer), Cause.jobs == 0)
        connection.execute(delete(Cause).where(*mine))


def keep_former(
    connection: Connection, before: Iterable[LedgerJob], after: Iterable[LedgerJob]
) -> None:
    """Keep what became of the causes that some jobs had, where they have others now."""
    became = {
        was.cause: job.cause
        for was, job in zip(before, after, strict=True)
        if None not in (was.cause, job.cause) and was.cause != job.cause
    }
    if became:
        _BECAME.post_many(connection, sorted(became.items()))
        # And of what had become one of these before: a link leads on in one step.
        further = _FORMER.alias()
        now = select(further.c.became).where(further.c.cause == _FORMER.c.became)
        of_these = _FORMER.c.became.in_(sorted(became))
        connection.execute(update(_FORMER).where(of_these).values(became=now.scalar_subquery()))


def _become(dialect: str) -> Any:
    statement = insertion(dialect, _FORMER)
    return statement.on_conflict_do_update(
        index_elements=("cause",), set_={"became": statement.excluded.became}
    )


def _see(dialect: str) -> Any:
    statement = insertion(dialect, _CAUSES)
    new, kept = statement.excluded, _CAUSES.c
    least, greatest = (func.min, func.max) if dialect == "sqlite" else (func.least, func.greatest)
    later = tuple_(new.last_at, new.job_id) >= tuple_(kept.last_at, kept.job_id)
    return statement.on_conflict_do_update(
        index_elements=("project_id", "cause"),
        set_={
            "jobs": kept.jobs + new.jobs,
            "documents": kept.documents + new.documents,
            "first_at": least(kept.first_at, new.first_at),
            "last_at": greatest(kept.last_at, new.last_at),
        }
        | {name: case((later, new[name]), else_=kept[name]) for name in ("line", "job_id")},
    )


def _add(dialect: str) -> Any:
    rows = given(dialect, _CAUSES, _TAKING)
    here = (_CAUSES.c.project_id == rows["of_project_id"], _CAUSES.c.cause == rows["of_cause"])
    more = ((name, _CAUSES.c[name] + rows[name]) for name in ("jobs", "documents"))
    return update(_CAUSES).where(*here).ordered_values(*more)


_SEE = Prepared(_see, _CAUSES.c.keys())
_ADD = Prepared(_add, _TAKING)
_BECAME = Prepared(_become, _FORMER.c.keys())
