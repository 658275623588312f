"""Failing: jobs fail, and it does not stop."""

from dataclasses import dataclass, replace

from app.rules.causes import NO_ERROR
from app.rules.sentences import Brief, Parts, say
from app.rules.verdicts.blaming import Blaming, blamed, documents, newest, short_documents
from app.rules.verdicts.chance import least_of, least_run
from app.rules.verdicts.facts import Failures, ProjectFacts
from app.rules.verdicts.pace import Usual
from app.rules.verdicts.spells import spell_start
from app.rules.verdicts.state import Verdict, since_when
from app.rules.words import count

FAILING_JOBS = 3  # this many failures in the last hour ...
FAILING_SHARE = 0.2  # ... that are this share of what finished in it, or
FAILING_STREAK = 3  # this many failures since the last success, or
MOST_STREAK = 20  # as many more as it takes where failures are usual


@dataclass(frozen=True, eq=False)
class Failing(Blaming):
    """A fifth of the last hour's jobs (at least three) failed, or the last three did.

    Where jobs usually fail now and then, three come by chance: then it takes more. Not of one
    document alone: that is the document's fault.
    """

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Since the first failure of the streak, or the start of the spell of such hours."""
        starts = []
        usual = facts.usual or Usual()
        least = least_run(usual.failed_share, usual.daily, least=FAILING_STREAK, most=MOST_STREAK)
        streak = facts.streak >= least and facts.streak_documents > 1
        if streak and facts.streak_since is not None:
            starts.append(facts.streak_since)
        if fails_by_rate(facts.hour_completed, facts.hour_failed) and _no_chance(facts, usual):
            hours = [(hour.start, hour.finished, hour.failed) for hour in facts.hours]
            starts.append(spell_start(hours, now, FAILING_SHARE))
        return Verdict(self, since=min(starts), last_at=facts.last_failed_at) if starts else None

    def blame(self, verdict: Verdict, failures: Failures) -> Verdict:
        """As the others do; a spell of whole hours begins with the first failure in it."""
        blaming = super().blame(verdict, failures)
        return replace(blaming, since=failures.first_at or verdict.since)

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, what by which cause, and when last."""
        story = say(": ", blamed(verdict)) if verdict.count else ()
        return say(self._lead(verdict), story, ".", newest(verdict))

    def glance(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """`23 failed` over the cause."""
        failed = short_documents(verdict) if verdict.count else count(facts.hour_failed)
        cause = verdict.cause or NO_ERROR
        if verdict.cause and verdict.cause_count < verdict.count:
            cause = f"{count(verdict.cause_count)} of {short_documents(verdict)}: {cause}"
        failing = verdict.count or facts.hour_failed
        return Brief(say(f"{failed} failed" if failing else "failing"), say(cause))

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, and how many documents."""
        how_many = say(": ", documents(verdict)) if verdict.count else ()
        return say(since_when(verdict), how_many)


def fails_by_rate(completed: int, failed: int) -> bool:
    """Whether so many failures of an hour are many."""
    return failed >= FAILING_JOBS and failed >= FAILING_SHARE * (completed + failed)


def _no_chance(facts: ProjectFacts, usual: Usual) -> bool:
    """Whether they are of several documents, and more than chance makes of what is usual."""
    several = max(facts.hour_documents, facts.hour_failing) > 1
    finished = facts.hour_completed + facts.hour_failed
    return several and facts.hour_failed >= least_of(
        usual.failed_share, finished, least=FAILING_JOBS
    )


FAILING = Failing(10, "failing", "Failing", shape="failed", tone="failed", trouble=True)
