"""Starved: jobs wait, and nothing takes them."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, age, clock, leading, say
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict, since, since_when
from app.rules.words import count, plural


def stands_since(waiting_since: int, last_ended_at: int | None) -> int:
    """Since when (µs) nothing took the jobs that wait: the oldest of them, or what ended last."""
    return max(waiting_since, last_ended_at or 0)


@dataclass(frozen=True, eq=False)
class Starved(ProjectState):
    """Jobs wait, none has started for `wait_after`, and nothing runs or nothing of it goes on.

    A job that was passed over for a day is forgotten, and starves nobody
    (`ProjectFacts.waiting_since`); nor is anything wrong where jobs usually wait at this time for a
    run that comes later.
    """

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Since the oldest of them came, or since something ended last."""
        if facts.waiting_since is None or facts.moving or facts.usually_waits:
            return None
        begun = stands_since(facts.waiting_since, facts.last_ended_at)
        if now - begun < facts.wait_after:
            return None
        return Verdict(self, since=begun, count=facts.waiting, last_at=facts.waiting_since)

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """How many wait, for how long none has started, and since when the oldest waits."""
        none = say(" and none has started")
        oldest = (
            () if verdict.last_at is None else say("; the oldest since ", clock(verdict.last_at))
        )
        waiting = leading(f"{plural(verdict.count, 'job')} waiting", "waiting")
        return say(self._lead(verdict), ": ", waiting, none, oldest, ".")

    def brief(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """How many wait, and since when none has started."""
        waiting = leading(f"{plural(verdict.count, 'job')} waiting", "waiting")
        return Brief(say(waiting, ", none started"), since(verdict))

    def glance(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """`1,200 waiting` over for how long none has started."""
        none = () if verdict.since is None else say("none started for ", age(verdict.since))
        return Brief(say(f"{count(verdict.count)} waiting"), none)

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when none has started, and how many wait."""
        return say(since_when(verdict), f": {count(verdict.count)} waiting, none started")


STARVED = Starved(25, "starved", "Starved", shape="starved", tone="starved", trouble=True)
