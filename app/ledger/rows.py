"""The ledger's objects from rows of the tables, and the rows from them."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from sqlalchemy import Row

from app.ledger.counts import JobFacts, is_empty
from app.ledger.draft import LedgerJob
from app.ledger.merge import AttemptState, outcome_of
from app.status import JobStatus

STATE_COLUMNS = AttemptState._fields
_values_of = attrgetter(*STATE_COLUMNS)
_STATUSES = tuple(JobStatus)


def attempt_state(row: Row[Any]) -> AttemptState:
    """The state in a row of `jobs` or `attempts`."""
    return state_of(_values_of(row))


def state_of(values: Sequence[Any]) -> AttemptState:
    """The state in the values of its columns, in their order."""
    attempt, status, *rest = values
    return AttemptState(attempt, _STATUSES[status], *rest)


def state_columns(state: AttemptState) -> dict[str, Any]:
    """The columns that hold a state."""
    return {**state._asdict(), "status": int(state.status)}


def ledger_job(row: Row[Any]) -> LedgerJob:
    """The job in a row of `jobs`."""
    return LedgerJob(
        job_id=row.job_id,
        source_doc_id=row.source_doc_id,
        created_at=row.created_at,
        received_at=row.received_at,
        heard_at=row.heard_at,
        skew_seconds=row.skew_seconds,
        event_count=row.event_count,
        state=attempt_state(row),
    )


def facts_of(job: LedgerJob, mode: str) -> JobFacts:
    """What of a job is counted."""
    return JobFacts(job.created_at, job.state, mode)


def derived_columns(state: AttemptState, mode: str) -> dict[str, Any]:
    """The columns that repeat what the rules say of a state, so that an index can hold them."""
    ended_at = outcome_of(state).completed_at if state.status.terminal else None
    return {"ended_at": ended_at, "empty": is_empty(state, mode)}
