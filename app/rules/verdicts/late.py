"""Late: a job was expected, and none came."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, ago, clock, say
from app.rules.verdicts.arrivals import Due
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict, since, since_when
from app.rules.words import plural, span


@dataclass(frozen=True, eq=False)
class Late(ProjectState):
    """The project expects a job every so often, and that long has passed since the last one.

    Where nobody said how often, as they came in the weeks before (`arrivals`).
    """

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Since the moment one was due; a new project by its own age."""
        if facts.expect_every is None:
            if facts.due is None:
                return None
            return Verdict(self, since=facts.due.since, last_at=facts.last_created_at)
        due = (facts.last_created_at or facts.created_at) + facts.expect_every
        return Verdict(self, since=due, last_at=facts.last_created_at) if now >= due else None

    def sentence(self, verdict: Verdict, facts: ProjectFacts) -> Parts:
        """Since when, what is expected, and when the last one came."""
        if facts.due is not None and verdict.last_at is not None:
            usual = f": usually {_hourly(facts.due)} at this time"
            if verdict.last_at == verdict.since:
                return say(self._lead(verdict), usual, ", and none came.")
            return say(
                self._lead(verdict), usual, "; the last one came ", ago(verdict.last_at), "."
            )
        last = say(" and none has come yet.")
        if verdict.last_at is not None:
            last = say("; the last one came ", ago(verdict.last_at), ".")
        return say(self._lead(verdict), f": a job is expected every {_every(facts)}", last)

    def brief(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """What is expected, and since when."""
        if facts.due is not None:
            return Brief(say(f"usually {_hourly(facts.due)}, none came"), since(verdict))
        return Brief(say(f"nothing new, expected every {_every(facts)}"), since(verdict))

    def glance(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """`late` over when the last one came."""
        last = say("nothing new yet")
        if verdict.last_at is not None:
            last = say("nothing new since ", clock(verdict.last_at))
        return Brief(say(self.label.lower()), last)

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when."""
        return since_when(verdict)


def _hourly(due: Due) -> str:
    return f"{plural(due.hourly, 'job')} an hour"


def _every(facts: ProjectFacts) -> str:
    return "so often" if facts.expect_every is None else span(facts.expect_every)


LATE = Late(30, "late", "Late", shape="late", tone="late", trouble=True)
