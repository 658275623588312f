"""What several projects have in common."""

from collections.abc import Iterable, Sequence

from app.queries.projects import ProjectLine


def shared_causes(lines: Iterable[ProjectLine]) -> list[tuple[str, Sequence[str]]]:
    """The causes that more than one project in trouble names, with the projects' names.

    The one that most projects share comes first.
    """
    names: dict[str, list[str]] = {}
    for line in lines:
        if line.verdict.cause is not None and line.verdict.state.trouble:
            names.setdefault(line.verdict.cause, []).append(line.facts.name)
    shared = [(cause, projects) for cause, projects in names.items() if len(projects) > 1]
    return sorted(shared, key=lambda pair: -len(pair[1]))
