"""What changed from one job of a document to the next: pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.rules.job import Job
from app.rules.status import JobStatus


@dataclass(frozen=True, slots=True)
class Change:
    """A finished job against the one before it: differences, 0 where there is none.

    `took` is in µs, 0 too where either was not measured. `turn` says how the outcome changed, in
    words, or is empty.
    """

    chunks: int = 0
    nodes: int = 0
    edges: int = 0
    took: int = 0
    turn: str = ""


def changes_of(jobs: Sequence[Job]) -> list[Change | None]:
    """For each job, newest first, what changed since the finished one before it.

    None for a job that has not ended, and for one that none before it is known of.
    """
    changes: list[Change | None] = []
    before: Job | None = None
    for job in reversed(jobs):
        ended = job.status.terminal
        changes.append(_change(before, job) if before is not None and ended else None)
        before = job if ended else before
    return changes[::-1]


def _change(before: Job, after: Job) -> Change:
    return Change(
        chunks=after.chunks_processed - before.chunks_processed,
        nodes=after.nodes_created - before.nodes_created,
        edges=after.edges_created - before.edges_created,
        took=0 if before.took is None or after.took is None else after.took - before.took,
        turn=_turn(before.status, after.status),
    )


def _turn(before: JobStatus, after: JobStatus) -> str:
    if before.failure:
        return "failed again" if after.failure else "recovered" if after.success else ""
    return "failed after a success" if before.success and after.failure else ""
