"""What a verdict on a project follows from; every time in µs, None where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Hour:
    """What finished in one hour (`start` in µs), or in one day of a long chart: a bar."""

    start: int
    completed: int = 0
    failed: int = 0

    @property
    def finished(self) -> int:
        """Both kinds together."""
        return self.completed + self.failed


@dataclass(frozen=True, slots=True)
class Cause:
    """An error by which documents fail: how many, since when, and when last (µs).

    `cause_id` is the number that errors of one cause share (`app.rules.causes`).
    """

    error: str
    documents: int
    since: int
    last_at: int
    cause_id: int | None = None


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What the store knows of a project at one moment.

    `streak` counts the failures since the last success, to three, and `streak_since` is the first
    of them; `still_failing` says whether a document's latest finished job failed in the last 24 h.
    `skew_seconds` is how far a sender's clock was off, seen last at `skewed_at`; None where that is
    longer ago than a day.
    """

    project_id: str
    name: str
    mode: str
    created_at: int
    silent_after: int
    expect_every: int | None = None
    total: int = 0
    running: int = 0
    waiting: int = 0
    stalled: int = 0
    stalled_heard_at: int | None = None
    last_created_at: int | None = None
    hour_completed: int = 0
    hour_failed: int = 0
    streak: int = 0
    streak_since: int | None = None
    last_failed_at: int | None = None
    still_failing: bool = False
    skew_seconds: int | None = None
    skewed_at: int | None = None
    hours: Sequence[Hour] = field(default_factory=tuple)
