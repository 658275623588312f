"""What lists ask of a job's row: its kind and its silence."""

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, literal_column

from app.models import Job
from app.rules.silence import unheard
from app.rules.status import JobStatus
from app.store.database import inlined

Kind = JobStatus | Literal["every", "empty"]

RUNNING = Job.status == inlined(JobStatus.RUNNING)
# Without its type: as "empty = 1" SQLite would not see that an index of these is enough.
EMPTY: ColumnElement[bool] = literal_column("jobs.empty")


def of_kind(kind: Kind) -> ColumnElement[bool] | None:
    """The condition on what kind of job it is, None for every kind.

    The literals let both engines see which partial index is enough.
    """
    if kind == "every":
        return None
    if kind == "empty":
        return EMPTY
    return Job.status == inlined(kind)


def ended(statuses: Sequence[JobStatus]) -> ColumnElement[bool]:
    """Whether a job has one of these statuses; the literals let engines see which index serves."""
    first, *others = map(inlined, statuses)
    return Job.status.in_([first, *others]) if others else Job.status == first


def is_silent(since: Any) -> ColumnElement[bool]:
    """Whether a job runs and was not heard of since then (µs)."""
    return and_(RUNNING, unheard(Job.heard_at, since))
