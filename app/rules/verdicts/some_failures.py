"""Some failures: documents fail still, the project does not."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, say, strong
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts.blaming import Blaming, blamed, documents, newest, short_documents
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import Verdict


def first_shown(now: int) -> int:
    """The start (µs) of the last 24 hours as they are counted and drawn: whole ones of a clock."""
    return floor(now, HOUR) - DAY + HOUR


@dataclass(frozen=True, eq=False)
class SomeFailures(Blaming):
    """A document's latest finished job failed in the last 24 hours."""

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Of the last day."""
        if not facts.still_failing:
            return None
        return Verdict(self, since=first_shown(now), last_at=facts.last_failed_at)

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """What by which cause, and when last."""
        return say(
            strong(self.label), " in the last 24 hours: ", blamed(verdict), ".", newest(verdict)
        )

    def glance(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """`3 failed`."""
        if not verdict.count:
            return super().glance(verdict, facts)
        return Brief(say(f"{short_documents(verdict)} failed"))

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """How many documents."""
        return say(": ", documents(verdict)) if verdict.count else ()


SOME_FAILURES = SomeFailures(
    40, "some-failures", "Some failures", shape="some-failures", tone="some-failures"
)
