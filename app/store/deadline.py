"""Until when a thread waits for the database: said once for a request, and heeded by every wait.

A thread for which nothing is said, that of a command, waits for as long as it takes.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST = 4.5
"""Seconds that a request may wait in all, for its turn too: then it is told to come again."""

_until: ContextVar[float | None] = ContextVar("_until", default=None)


def left() -> float | None:
    """Seconds that are left, 0 where none are; None where nothing is said."""
    until = _until.get()
    return None if until is None else max(0.0, until - time.monotonic())


def left_or(most: float) -> float:
    """Seconds that are left; `most` where nothing is said."""
    known = left()
    return most if known is None else known


def is_over() -> bool:
    """Whether no time is left."""
    until = _until.get()
    return until is not None and time.monotonic() > until


def begin(since: float | None = None, *, anew: bool = True) -> None:
    """Say it for a request that came in at `since` (of `time.monotonic`; now, where it is None).

    Not `anew`, only where nothing is said yet.
    """
    if anew or _until.get() is None:
        _until.set((time.monotonic() if since is None else since) + REQUEST)


def end() -> None:
    """Say nothing any more."""
    _until.set(None)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Say it for a part of the work, whatever is said of the whole."""
    token = _until.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _until.reset(token)
