"""Statements of the hot paths: built by SQLAlchemy once, then bound by the driver itself.

To bind the 24 parameters of a job, SQLAlchemy takes longer than SQLite to insert the row.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import ClauseElement, Connection, CursorResult


class Prepared:
    """A statement with named parameters, compiled once per dialect.

    `build` makes it for a dialect's name. What the driver gives back is left as it is: on SQLite
    a truth is 0 or 1. What it is given must be what it knows: no enums.
    """

    def __init__(self, build: Callable[[str], ClauseElement]) -> None:
        self._build = build
        self._compiled: dict[str, tuple[str, Sequence[str] | None, dict[str, Any]]] = {}

    def _of(self, connection: Connection) -> tuple[str, Sequence[str] | None, dict[str, Any]]:
        """The text, the order of its parameters (None: by name), and those with fixed values."""
        dialect = connection.dialect
        found = self._compiled.get(dialect.name)
        if found is None:
            compiled: Any = self._build(dialect.name).compile(dialect=dialect)
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            found = self._compiled[dialect.name] = str(compiled), compiled.positiontup, fixed
        return found

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute it once."""
        text, order, fixed = self._of(connection)
        values |= fixed
        if order is None:
            return connection.exec_driver_sql(text, values)
        return connection.exec_driver_sql(text, tuple([values[name] for name in order]))

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Execute it for each row; gives how many rows of the table that concerned."""
        text, order, fixed = self._of(connection)
        bound: list[Any] = [{**row, **fixed} for row in rows] if fixed else list(rows)
        if order is not None:
            of_row = itemgetter(*order)
            bound = [of_row(row) for row in bound]
        return connection.exec_driver_sql(text, bound).rowcount
