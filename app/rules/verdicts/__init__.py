"""What state a project is in, and since when: pure rules over facts, with the time passed in.

A state is one object: its rank, its words and looks, when it holds and what is said of it.
"""

from collections.abc import Mapping

from app.rules.sources import LAG
from app.rules.verdicts.behind import BEHIND
from app.rules.verdicts.calm import EMPTY, FINE, RUNNING
from app.rules.verdicts.facts import Cause, Failures, Hour, ProjectFacts
from app.rules.verdicts.failing import FAILING, FAILING_STREAK
from app.rules.verdicts.late import LATE
from app.rules.verdicts.no_output import NO_OUTPUT
from app.rules.verdicts.slow import SLOW
from app.rules.verdicts.some_failures import SOME_FAILURES, first_shown
from app.rules.verdicts.stalled import STALLED
from app.rules.verdicts.starved import STARVED, stands_since
from app.rules.verdicts.state import ProjectState, Verdict

__all__ = [
    "BEHIND",
    "EMPTY",
    "FAILING",
    "FAILING_STREAK",
    "FINE",
    "LATE",
    "NO_OUTPUT",
    "RUNNING",
    "SLOW",
    "SOME_FAILURES",
    "STALLED",
    "STARVED",
    "STATES",
    "Cause",
    "Failures",
    "Hour",
    "ProjectFacts",
    "ProjectState",
    "Verdict",
    "assess",
    "beside",
    "blame",
    "by_urgency",
    "first_shown",
    "until",
    "urgency",
]

STATES = tuple(
    sorted(
        (one for one in list(globals().values()) if isinstance(one, ProjectState)),
        key=lambda state: state.rank,
    )
)
"""Every state that is imported here, the worst first: the order in which projects are shown."""


def assess(facts: ProjectFacts, now: int) -> Verdict:
    """The verdict on a project at `now` (µs): the worst state that holds.

    What failing documents have in common is added by `blame`, once that is read.
    """
    for state in STATES:
        verdict = state.judge(facts, now)
        if verdict is not None:
            return verdict
    raise ValueError("the last state holds where no other does")


def beside(verdict: Verdict, facts: ProjectFacts, now: int) -> tuple[Verdict, ...]:
    """What else holds at `now` (µs) where something is wrong, but for what that implies."""
    if not verdict.state.trouble:
        return ()
    judged = (state.judge(facts, now) for state in STATES if state.rank > verdict.state.rank)
    implied = {FINE, EMPTY}
    if verdict.state is FAILING:
        implied.add(SOME_FAILURES)
    if not facts.moving:
        implied.add(RUNNING)
    if verdict.state is BEHIND:  # whoever asks nobody hears nothing
        implied |= {STALLED, STARVED, LATE}
    return tuple(one for one in judged if one is not None and one.state not in implied)


def until(facts: ProjectFacts) -> int | None:
    """When (µs) another state may come to hold though nothing is reported; None for never.

    What follows from the counts of hours, or from weeks before, is judged anew every minute.
    """
    moments = [facts.silent_at, facts.stands_at]
    if facts.waiting_since is not None:
        moments.append(stands_since(facts.waiting_since, facts.last_ended_at) + facts.wait_after)
    if facts.expect_every is not None:
        moments.append((facts.last_created_at or facts.created_at) + facts.expect_every)
    if facts.source_at is not None:
        moments.append(facts.source_at + LAG + 1)
    return min((at for at in moments if at is not None and at > facts.at), default=None)


def blame(verdict: Verdict, failures: Failures) -> Verdict:
    """The verdict with its documents counted and their commonest cause named."""
    return verdict.state.blame(verdict, failures)


def urgency(project_id: str, verdict: Verdict) -> tuple[int, int, str]:
    """Where a project stands among others, the least first.

    That is the worst; within a state the most recent trouble, then by id.
    """
    return verdict.state.rank, -(verdict.last_at or verdict.since or 0), project_id


def by_urgency(verdicts: Mapping[str, Verdict]) -> list[str]:
    """Project ids, the most urgent first."""
    return sorted(verdicts, key=lambda project_id: urgency(project_id, verdicts[project_id]))
