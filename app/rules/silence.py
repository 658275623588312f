"""When a running job has fallen silent: said once, for numbers in Python and for columns in SQL.

The two are compared alike, so a list, its tabs, the state of a row and the verdict on a project
agree to the microsecond.
"""

from typing import Any


def silent_since(now: Any, silent_after: Any) -> Any:
    """The last moment (µs) that is too long ago, at `now`, for a job that runs."""
    return now - silent_after


def unheard(heard_at: Any, since: Any) -> Any:
    """Whether nothing was heard since then of what was heard of last at `heard_at` (µs)."""
    return heard_at <= since
