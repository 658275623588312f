"""Stalled: jobs run of which nothing is heard, or which do not go on."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, age, leading, say
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict, since, since_when
from app.rules.words import count, plural


@dataclass(frozen=True, eq=False)
class Stalled(ProjectState):
    """A running job fell silent, or is heard of and does not go on.

    How long a job may stand depends on what a chunk usually takes (`pace.stands_after`).
    """

    def judge(self, facts: ProjectFacts, _now: int) -> Verdict | None:
        """Since the first of them was heard of last, or went on last."""
        jobs = facts.stalled + facts.unmoved
        if not jobs:
            return None
        known = (facts.stalled_heard_at, facts.unmoved_since)
        begun = min((at for at in known if at is not None), default=None)
        heard_at = facts.stalled_heard_at if facts.stalled else None
        return Verdict(self, since=begun, count=jobs, last_at=heard_at)

    def sentence(self, verdict: Verdict, facts: ProjectFacts) -> Parts:
        """Since when, and how many."""
        return say(self._lead(verdict), ": ", _jobs(facts), ".")

    def brief(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """How many, and since when."""
        return Brief(_jobs(facts), since(verdict))

    def glance(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """`2 stalled` over how long ago the last report came, or at which chunk they stand."""
        silence = say(_standing(facts))
        if verdict.last_at is not None:
            silence = say("no report for ", age(verdict.last_at))
        return Brief(say(f"{count(verdict.count)} stalled"), silence)

    def closeup(self, verdict: Verdict, facts: ProjectFacts) -> Parts:
        """Since when, which is never cut, and how many."""
        return say(since_when(verdict), ": ", _jobs(facts))


def _jobs(facts: ProjectFacts) -> Parts:
    """`4 jobs silent`, `2 jobs alive, at 31 of 120 chunks`, or both."""
    silent = (
        say(leading(f"{plural(facts.stalled, 'job')} silent", "stalled")) if facts.stalled else ()
    )
    if not facts.unmoved:
        return silent
    jobs = count(facts.unmoved) if silent else plural(facts.unmoved, "job")
    standing = say(leading(f"{jobs} alive", "running"), f", {_standing(facts)}")
    return say(silent, ", " if silent else "", standing)


def _standing(facts: ProjectFacts) -> str:
    chunks = count(facts.unmoved_chunks)
    if facts.unmoved_total is not None:
        return f"at {chunks} of {plural(facts.unmoved_total, 'chunk')}"
    return f"at {plural(facts.unmoved_chunks, 'chunk')}"


STALLED = Stalled(20, "stalled", "Stalled", shape="stalled", tone="stalled", trouble=True)
