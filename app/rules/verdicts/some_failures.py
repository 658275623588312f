"""Some failures: documents fail still, the project does not."""

from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, say, strong
from app.rules.times import DAY
from app.rules.verdicts.blaming import Blaming, blamed, newest
from app.rules.verdicts.facts import ProjectFacts
from app.rules.verdicts.state import Verdict
from app.rules.words import count, plural


@dataclass(frozen=True, eq=False)
class SomeFailures(Blaming):
    """A document's latest finished job failed in the last 24 hours."""

    def judge(self, facts: ProjectFacts, now: int) -> Verdict | None:
        """Of the last day; `blame` says since when."""
        if not facts.still_failing:
            return None
        return Verdict(self, since=now - DAY, last_at=facts.last_failed_at)

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """What by which cause, and when last."""
        return say(
            strong(self.label), " in the last 24 hours: ", blamed(verdict), ".", newest(verdict)
        )

    def glance(self, verdict: Verdict, facts: ProjectFacts) -> Brief:
        """`3 failed`."""
        if not verdict.count:
            return super().glance(verdict, facts)
        return Brief(say(f"{count(verdict.count)} failed"))

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """How many documents."""
        return say(f": {plural(verdict.count, 'document')}") if verdict.count else ()


SOME_FAILURES = SomeFailures(
    40, "some-failures", "Some failures", shape="some-failures", tone="some-failures"
)
