"""Stalled: jobs run of which nothing is heard."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, age, clock, say
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict, since_when
from app.rules.words import count, plural


@dataclass(frozen=True, eq=False)
class Stalled(ProjectState):
    """A running job fell silent."""

    def judge(self, facts: ProjectFacts, _now: int) -> Verdict | None:
        """Since the longest silent one was heard of last."""
        if not facts.stalled:
            return None
        heard_at = facts.stalled_heard_at
        return Verdict(self, since=heard_at, count=facts.stalled, last_at=heard_at)

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, and how many."""
        return say(self._lead(verdict), f": {plural(verdict.count, 'job')} silent.")

    def brief(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """How many, and since when."""
        more = () if verdict.since is None else say("since ", clock(verdict.since))
        return Brief(say(f"{plural(verdict.count, 'job')} silent"), more)

    def glance(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """`2 stalled` over how long ago the last report came."""
        silence = say("no report")
        if verdict.last_at is not None:
            silence = say("no report for ", age(verdict.last_at))
        return Brief(say(f"{count(verdict.count)} stalled"), silence)

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """How many, and since when."""
        silent = say(" silent", since_when(verdict)) if verdict.since is not None else ()
        return say(f": {plural(verdict.count, 'job')}", silent)


STALLED = Stalled(20, "stalled", "Stalled", shape="stalled", tone="stalled", trouble=True)
