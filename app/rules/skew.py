"""How far a sender's clock is off: found from what it sends, and said in words.

Times are shown as sent, but beside the present by our clock. What would lie after its receipt is
judged and counted by its receipt.
"""

from collections.abc import Iterable

from app.rules.sentences import Parts, ago, say
from app.rules.times import HOUR, MINUTE, SECOND
from app.rules.words import duration, span

TOLERANCE = 2 * MINUTE
"""By so much (µs) two clocks may differ, and neither is wrong."""

_QUARTER = 15 * MINUTE
_FARTHEST_ZONE = 14 * HOUR


def skew_of(ahead: int) -> int | None:
    """In whole seconds what a clock is ahead (µs; negative: behind); None where it may be right."""
    return round(ahead / SECOND) if abs(ahead) > TOLERANCE else None


def greatest(skews: Iterable[int | None]) -> int | None:
    """The greatest in size; of two as great the one ahead."""
    known = (skew for skew in skews if skew is not None)
    return max(known, key=lambda skew: (abs(skew), skew), default=None)


def of_job(skew: int) -> str:
    """What a job's page says of its sender's clock (s)."""
    rule = "shown as sent, and judged by their receipt" if skew > 0 else "shown and judged as sent"
    return f"The sender's clock is {_words(skew)}. Its times are {rule}.{_guess(skew)}"


def of_project(skew: int | None, at: int | None) -> Parts:
    """What a project's page says of the clock (s) of a sender that reported at `at` (µs)."""
    if skew is None or at is None:
        return ()
    return say(f"A sender's clock is {_words(skew)}, seen last ", ago(at), f".{_guess(skew)}")


def _words(skew: int) -> str:
    """`8 h ahead`: to the minute."""
    size = round(abs(skew) * SECOND / MINUTE) * MINUTE
    length = duration(size) if size > HOUR and size % HOUR else span(size)
    return f"{length} {'ahead' if skew > 0 else 'behind'}"


def _guess(skew: int) -> str:
    return " Is local time sent as UTC?" if _is_zone(abs(skew) * SECOND) else ""


def _is_zone(size: int) -> bool:
    """Whether some zone is off by this much (µs): by whole hours, or by 30 or 45 minutes more."""
    quarters = round(size / _QUARTER)
    near = abs(size - quarters * _QUARTER) <= TOLERANCE
    return near and quarters % 4 != 1 and HOUR <= quarters * _QUARTER <= _FARTHEST_ZONE
