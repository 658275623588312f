"""A job, as everyone who reads it knows it."""

from typing import NamedTuple

from app.rules.durations import Basis, duration_of
from app.rules.status import JobState, JobStatus


class Job(NamedTuple):
    """A job with the contract's output rules applied, and what only our pages show; times in µs."""

    project_id: str
    job_id: str
    source_doc_id: str
    status: JobStatus
    state: JobState
    chunks_processed: int
    chunks_total: int | None
    nodes_created: int
    edges_created: int
    created_at: int
    started_at: int | None
    completed_at: int | None
    error_message: str | None
    attempt: int
    heard_at: int
    received_at: int
    skew_seconds: int | None = None
    started_by: Basis = Basis.GIVEN
    completed_by: Basis = Basis.GIVEN

    @property
    def key(self) -> tuple[int, str]:
        """Its place in the list."""
        return self.created_at, self.job_id

    @property
    def took(self) -> int | None:
        """How long it took (µs), where that was measured."""
        return duration_of(self.started_at, self.started_by, self.completed_at)

    @property
    def runs_since(self) -> int | None:
        """When a job that has not ended started; None too of one that has not begun."""
        return None if self.status.terminal else self.started_at

    @property
    def stand_ins(self) -> list[Basis]:
        """What stands in for times that nobody reported, each once."""
        return [
            basis for basis in Basis if basis.note and basis in (self.started_by, self.completed_by)
        ]
