"""Failing: jobs fail, and it does not stop."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.rules.causes import NO_ERROR
from app.rules.sentences import Brief, Parts, say
from app.rules.times import HOUR
from app.rules.verdicts.blaming import Blaming, blamed, newest
from app.rules.verdicts.facts import Cause, Hour, ProjectFacts
from app.rules.verdicts.state import Verdict, since_when
from app.rules.words import count, plural

FAILING_JOBS = 3  # this many failures in the last hour ...
FAILING_SHARE = 0.2  # ... that are this share of what finished in it, or
FAILING_STREAK = 3  # this many failures since the last success


@dataclass(frozen=True, eq=False)
class Failing(Blaming):
    """A fifth of the last hour's jobs (at least three) failed, or the last three did."""

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Since the first failure of the streak, or the start of the spell of such hours."""
        starts = []
        if facts.streak >= FAILING_STREAK and facts.streak_since is not None:
            starts.append(facts.streak_since)
        if _fails_by_rate(facts):
            starts.append(spell_start(facts.hours, now))
        return Verdict(self, since=min(starts), last_at=facts.last_failed_at) if starts else None

    def blame(self, verdict: Verdict, causes: Sequence[Cause]) -> Verdict:
        """As the others do, but a document may fail for longer than the project does.

        Where all fail for less than the whole hours that the rate was judged by, the spell begins
        with the first of them.
        """
        blaming = super().blame(verdict, causes)
        if verdict.since is None or blaming.since is None:
            return blaming
        return replace(blaming, since=max(verdict.since, blaming.since))

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, what by which cause, and when last."""
        story = say(": ", blamed(verdict)) if verdict.count else ()
        return say(self._lead(verdict), story, ".", newest(verdict))

    def glance(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """`23 failed` over the cause."""
        failed = verdict.count or facts.hour_failed
        cause = verdict.cause or NO_ERROR
        if verdict.cause and verdict.cause_count < verdict.count:
            cause = f"{count(verdict.cause_count)} of {count(verdict.count)}: {cause}"
        return Brief(say(f"{count(failed)} failed" if failed else "failing"), say(cause))

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, and how many documents."""
        documents = f": {plural(verdict.count, 'document')}" if verdict.count else ""
        return say(since_when(verdict), documents)


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


FAILING = Failing(10, "failing", "Failing", shape="failed", tone="failed", trouble=True)
