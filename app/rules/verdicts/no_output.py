"""No output: jobs complete, and make no nodes."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.rules.sentences import Brief, Parts, leading, say
from app.rules.times import DAY, floor
from app.rules.verdicts.chance import least_run, usual_share
from app.rules.verdicts.facts import Output, ProjectFacts
from app.rules.verdicts.state import ProjectState, Verdict, since, since_when
from app.rules.words import count, plural

EMPTY_JOBS = 5  # this many jobs in a row made no nodes, or in the last hour ...
EMPTY_SHARE = 0.5  # ... where they are this share of what completed in it
USUAL_SHARE = 0.25  # where more than this is usual, an hour says nothing: only a run does
MOST_IN_A_ROW = 50


@dataclass(frozen=True, eq=False)
class NoOutput(ProjectState):
    """The last jobs made no nodes from their chunks, or half of the last hour's did not.

    Only where some job of the project ever made any: to a project that makes none this is usual.
    """

    def judge(self, facts: ProjectFacts, _now: int) -> Verdict | None:
        """Since the first empty job after one that made nodes, or since the hours of many."""
        output = facts.output
        if output is None or facts.completed <= facts.empty:
            return None
        least = least_run(output.usual_share, output.daily, least=EMPTY_JOBS, most=MOST_IN_A_ROW)
        if output.run >= least:
            return Verdict(
                self,
                since=output.run_since,
                count=output.run,
                of=output.run,
                at_least=output.run_at_least,
                last_at=output.last_at,
            )
        if output.hour_empty >= EMPTY_JOBS and _half(output) and output.usual_share <= USUAL_SHARE:
            since = output.spell_since
            many, of = output.hour_empty, output.hour_completed
            return Verdict(self, since=since, count=many, of=of, last_at=output.last_at)
        return None

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, and how many."""
        if verdict.count == verdict.of:
            jobs = say("the last ", leading(_jobs(verdict), "empty"), " that completed")
        else:
            of = f" of {plural(verdict.of, 'job')} of the last hour"
            jobs = say(leading(count(verdict.count), "empty"), of)
        return say(self._lead(verdict), ": ", jobs, " made no nodes.")

    def brief(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """How many, and since when."""
        if verdict.count == verdict.of:
            jobs = f"the last {_jobs(verdict)}"
        else:
            jobs = f"{count(verdict.count)} of {plural(verdict.of, 'job')}"
        return Brief(say(f"{jobs} made no nodes"), since(verdict))

    def glance(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """`no output` over how many made none."""
        return Brief(say(self.label.lower()), say(f"{_jobs(verdict)} made no nodes"))

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, and how many."""
        return say(since_when(verdict), f": {_jobs(verdict)} made no nodes")


def usual_output(hours: Sequence[tuple[int, int, int]]) -> tuple[float, float]:
    """The share of jobs without nodes on a usual day, and how many jobs complete on one.

    Of these hours: start, completed, without nodes.
    """
    days: dict[int, tuple[int, int]] = {}
    for start, completed, empty in hours:
        known = days.get(floor(start, DAY), (0, 0))
        days[floor(start, DAY)] = (known[0] + empty, known[1] + completed)
    daily = sum(completed for _, completed in days.values()) / len(days) if days else 0.0
    return usual_share(list(days.values())), daily


def _half(output: Output) -> bool:
    return output.hour_empty >= EMPTY_SHARE * output.hour_completed


def _jobs(verdict: Verdict) -> str:
    more = "+" if verdict.at_least else ""
    return f"{count(verdict.count)}{more} {'job' if verdict.count == 1 else 'jobs'}"


NO_OUTPUT = NoOutput(15, "no-output", "No output", shape="empty", tone="empty", trouble=True)
