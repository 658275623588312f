"""The states of a job: what reports say (`JobStatus`) and what people see (`JobState`)."""

from dataclasses import dataclass
from enum import IntEnum

from app.rules.silence import silent_since, unheard


class JobStatus(IntEnum):
    """What a job's reports say. The number is the rank by which reports merge, and is stored.

    Both terminal ones rank above running; between them failed wins (docs/contract.md, 2).
    """

    PENDING = 0
    RUNNING = 1
    COMPLETED = 2
    FAILED = 3

    word: str
    """The name on the wire: `pending`, `running`, `completed` or `failed`."""
    terminal: bool
    """Whether the job has ended."""

    def __init__(self, rank: int) -> None:
        self.word = self.name.lower()
        self.terminal = rank >= 2


STATUS_BY_WORD = {status.word: status for status in JobStatus}


@dataclass(frozen=True, slots=True)
class JobState:
    """How one kind of job looks everywhere: its word, its shape and its CSS name.

    `name` is the value in URLs, the id of the symbol in the sprite and the suffix of CSS classes.
    """

    name: str
    label: str


RUNNING = JobState("running", "Running")
WAITING = JobState("waiting", "Waiting")
FAILED = JobState("failed", "Failed")
COMPLETED = JobState("completed", "Completed")
STALLED = JobState("stalled", "Stalled")
EMPTY = JobState("empty", "No nodes")

STATE_OF = {
    JobStatus.PENDING: WAITING,
    JobStatus.RUNNING: RUNNING,
    JobStatus.COMPLETED: COMPLETED,
    JobStatus.FAILED: FAILED,
}


def job_state(
    status: JobStatus, *, empty: bool, heard_at: int, now: int, silent_after: int
) -> JobState:
    """What people see: the status, or that a running job fell silent or a completed one is empty.

    Derived when it is read; never stored and never reported. Times in µs, `silent_after` in µs.
    """
    if status is JobStatus.RUNNING and unheard(heard_at, silent_since(now, silent_after)):
        return STALLED
    if status is JobStatus.COMPLETED and empty:
        return EMPTY
    return STATE_OF[status]
