"""What reports say of a job. How people see it is in `job_states`."""

from collections.abc import Iterable
from enum import Enum, IntEnum


class End(Enum):
    """What the end of a job counts as."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEITHER = "neither"


class JobStatus(IntEnum):
    """A status: the number that is stored, its rank among reports, and what its end counts as.

    A report of a lower rank never takes an attempt back; between two ends at the same time the
    higher rank stands (`ledger.merge`; docs/contract.md, 2). What has not begun has rank 0, what is
    no end counts as nothing yet. The numbers go up from 0, and none is ever given away again.
    """

    PENDING = 0, 0
    RUNNING = 1, 10
    COMPLETED = 2, 20, End.SUCCESS
    FAILED = 3, 30, End.FAILURE

    word: str
    """The name on the wire: `pending`, `running`, … It is also the name of its column of counts."""
    rank: int
    begun: bool
    """Whether the job has begun."""
    terminal: bool
    """Whether the job has ended."""
    success: bool
    failure: bool

    def __new__(cls, number: int, _rank: int, _end: End | None = None) -> "JobStatus":
        """A number, so that a row of the store can hold it."""
        status = int.__new__(cls, number)
        status._value_ = number
        return status

    def __init__(self, _number: int, rank: int, end: End | None = None) -> None:
        self.word = self.name.lower()
        self.rank = rank
        self.begun = rank > 0
        self.terminal = end is not None
        self.success = end is End.SUCCESS
        self.failure = end is End.FAILURE


STATUSES = tuple(JobStatus)
"""By number."""

STATUS_BY_WORD = {status.word: status for status in JobStatus}
BEGUN = tuple(status for status in JobStatus if status.begun)
SUCCESSES = tuple(status for status in JobStatus if status.success)
FAILURES = tuple(status for status in JobStatus if status.failure)


def require_statuses(known: Iterable[object], where: str) -> None:
    """Stop the start with a sentence unless every status is known there, by itself or its word."""
    there = set(known)
    missing = [status.word for status in JobStatus if not {status, status.word} & there]
    if missing:
        raise TypeError(f"{where} knows nothing of {', '.join(missing)}")
