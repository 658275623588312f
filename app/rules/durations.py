"""How long a job took, if that was measured, and what stands in for a time nobody reported."""

from enum import Enum

from app.rules.skew import TOLERANCE
from app.rules.times import SECOND


class Basis(Enum):
    """Whose word a time is that a reader sees: a short label, and the sentence behind it."""

    GIVEN = ("", "")
    RECEIPT = ("receipt", "the report carried no time, so the time of its arrival stands in.")
    END = ("the end", "no report said when it started, so the time of its end stands in.")

    def __init__(self, label: str, note: str) -> None:
        self.label = label
        self.note = note


def runs_since(started_at: int, started_by: Basis, skew: int | None) -> int:
    """When (µs) a job that runs started, by our clock; `skew` (s) is how far its sender's is ahead.

    A start that stands in for one that nobody told is of our clock already.
    """
    return started_at - (skew or 0) * SECOND if started_by is Basis.GIVEN else started_at


def duration_of(
    started_at: int | None,
    started_by: Basis,
    completed_at: int | None,
    completed_by: Basis,
    skew: int | None,
) -> int | None:
    """How long (µs) a job took; None where it was not measured.

    Not while it has not ended, and not where nobody said when it started. One clock tells the
    difference however wrong it is; two do not where they are known to differ: by the sender's
    `skew` where the end is a receipt, or by a start that lies after its end.
    """
    if started_at is None or completed_at is None or started_by is not Basis.GIVEN:
        return None
    two_clocks = skew is not None and completed_by is Basis.RECEIPT
    if two_clocks or started_at - completed_at > TOLERANCE:
        return None
    return max(0, completed_at - started_at)
