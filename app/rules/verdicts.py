"""What state a project is in, and since when: pure rules over facts, with the time passed in.

The order of the rules is that of `docs/look.md`, and the order in which projects are shown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.rules.times import DAY, HOUR

FAILING_JOBS = 3  # this many failures in the last hour ...
FAILING_SHARE = 0.2  # ... that are this share of what finished in it, or
FAILING_STREAK = 3  # this many failures since the last success


@dataclass(frozen=True, slots=True)
class ProjectState:
    """One of the seven states; `rank` 0 is the worst. `name` is the CSS and sprite name."""

    rank: int
    name: str
    label: str
    trouble: bool = False


FAILING = ProjectState(0, "failing", "Failing", trouble=True)
STALLED = ProjectState(1, "stalled", "Stalled", trouble=True)
LATE = ProjectState(2, "late", "Late", trouble=True)
SOME_FAILURES = ProjectState(3, "some-failures", "Some failures")
RUNNING = ProjectState(4, "running", "Running")
FINE = ProjectState(5, "fine", "Fine")
EMPTY = ProjectState(6, "empty", "Empty")

STATES = (FAILING, STALLED, LATE, SOME_FAILURES, RUNNING, FINE, EMPTY)


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
    """What the store knows of a project at one moment; every time in µs, None where there is none.

    `streak` counts the failures since the last success, to three, and `streak_since` is the first
    of them; `still_failing` says whether a document's latest finished job failed in the last 24 h.
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
    hours: Sequence[Hour] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of a project and its story; times in µs.

    `count` is documents that fail (failing, some failures), silent jobs (stalled) or running jobs
    (running); `cause` the commonest error among the failures, `cause_id` its number, `cause_count`
    its documents, and `causes` how many there are; `last_at` the newest failure, the last sign of
    life (stalled) or the newest job (late, fine).
    """

    state: ProjectState
    since: int | None = None
    count: int = 0
    cause: str | None = None
    cause_id: int | None = None
    cause_count: int = 0
    causes: int = 0
    last_at: int | None = None


def is_failing(facts: ProjectFacts) -> bool:
    """Rule 1: a fifth of the last hour's jobs (at least three) failed, or the last three did."""
    return _fails_by_rate(facts) or facts.streak >= FAILING_STREAK


def _fails_by_rate(facts: ProjectFacts) -> bool:
    finished = facts.hour_completed + facts.hour_failed
    return facts.hour_failed >= FAILING_JOBS and facts.hour_failed >= FAILING_SHARE * finished


def spell_start(hours: Sequence[Hour], now: int) -> int:
    """The start (µs) of the unbroken run of hours up to now in which a fifth of the jobs failed.

    An hour in which nothing finished does not break the run: silence proves no recovery.
    """
    start = now - HOUR
    for hour in sorted(hours, key=lambda hour: hour.start, reverse=True):
        if hour.finished and hour.failed < FAILING_SHARE * hour.finished:
            break
        if hour.failed:
            start = min(start, hour.start)
    return start


def assess(facts: ProjectFacts, now: int) -> Verdict:
    """The verdict on a project at `now` (µs): the first rule of docs/look.md that holds.

    What failing documents have in common is added by `blame`, once their causes are read.
    """
    if is_failing(facts):
        starts = []
        if facts.streak >= FAILING_STREAK and facts.streak_since is not None:
            starts.append(facts.streak_since)
        if _fails_by_rate(facts):
            starts.append(spell_start(facts.hours, now))
        return Verdict(FAILING, since=min(starts), last_at=facts.last_failed_at)
    if facts.stalled:
        heard = facts.stalled_heard_at
        return Verdict(STALLED, since=heard, count=facts.stalled, last_at=heard)
    if facts.expect_every is not None:
        due = (facts.last_created_at or facts.created_at) + facts.expect_every
        if now >= due:
            return Verdict(LATE, since=due, last_at=facts.last_created_at)
    if facts.still_failing:
        return Verdict(SOME_FAILURES, since=now - DAY, last_at=facts.last_failed_at)
    if facts.running or facts.waiting:
        return Verdict(RUNNING, count=facts.running)
    if facts.total:
        return Verdict(FINE, last_at=facts.last_created_at)
    return Verdict(EMPTY)


def blame(verdict: Verdict, causes: Sequence[Cause]) -> Verdict:
    """The verdict with its documents counted and its commonest (else newest) cause named.

    `causes` are those by which documents fail that failed since `verdict.since`. A document may
    fail for longer than the project does. Where all fail for less than the whole hours that the
    rate was judged by, the spell begins with the first of them.
    """
    if not causes:
        return verdict
    since = min(cause.since for cause in causes)
    if verdict.state is FAILING and verdict.since is not None:
        since = max(since, verdict.since)
    commonest = max(causes, key=lambda cause: (cause.documents, cause.last_at, cause.error))
    return replace(
        verdict,
        since=since,
        count=sum(cause.documents for cause in causes),
        cause=commonest.error,
        cause_id=commonest.cause_id,
        cause_count=commonest.documents,
        causes=len(causes),
        last_at=max(cause.last_at for cause in causes),
    )


def by_urgency(verdicts: Mapping[str, Verdict]) -> list[str]:
    """Project ids, worst first; within a state the most recent trouble first, then by id."""

    def key(project_id: str) -> tuple[int, int, str]:
        verdict = verdicts[project_id]
        return verdict.state.rank, -(verdict.last_at or verdict.since or 0), project_id

    return sorted(verdicts, key=key)
