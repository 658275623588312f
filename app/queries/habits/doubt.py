"""What the modules of this package have in common."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.rules.times import DAY

Row = Mapping[str, Any]
"""What the first statement told of a project (`app.queries.facts`)."""

Learned = dict[str, dict[str, Any]]
"""Fields of `ProjectFacts` by project."""


def named(rows: Iterable[Row]) -> list[Row]:
    """The projects of these rows alone, as `seeks.ask_each` is given them."""
    return [{"project_id": row["project_id"]} for row in rows]


USUAL = 7 * DAY
"""What came so lately tells what is usual."""

DOUBTED = "doubted"
"""What the projects in doubt are called in every statement of this package."""
