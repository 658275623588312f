"""What several projects have in common."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import attrgetter

from app.queries.projects import ProjectLine
from app.queries.views import SharedCause
from app.rules.verdicts import ProjectState


def in_trouble(lines: Sequence[ProjectLine]) -> Sequence[ProjectLine]:
    """Of lines that are worst first those in trouble, which therefore are the first ones."""
    return lines[: bisect_left(lines, True, key=lambda line: not line.verdict.state.trouble)]


def count_states(lines: Iterable[ProjectLine]) -> Counter[ProjectState]:
    """How many of these projects are in each state."""
    return Counter(map(attrgetter("verdict.state"), lines))


def running_jobs(lines: Iterable[ProjectLine]) -> int:
    """How many jobs run in all of these projects."""
    return sum(map(attrgetter("facts.running"), lines))


def shared_causes(lines: Iterable[ProjectLine]) -> list[SharedCause]:
    """The causes that more than one of these names, as the worst of them words it.

    The one that most projects share comes first.
    """
    sharing: dict[int, list[ProjectLine]] = {}
    for line in lines:
        if line.verdict.cause_id is not None:
            sharing.setdefault(line.verdict.cause_id, []).append(line)
    shared = [
        SharedCause(
            cause,
            projects[0].verdict.cause or "",
            [(line.facts.project_id, line.facts.name) for line in projects],
        )
        for cause, projects in sharing.items()
        if len(projects) > 1
    ]
    return sorted(shared, key=lambda cause: -len(cause.projects))
