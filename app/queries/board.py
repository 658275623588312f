"""How every project stands, kept in each process: only what changed is judged anew.

After a report one project of a thousand is another. What is said of the others was worked out from
the same rows in the same minute, and stays true until the moment that each line knows itself: as
for a whole page, see Answers in `docs/design.md`. No version comes twice, even where a store was
put back: one that is not the same, older or newer, is of other rows.
"""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Flask, current_app
from sqlalchemy import Connection

from app.queries import projects
from app.queries.projects import ProjectLine, Version
from app.rules.times import MINUTE, floor
from app.rules.verdicts import by_urgency

MOST_KEPT = 20_000  # projects; of more all are judged anew


class KeptLine(NamedTuple):
    """What was said of a project of this version, in the minute (µs) and, if so, with its hours."""

    version: Version
    minute: int
    line: ProjectLine
    charted: bool

    def holds(self, version: Version, now: int, *, charts: bool) -> bool:
        """Whether it is still true at `now` (µs), and enough."""
        until = self.line.until
        same = self.version == version and self.minute == floor(now, MINUTE)
        return same and self.charted >= charts and (until is None or now < until)


Lines = dict[str, KeptLine]


def init_app(app: Flask, *, keeps: bool) -> None:
    """Give the app its lines, none yet; none ever where it keeps no pages either."""
    app.extensions["lines"] = {} if keeps else None


def list_lines(
    connection: Connection, now: int, only: Sequence[str] | None = None, *, charts: bool
) -> list[ProjectLine]:
    """Every project, or these, worst first; with `charts` each has its hours of the day.

    So has one that is alone.
    """
    kept: Lines | None = current_app.extensions["lines"]
    versions = {} if kept is None else projects.list_versions(connection, only)
    if kept is None or not 1 < len(versions) <= MOST_KEPT:
        return projects.list_lines(connection, now, only, charts=charts)
    if only is None:
        for project_id in kept.keys() - versions.keys():  # which were removed
            kept.pop(project_id, None)
    known = {
        project_id: each.line
        for project_id, version in versions.items()
        if (each := kept.get(project_id)) and each.holds(version, now, charts=charts)
    }
    changed = [project_id for project_id in versions if project_id not in known]
    if changed:
        every = only is None and not known
        for line in projects.list_lines(connection, now, None if every else changed, charts=charts):
            project_id = line.facts.project_id
            known[project_id] = line
            version = versions[project_id]
            kept[project_id] = KeptLine(version, floor(now, MINUTE), line, charts)
    order = by_urgency({project_id: line.verdict for project_id, line in known.items()})
    return [known[project_id] for project_id in order]
