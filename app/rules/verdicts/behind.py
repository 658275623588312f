"""Behind: the project follows an upstream, and what is here may not be how it is there."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, age, leading, say
from app.rules.sources import LAG, UNASKED
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict, since, since_when

LONGEST = 120  # characters of what went wrong, in a sentence


@dataclass(frozen=True, eq=False)
class Behind(ProjectState):
    """What its source has was brought here last longer ago than `LAG`.

    So no job that is silent here need be silent there.
    """

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Since what is here was true."""
        if facts.source_at is None or now - facts.source_at <= LAG:
            return None
        return Verdict(self, since=facts.source_at)

    def sentence(self, verdict: Verdict, facts: ProjectFacts) -> Parts:
        """Up to when what is here is true, and why."""
        return say(self._lead(verdict), ": ", why(facts), ".")

    def brief(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """Why, and since when."""
        return Brief(say(why(facts)), since(verdict))

    def glance(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """`behind its source` over for how long."""
        lag = () if verdict.since is None else say("as it was ", age(verdict.since), " ago")
        return Brief(say(leading("behind its source", "behind")), lag)

    def closeup(self, verdict: Verdict, facts: ProjectFacts) -> Parts:
        """Since when, and why."""
        return say(since_when(verdict), ": ", why(facts))


def why(facts: ProjectFacts) -> str:
    """What keeps the source's jobs from here, in words that follow a colon."""
    if (facts.source_asked_at or 0) + UNASKED < facts.at:
        return "nothing asks its source: does the mirror run?"
    if facts.source_error is None:
        return "its source is still being read"
    error = facts.source_error[:LONGEST].rstrip(".")
    return f"its source: {error[:1].lower()}{error[1:]}"


BEHIND = Behind(18, "behind", "Behind", shape="behind", tone="behind", trouble=True)
