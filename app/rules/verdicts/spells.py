"""Spells: the unbroken run of hours, up to now, in which something was wrong."""

from collections.abc import Iterable

from app.rules.times import HOUR


def spell_start(hours: Iterable[tuple[int, int, int]], now: int, share: float) -> int:
    """The start (µs) of the unbroken run of hours up to now in which this share of jobs was bad.

    Of each hour its start, how many jobs finished in it, and how many of those were bad. An hour in
    which nothing finished does not break the run: silence proves no recovery.
    """
    start = now - HOUR
    for begun, finished, bad in sorted(hours, reverse=True):
        if finished and bad < share * finished:
            break
        if bad:
            start = min(start, begun)
    return start
