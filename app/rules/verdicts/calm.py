"""Running, fine and empty: the states in which nothing is wrong."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, ago, clock, leading, say, strong
from app.rules.times import MINUTE, floor
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict
from app.rules.words import count, plural

FEW = 5  # ends within an hour; from fewer no end is foretold


@dataclass(frozen=True, eq=False)
class Running(ProjectState):
    """Jobs run or wait."""

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Since when does not matter; until when is a guess."""
        if not facts.running and not facts.waiting:
            return None
        return Verdict(self, count=facts.running, until=drained(facts, now))

    def sentence(self, verdict: Verdict, facts: ProjectFacts) -> Parts:
        """How many run, how many wait, and when all of them will be done."""
        running = leading(plural(facts.running, "job"), "running")
        if not facts.waiting:
            return say(strong(self.label), ": ", running, ".")
        if not facts.running:
            return say(
                strong("Waiting"), ": ", leading(plural(facts.waiting, "job"), "waiting"), "."
            )
        waiting = leading(f"{count(facts.waiting)} waiting", "waiting")
        until = () if verdict.until is None else say("; ≈ drained by ", clock(verdict.until))
        return say(strong(self.label), ": ", running, ", ", waiting, until, ".")

    def brief(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """When all of them will be done."""
        until = () if verdict.until is None else say("≈ drained by ", clock(verdict.until))
        return Brief(more=until)

    def glance(self, _verdict: Verdict, facts: ProjectFacts) -> Brief:
        """`3 running`, and how many wait."""
        if facts.running:
            return Brief(say(f"{count(facts.running)} running"))
        return Brief(say(f"{count(facts.waiting)} waiting"))


def drained(facts: ProjectFacts, now: int) -> int | None:
    """When (µs) all that waits and runs will be done, as fast as jobs ended within the last hour.

    To a minute; None where nothing waits or too few have ended to say.
    """
    finished = facts.hour_completed + facts.hour_failed
    if not facts.waiting or not facts.running or facts.hour_since is None or finished < FEW:
        return None
    each = max(now - facts.hour_since, MINUTE) / finished
    until = now + round(each * (facts.waiting + facts.running))
    return floor(until, MINUTE) + MINUTE


@dataclass(frozen=True, eq=False)
class Fine(ProjectState):
    """There were jobs, and nothing is to be said of them."""

    def judge(self, facts: ProjectFacts, _now: int) -> Verdict | None:
        """With the newest job."""
        return Verdict(self, last_at=facts.last_created_at) if facts.total else None

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """When the last job came."""
        if verdict.last_at is None:
            return strong(f"{self.label}.")
        return say(strong(f"{self.label}."), " The last job came ", ago(verdict.last_at), ".")

    def glance(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """`fine`, and when the last job came."""
        last = () if verdict.last_at is None else say(", last job ", clock(verdict.last_at))
        return Brief(say(self.label.lower()), last)

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """When the last job came."""
        return () if verdict.last_at is None else say(": last job ", clock(verdict.last_at))


@dataclass(frozen=True, eq=False)
class Empty(ProjectState):
    """There is no job: what holds where nothing else does."""

    def judge(self, _facts: ProjectFacts, _now: int) -> Verdict:
        """Always."""
        return Verdict(self)

    def sentence(self, _verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """That there is none."""
        return strong("No job yet.")

    def brief(self, _verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """The same, and no more than known about it."""
        return Brief(more=say("no job yet"))


RUNNING = Running(50, "running", "Running", shape="running", tone="running")
FINE = Fine(60, "fine", "Fine", shape="completed", tone="completed", quiet=True)
EMPTY = Empty(70, "empty", "Empty", shape="none", tone="none")
