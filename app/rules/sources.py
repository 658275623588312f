"""Sources: how one stands that is followed, and when what it said is asked for again."""

from enum import StrEnum

from app.rules.times import MINUTE, SECOND

LAG = 5 * MINUTE  # after which what is here may not be how it is there
SOON, SELDOM = 5 * SECOND, 5 * MINUTE  # between two questions for a job that has not ended
STRETCH = 12  # a job that has not changed for so long is asked for after a twelfth of that


class SourceState(StrEnum):
    """How a source stands, in the word that people see."""

    PAUSED = "paused"
    BEHIND = "behind"
    READING = "reading"
    FAILING = "failing"
    FOLLOWED = "followed"


def up_to(*, created_at: int, synced_at: int | None, answered_at: int | None) -> int:
    """Up to when (µs) what the source has is here.

    While it is read for the first time nothing says more than its last answer.
    """
    return synced_at or answered_at or created_at


def state_of(
    *,
    created_at: int,
    synced_at: int | None,
    answered_at: int | None,
    paused_at: int | None,
    error: str | None,
    now: int,
) -> SourceState:
    """How it stands at `now`; times in µs."""
    if paused_at is not None:
        return SourceState.PAUSED
    here = up_to(created_at=created_at, synced_at=synced_at, answered_at=answered_at)
    if now - here > LAG:
        return SourceState.BEHIND
    if error is not None:
        return SourceState.FAILING
    return SourceState.READING if synced_at is None else SourceState.FOLLOWED


def ask_after(changed_at: int, now: int) -> int:
    """How long (µs) until a job is asked for again that changed last at `changed_at`."""
    return min(max((now - changed_at) // STRETCH, SOON), SELDOM)
