"""A job as the ledger holds it, its events, and what becomes of a report: plain objects."""

from dataclasses import dataclass
from typing import NamedTuple

from app.ledger.merge import AttemptState, Merge, outcome_of
from app.rules.causes import cause_of
from app.rules.events import EventKind
from app.rules.status import JobStatus

Claim = tuple[EventKind, int, JobStatus, str | None]
"""What an event says, whenever it was said: its kind, attempt, status and detail."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one report of a request was not recorded: an HTTP status, the field and a sentence."""

    status: int
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class LedgerEvent:
    """An event to be kept beside a job; see `models.Event`."""

    at: int
    kind: EventKind
    attempt: int
    status: JobStatus
    detail: str | None = None

    @property
    def claim(self) -> Claim:
        """What it says: a loser that repeats itself is no news."""
        return self.kind, self.attempt, self.status, self.detail


class LedgerJob(NamedTuple):
    """A job as the ledger holds it; times in µs.

    `sent_doc_id` and `moved_at` are those of `models.Job`. `cause` is by what it failed
    (`rules.causes`), where it did and that is known: an error is folded once, when it is reported.
    """

    job_id: str
    source_doc_id: str
    created_at: int
    received_at: int
    heard_at: int
    event_count: int
    state: AttemptState
    sent_doc_id: str | None = None
    cause: int | None = None
    moved_at: int | None = None

    @property
    def failed_by(self) -> int:
        """The cause of a job that failed: as it is kept, else as today's rules have it."""
        if self.cause is not None:
            return self.cause
        return cause_of(outcome_of(self.state).error_message)


def first_event(job: LedgerJob) -> LedgerEvent:
    """That the job was first seen; stored only beside a second event, for until then it is known.

    Status and attempt never change without an event.
    """
    return LedgerEvent(job.received_at, EventKind.REPORTED, job.state.attempt, job.state.status)


def taken_back(job: LedgerJob, latest: int) -> LedgerJob:
    """The job as it would be if nothing had been received after `latest` (µs).

    For times that a clock of ours has stamped which was ahead. Given ones stay as they were sent.
    """
    state = job.state
    if state.started_filled and state.started_at is not None:
        state = state._replace(started_at=min(state.started_at, latest))
    if state.completed_filled and state.completed_at is not None:
        state = state._replace(completed_at=min(state.completed_at, latest))
    filled = state.completed_filled or state.completed_at is None
    end = state.noted_completed_at if filled else state.completed_at
    heard_at = end if state.end_heard_at is None else state.end_heard_at
    if heard_at is not None and heard_at > latest:
        state = state._replace(end_heard_at=latest)
    moved_at = job.moved_at and min(job.moved_at, latest)
    return job._replace(heard_at=min(job.heard_at, latest), moved_at=moved_at, state=state)


class Recorded(NamedTuple):
    """What became of one report: the job as merged, or why it was refused.

    `created` says that the job was new, `merge` what the report did to a known job, `skew` how many
    seconds the sender's clock is off. It was `idle` where the job had ended and stays as it is.
    `doubtful` is what another board says that does not follow from what it said (`Draft.follow`).
    """

    job_id: str
    created: bool = False
    merge: Merge | None = None
    job: LedgerJob | None = None
    refusal: Refusal | None = None
    skew: int | None = None
    idle: bool = False
    doubtful: bool = False
