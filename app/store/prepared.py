"""Statements of the hot paths: built by SQLAlchemy once, then bound by the driver itself.

To bind the 24 parameters of a job, SQLAlchemy takes longer than SQLite to insert the row. To
PostgreSQL rows go as one JSON text: a message for each row took as long as the insert.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ClauseElement,
    ColumnElement,
    Connection,
    String,
    Table,
    Text,
    bindparam,
    cast,
    column,
    func,
    select,
)

from app.store.database import upsert
from app.store.distributed import CITUS, is_distributed
from app.store.driver import error_of, execute_directly, execute_many_directly


def given(dialect: str, table: Table, names: Iterable[str]) -> dict[str, ColumnElement[Any]]:
    """The values of rows that `run_many` will bring: by name, of the types of the table's columns.

    A name may begin with `of_`: the column without it, for the condition of an update. To a Citus
    their project goes once for all of them: so it is known, before a row is looked at, which node
    they concern. (To one server it does not: that would read all rows of a project that it believes
    small, instead of seeking these.)
    """
    types = {name: table.c[name.removeprefix("of_")].type for name in names}
    if dialect == "sqlite":
        return {name: bindparam(name, type_=kind) for name, kind in types.items()}
    apart = _OF_ALL if dialect == CITUS else ()
    columns = [column(name, kind) for name, kind in types.items() if name not in apart]
    records = func.json_to_recordset(cast(bindparam("rows", type_=Text), JSON))
    rows = records.table_valued(*columns, name="given").render_derived(with_types=True)
    project: Any = cast(bindparam("of_rows"), String)
    return {name: project if name in apart else rows.c[name] for name in types}


_OF_ALL = ("project_id", "of_project_id")
"""Names of the value that all rows of a `run_many` have in common."""


def insertion(dialect: str, table: Table) -> Any:
    """An INSERT of the rows that `run_many` will bring, with every column; it knows ON CONFLICT."""
    values = given(dialect, table, table.c.keys())
    if dialect != "sqlite":
        return upsert(dialect, table).from_select(list(values), select(*values.values()))
    return upsert(dialect, table).values(values)


class Prepared:
    """A statement with named parameters, compiled once per dialect.

    `build` makes it for a dialect's name. One for `run_many` also says the `names` of the values
    in its rows, in the order in which it writes them. What the driver is given must be what it
    knows: no enums.
    """

    def __init__(
        self, build: Callable[[str], ClauseElement], names: Iterable[str] | None = None
    ) -> None:
        self._build = build
        self._names = None if names is None else tuple(names)
        self._built: dict[str, Any] = {}
        self._compiled: dict[str, tuple[str, Sequence[str] | None, dict[str, Any]]] = {}

    def _of(
        self, connection: Connection, kind: str | None = None
    ) -> tuple[str, Sequence[str] | None, dict[str, Any]]:
        """The text, the order of its parameters (None: by name), and those with fixed values."""
        dialect = connection.dialect
        kind = kind or dialect.name
        found = self._compiled.get(kind)
        if found is None:
            compiled: Any = self._build(kind).compile(dialect=dialect)
            order = compiled.positiontup
            if None not in (order, self._names) and tuple(order) != self._names:
                raise ValueError(f"the statement writes {order}, not {self._names}")
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            found = self._compiled[kind] = str(compiled), order, fixed
        return found

    def rows(self, connection: Connection, **values: Any) -> list[Sequence[Any]]:
        """All rows of what it finds: see `each`."""
        if connection.dialect.name != "sqlite":
            return list(self.each(connection, **values))
        with self._asked(connection, values) as cursor:
            return cursor.fetchall()

    def each(self, connection: Connection, **values: Any) -> Generator[Sequence[Any], None, None]:
        """The rows of what it finds, as the driver gives them (SQLite has no booleans).

        To SQLite, which is a call away, the driver goes directly, and a row that nobody takes is
        not looked for. With PostgreSQL there are columns to be typed, and a message to be waited
        for.
        """
        dialect = connection.dialect.name
        if dialect != "sqlite":
            if dialect not in self._built:
                self._built[dialect] = self._build(dialect)
            yield from connection.execute(self._built[dialect], values)
            return
        with self._asked(connection, values) as cursor:
            yield from cursor

    @contextmanager
    def _asked(self, connection: Connection, values: dict[str, Any]) -> Iterator[sqlite3.Cursor]:
        """It, executed on SQLite: where its rows are."""
        text, order, fixed = self._of(connection)
        values |= fixed
        cursor = execute_directly(connection, text, [values[name] for name in order or ()])
        try:
            yield cursor
        except sqlite3.Error as error:
            raise error_of(connection, text, error) from error
        finally:
            cursor.close()

    def run(self, connection: Connection, **values: Any) -> int:
        """Execute it once; gives how many rows of the table that concerned."""
        text, order, fixed = self._of(connection)
        values |= fixed
        if order is None:
            return connection.exec_driver_sql(text, values).rowcount
        return execute_many_directly(connection, text, [tuple([values[name] for name in order])])

    def run_many(self, connection: Connection, rows: list[tuple[Any, ...]]) -> int:
        """Execute it for rows of `names`, of one project; gives how many rows that concerned."""
        apart = is_distributed(connection)
        text, order, _ = self._of(connection, CITUS if apart else None)
        if order is not None:
            return execute_many_directly(connection, text, rows)
        named = [dict(zip(self._names or (), row, strict=True)) for row in rows]
        values: dict[str, str] = {}
        for name in _OF_ALL:
            if apart and name in named[0]:
                [values["of_rows"]] = {row.pop(name) for row in named}
        values["rows"] = orjson.dumps(named).decode()
        return connection.exec_driver_sql(text, values).rowcount
