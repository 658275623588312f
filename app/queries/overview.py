"""What several projects have in common."""

from collections.abc import Iterable

from app.queries.projects import ProjectLine
from app.queries.views import SharedCause


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
