"""What a verdict on a project follows from; every time in µs, None where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from app.rules.verdicts.arrivals import Due
from app.rules.verdicts.pace import Usual


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
class Measured:
    """A job that completed at `ended_at` (µs), of which it is known how long (µs) it `took`."""

    ended_at: int
    took: int
    chunks: int

    @property
    def began_at(self) -> int:
        """When it started, µs."""
        return self.ended_at - self.took


@dataclass(frozen=True, slots=True)
class Output:
    """What completed jobs made of late, in a project of which some jobs made no nodes.

    The last `run` of them made none (or `run_at_least` so many), since `run_since`; the last such
    one ended at `last_at`. `spell_since` is the first empty one of the hours, up to now, in which
    they were many. `usual_share` is that of the seven days before the run, in which `daily` so many
    completed.
    """

    run: int = 0
    run_at_least: bool = False
    run_since: int | None = None
    spell_since: int | None = None
    last_at: int | None = None
    hour_completed: int = 0
    hour_empty: int = 0
    usual_share: float = 0.0
    daily: float = 0.0


@dataclass(frozen=True, slots=True)
class ProjectFacts:
    """What the store knows of a project at one moment, `at`.

    Until `steady_until` it stays so if nothing is reported, but for what `verdicts.until` says.

    `streak` counts the failures since the last success, so far as the rule asks, and
    `streak_since` is the first of them; `streak_documents` and `hour_documents` say, to two at
    least, of how many documents the failures of the streak and of the last hour are, `hour_failing`
    how many of those still fail.
    `still_failing` says whether a document's latest finished job failed in the last 24 h, `failing`
    how many documents fail still.

    Of the running jobs `stalled` are silent since `stalled_heard_at` at least, and the next will be
    at `silent_at`; `unmoved` are heard of, and have not gone on since `unmoved_since`, the first of
    them at `unmoved_chunks` of `unmoved_total`; another may be at `stands_at`. `waiting_since` is
    when the oldest job that waits was created, of those that were not passed over for a day;
    `usually_waits` says that at this time jobs usually do. `hour_since` is the first end of the
    last hour; like the counts of that hour it is known where something follows from it. `newest`
    are the jobs that completed last in it, as many as the rule asks for, and else what runs;
    `slow_since` is when the first slow job of the last hours that were slow began. `due` says that
    jobs should have come.

    Where the project follows a source, what that has is here up to `source_at`; it was asked last
    at `source_asked_at`, and `source_error` is what it did instead of answering.

    `skew_seconds` is how far a sender's clock was off, seen last at `skewed_at`; None where that is
    longer ago than a day.
    """

    project_id: str
    name: str
    mode: str
    created_at: int
    silent_after: int
    wait_after: int
    at: int = 0
    steady_until: int = 0
    expect_every: int | None = None
    total: int = 0
    running: int = 0
    waiting: int = 0
    stalled: int = 0
    stalled_heard_at: int | None = None
    silent_at: int | None = None
    stands_at: int | None = None
    unmoved: int = 0
    unmoved_since: int | None = None
    unmoved_chunks: int = 0
    unmoved_total: int | None = None
    completed: int = 0
    empty: int = 0
    failing: int = 0
    waiting_since: int | None = None
    usually_waits: bool = False
    last_ended_at: int | None = None
    last_created_at: int | None = None
    hour_completed: int = 0
    hour_failed: int = 0
    hour_since: int | None = None
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
    output: Output | None = None
    usual: Usual | None = None
    newest: Sequence[Measured] = ()
    slow_since: int | None = None
    due: Due | None = None
    source_at: int | None = None
    source_asked_at: int | None = None
    source_error: str | None = None

    @property
    def moving(self) -> int:
        """How many of the running jobs go on."""
        return moving(self.running, self.stalled, self.unmoved)


def moving(running: int, stalled: int, unmoved: int) -> int:
    """How many running jobs go on: neither silent nor standing."""
    return max(0, running - stalled - unmoved)
