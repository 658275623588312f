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
    """An error by which documents fail: how many, and when one failed by it last (µs).

    `cause_id` is the number that errors of one cause share (`app.rules.causes`).
    """

    error: str
    documents: int
    last_at: int
    cause_id: int | None = None


@dataclass(frozen=True, slots=True)
class Failures:
    """What fails since a verdict began.

    `documents` failed since then and still do, or `at_least` so many. `causes` are some of those by
    which they fail: the ones with the most documents, and the newest. Known to have `each_its_own`,
    no cause has two. `first_at` is the first failure since then; `document` failed last, at
    `last_at`, in `times` jobs since it succeeded. Times in µs.
    """

    documents: int = 0
    at_least: bool = False
    causes: Sequence[Cause] = ()
    each_its_own: bool = False
    first_at: int | None = None
    last_at: int | None = None
    document: str | None = None
    times: int = 0


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What the store knows of a project at one moment.

    `streak` counts the failures since the last success, to three, and `streak_since` is the first
    of them; `streak_documents` and `hour_documents` say, to two at least, of how many documents the
    failures of the streak and of the last hour are, `hour_failing` how many of those still fail.
    `still_failing` says whether a document's latest finished job failed in the last 24 h.
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
    streak_documents: int = 0
    hour_documents: int = 0
    hour_failing: int = 0
    still_failing: bool = False
    skew_seconds: int | None = None
    skewed_at: int | None = None
    hours: Sequence[Hour] = field(default_factory=tuple)
