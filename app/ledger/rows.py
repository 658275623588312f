"""The ledger's objects from rows of the tables, and the rows from them."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Row

from app.ledger.counts import is_empty
from app.ledger.job import LedgerJob
from app.ledger.merge import AttemptState, outcome_of
from app.rules.status import STATUSES

STATE_COLUMNS = AttemptState._fields
DERIVED = ("ended_at", "empty", "cause", "took")
CHANGING = ("sent_doc_id", "heard_at", "moved_at", *DERIVED, "event_count", *STATE_COLUMNS)
_values_of = attrgetter(*STATE_COLUMNS)


def attempt_state(row: Row[Any]) -> AttemptState:
    """The state in a row of `jobs` or `attempts`."""
    return state_of(_values_of(row))


def state_of(values: Sequence[Any]) -> AttemptState:
    """The state in the values of its columns, in their order."""
    attempt, status, *rest = values
    return AttemptState(attempt, STATUSES[status], *rest)


def state_values(state: AttemptState) -> tuple[Any, ...]:
    """The values of the columns that hold a state, in their order."""
    return (state.attempt, int(state.status), *state[2:])


def changing_values(job: LedgerJob, mode: str, event_count: int) -> tuple[Any, ...]:
    """The values of `CHANGING`: what a report can change of a job."""
    derived = derived_values(job, mode)
    heard = (job.sent_doc_id, job.heard_at, job.moved_at)
    return (*heard, *derived, event_count, *state_values(job.state))


def fixed_values(job: LedgerJob) -> tuple[Any, ...]:
    """The values of the columns before those: what no report of our own words can change."""
    return job.job_id, job.source_doc_id, job.created_at, job.received_at


def ledger_job(row: Sequence[Any]) -> LedgerJob:
    """The job in a row of `jobs`: all its columns, in their order."""
    _, job_id, document, created_at, received_at, *changing = row
    sent_doc_id, heard_at, moved_at, _ended_at, _empty, cause, _took, event_count, *state = changing
    return LedgerJob(
        job_id=job_id,
        source_doc_id=document,
        created_at=created_at,
        received_at=received_at,
        heard_at=heard_at,
        event_count=event_count,
        state=state_of(state),
        sent_doc_id=sent_doc_id,
        cause=cause,
        moved_at=moved_at,
    )


def derived_values(job: LedgerJob, mode: str) -> tuple[int | None, bool, int | None, int | None]:
    """The values of `DERIVED`: what the rules say of a job, so that an index can hold it."""
    state = job.state
    if not state.status.terminal:
        return None, False, None, None
    seen = outcome_of(state)
    cause = job.failed_by if state.status.failure else None
    return seen.ended_at, is_empty(state, mode), cause, seen.took
