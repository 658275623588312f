"""The kept counts as rows: added to in the transaction that changes the jobs."""

from collections import Counter
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, bindparam, update

from app.database import upsert
from app.ledger.counts import Cell
from app.models import CreatedCount, DurationCount, FinishedCount, Project
from app.models.counts import CREATED_COLUMNS

COUNTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "created_counts": (CreatedCount, ("level", "bucket")),
    "duration_counts": (DurationCount, ("hour", "step")),
    "finished_counts": (FinishedCount, ("hour",)),
}

_RAISE = (
    update(Project.__table__)  # type: ignore[arg-type]
    .where(Project.project_id == bindparam("of_project"))
    .values(
        version=Project.version + 1,
        **{name: getattr(Project, name) + bindparam(f"more_{name}") for name in CREATED_COLUMNS},
    )
)


class UnknownProjectError(LookupError):
    """The project of a report is not there (any more)."""


def raise_version(connection: Connection, project_id: str, cells: Counter[Cell]) -> None:
    """Add to every count of the project, and tell every cache that it looks different now.

    The row of the project comes first. There the writers of one project queue, so that none can
    deadlock over the rows that follow. Raises UnknownProjectError.
    """
    more = {f"more_{name}": cells["projects", (), name] for name in CREATED_COLUMNS}
    if not connection.execute(_RAISE, {"of_project": project_id, **more}).rowcount:
        raise UnknownProjectError(project_id)
    add_to_counts(connection, project_id, cells)


def add_to_counts(connection: Connection, project_id: str, cells: Counter[Cell]) -> None:
    """Add to the counts by time; the totals in the project's row are `raise_version`'s."""
    for name, of_table in groupby(sorted(cells), key=lambda cell: cell[0]):
        if name not in COUNTS:
            continue
        _, key_columns = COUNTS[name]
        statement, zero = _upsert(connection.dialect.name, name)
        rows = []
        for key, of_key in groupby(of_table, key=lambda cell: cell[1]):
            row = {"project_id": project_id, **zero, **dict(zip(key_columns, key, strict=True))}
            for cell in of_key:
                row[cell[2]] = cells[cell]
            rows.append(row)
        connection.execute(statement, rows)


@cache
def _upsert(dialect: str, name: str) -> tuple[Any, dict[str, int]]:
    """The statement that adds to a row of a table or makes it, and the amounts of nothing."""
    model, key_columns = COUNTS[name]
    table = model.__table__
    primary = ("project_id", *key_columns)
    amounts = [column.name for column in table.columns if column.name not in primary]
    statement = upsert(dialect, table)
    statement = statement.on_conflict_do_update(
        index_elements=primary,
        set_={name: table.c[name] + statement.excluded[name] for name in amounts},
    )
    return statement, dict.fromkeys(amounts, 0)
