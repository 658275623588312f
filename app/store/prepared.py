"""Statements of the hot paths: built by SQLAlchemy once, then bound by the driver itself.

To bind the 24 parameters of a job, SQLAlchemy takes longer than SQLite to insert the row. To
PostgreSQL rows go as one JSON text: a message for each row took as long as the insert.
"""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple

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
from app.store.driver import (
    ask_directly,
    error_of,
    execute_directly,
    execute_many_directly,
    is_followed,
    numbered,
    post_directly,
)


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


FEW_ROWS = 8
"""Rows that a Citus is sent as values: those that come as JSON its coordinator reads itself, and
sends on by COPY, which takes a single one eight times as long."""

_AS_VALUES = {f"{CITUS}, {rows} rows": rows for rows in range(1, FEW_ROWS + 1)}
"""What an INSERT of so many rows is built for."""


def insertion(dialect: str, table: Table) -> Any:
    """An INSERT of the rows that `run_many` will bring, with every column; it knows ON CONFLICT."""
    if dialect in _AS_VALUES:
        types = {name: column.type for name, column in table.c.items()}
        rows = [
            {name: bindparam(f"{name}_{row}", type_=kind) for name, kind in types.items()}
            for row in range(_AS_VALUES[dialect])
        ]
        return upsert(dialect, table).values(rows)
    values = given(dialect, table, table.c.keys())
    if dialect != "sqlite":
        return upsert(dialect, table).from_select(list(values), select(*values.values()))
    return upsert(dialect, table).values(values)


def posts(connection: Connection) -> bool:
    """Whether a statement whose answer nobody needs may go with the next one there."""
    at_once = connection.dialect.name == "sqlite" or is_distributed(connection)
    return not at_once and not is_followed(connection.engine)


class _Compiled(NamedTuple):
    """A statement as text, the order of its parameters, and those with fixed values."""

    text: str
    order: Sequence[str]
    fixed: dict[str, Any]


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
        self._compiled: dict[tuple[str, bool], _Compiled] = {}

    def _of(self, connection: Connection, kind: str, *, directly: bool = True) -> _Compiled:
        """It for a dialect, as its driver is asked `directly`, or through SQLAlchemy."""
        found = self._compiled.get((kind, directly))
        if found is None:
            dialect = connection.dialect
            if directly and dialect.name != "sqlite":
                dialect = numbered(dialect)
            compiled: Any = self._build(kind).compile(dialect=dialect)
            order = tuple(compiled.positiontup or ())
            if dialect.name == "sqlite" and self._names not in (None, order):
                raise ValueError(f"the statement writes {order}, not {self._names}")
            fixed = {name: value for name, value in compiled.params.items() if value is not None}
            found = self._compiled[kind, directly] = _Compiled(str(compiled), order, fixed)
        return found

    def rows(self, connection: Connection, **values: Any) -> list[Sequence[Any]]:
        """All rows of what it finds: see `each`."""
        if connection.dialect.name != "sqlite":
            return self._answer(connection, connection.dialect.name, values)[0]
        with self._asked(connection, values) as cursor:
            return cursor.fetchall()

    def each(self, connection: Connection, **values: Any) -> Generator[Sequence[Any], None, None]:
        """The rows of what it finds, as the driver gives them (SQLite has no booleans).

        On SQLite, which is a call away, a row that nobody takes is not looked for.
        """
        if connection.dialect.name != "sqlite":
            yield from self._answer(connection, connection.dialect.name, values)[0]
            return
        with self._asked(connection, values) as cursor:
            yield from cursor

    @contextmanager
    def _asked(self, connection: Connection, values: dict[str, Any]) -> Iterator[sqlite3.Cursor]:
        """It, executed on SQLite: where its rows are."""
        text, order, fixed = self._of(connection, "sqlite")
        values |= fixed
        cursor = execute_directly(connection, text, [values[name] for name in order])
        try:
            yield cursor
        except sqlite3.Error as error:
            raise error_of(connection, text, error) from error
        finally:
            cursor.close()

    def _answer(
        self, connection: Connection, kind: str, values: dict[str, Any]
    ) -> tuple[list[Sequence[Any]], int]:
        """Its rows on PostgreSQL, and how many it concerned."""
        if not is_followed(connection.engine):
            return ask_directly(connection, *self._bound(connection, kind, values))
        text, _, fixed = self._of(connection, kind, directly=False)
        result = connection.exec_driver_sql(text, values | fixed)
        concerned = result.rowcount  # while it is open
        return (list(result) if result.returns_rows else []), concerned

    def _bound(
        self, connection: Connection, kind: str, values: dict[str, Any]
    ) -> tuple[str, list[Any]]:
        text, order, fixed = self._of(connection, kind)
        values |= fixed
        return text, [values[name] for name in order]

    def run(self, connection: Connection, **values: Any) -> int:
        """Execute it once; gives how many rows of the table that concerned."""
        dialect = connection.dialect.name
        if dialect != "sqlite":
            return self._answer(connection, dialect, values)[1]
        text, bound = self._bound(connection, dialect, values)
        return execute_many_directly(connection, text, [tuple(bound)])

    def post(self, connection: Connection, **values: Any) -> None:
        """Execute it on PostgreSQL with the next statement, or with COMMIT: see `posts`."""
        kind = connection.dialect.name
        post_directly(connection, *self._bound(connection, kind, values))

    def run_many(self, connection: Connection, rows: list[tuple[Any, ...]]) -> int:
        """Execute it for rows of `names`, of one project; gives how many rows that concerned."""
        if connection.dialect.name != "sqlite":
            return self._answer(connection, *self._brought(connection, rows))[1]
        return execute_many_directly(connection, self._of(connection, "sqlite").text, rows)

    def post_many(self, connection: Connection, rows: list[tuple[Any, ...]]) -> None:
        """The same where nobody needs to know how many: to PostgreSQL with the next statement.

        A Citus is asked at once: what it says of a COMMIT is not what it says of a statement.
        """
        if posts(connection):
            brought = self._brought(connection, rows)
            post_directly(connection, *self._bound(connection, *brought))
        else:
            self.run_many(connection, rows)

    def _brought(
        self, connection: Connection, rows: list[tuple[Any, ...]]
    ) -> tuple[str, dict[str, Any]]:
        """The kind of statement that brings PostgreSQL these rows, and its values."""
        apart, names = is_distributed(connection), self._names or ()
        inserts = not any(name.startswith("of_") for name in names)
        if apart and inserts and len(rows) <= FEW_ROWS:
            numbered_names = (f"{name}_{row}" for row in range(len(rows)) for name in names)
            return f"{CITUS}, {len(rows)} rows", dict(
                zip(numbered_names, chain(*rows), strict=True)
            )
        named = [dict(zip(names, row, strict=True)) for row in rows]
        values: dict[str, Any] = {}
        for name in _OF_ALL:
            if apart and name in named[0]:
                [values["of_rows"]] = {row.pop(name) for row in named}
        values["rows"] = orjson.dumps(named).decode()
        return (CITUS if apart else connection.dialect.name), values
