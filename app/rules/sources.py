"""Sources: how one stands that is followed, and when what it said is asked for again."""

from enum import StrEnum
from typing import Protocol

from app.rules.times import MINUTE, SECOND

LAG = 5 * MINUTE  # after which what is here may not be how it is there
UNASKED = MINUTE  # after which nothing seems to ask any more
SOON, SELDOM = 5 * SECOND, 5 * MINUTE  # between two questions for a job that has not ended
STRETCH = 12  # a job that has not changed for so long is asked for after a twelfth of that


class SourceState(StrEnum):
    """How a source stands, in the word that people see."""

    PAUSED = "paused"
    BEHIND = "behind"
    READING = "reading"
    FAILING = "failing"
    FOLLOWED = "followed"


class Following(Protocol):
    """What is known of a source that is followed; times in µs. See `models.Source`."""

    @property
    def created_at(self) -> int:
        """When it was set."""

    @property
    def paused_at(self) -> int | None:
        """Since when it is not asked."""

    @property
    def synced_at(self) -> int | None:
        """Up to when all that it listed is here."""

    @property
    def answered_at(self) -> int | None:
        """When it answered last."""

    @property
    def retry_at(self) -> int | None:
        """When it is asked again after an error."""

    @property
    def error(self) -> str | None:
        """What went wrong since it answered last."""


def here_up_to(source: Following) -> int:
    """Up to when (µs) what the source has is here.

    While it is read for the first time nothing says more than its last answer.
    """
    return source.synced_at or source.answered_at or source.created_at


def is_unasked(source: Following, now: int) -> bool:
    """Whether nothing seems to ask it: no mirror runs."""
    last = max(source.created_at, source.answered_at or 0, source.retry_at or 0)
    return source.paused_at is None and now - last > UNASKED


def state_of(source: Following, now: int) -> SourceState:
    """How it stands at `now` (µs)."""
    if source.paused_at is not None:
        return SourceState.PAUSED
    if now - here_up_to(source) > LAG:
        return SourceState.BEHIND
    if source.error is not None:
        return SourceState.FAILING
    return SourceState.READING if source.synced_at is None else SourceState.FOLLOWED


def ask_after(changed_at: int, now: int) -> int:
    """How long (µs) until a job is asked for again that changed last at `changed_at`."""
    return min(max((now - changed_at) // STRETCH, SOON), SELDOM)
