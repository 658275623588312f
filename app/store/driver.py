"""The drivers without SQLAlchemy in between, for the statements of the hot paths."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Engine
from sqlalchemy.exc import DBAPIError


def execute_directly(connection: Connection, statement: str, values: Sequence[Any] = ()) -> Any:
    """Execute a statement by SQLite's driver itself; gives its cursor, to be read and closed.

    SQLAlchemy's part of a short statement is four fifths of it. Only where somebody follows the
    statements (its log, a listener, tracing) they go its way, and are told of like all others.
    """
    if is_followed(connection.engine):
        return connection.exec_driver_sql(statement, tuple(values))
    return _by_driver(connection, sqlite3.Cursor.execute, statement, values)


def begin_directly(connection: Connection) -> None:
    """Begin to read on SQLite; it ends with the connection's return to its pool.

    SQLAlchemy's part of beginning and ending is ten times SQLite's.
    """
    if is_followed(connection.engine):
        connection.begin()
        return
    _by_driver(connection, sqlite3.Cursor.execute, "BEGIN", ()).close()


def is_begun(connection: Connection) -> bool:
    """Whether SQLite has a transaction, of which SQLAlchemy need not know."""
    driver: Any = connection.connection.dbapi_connection
    begun: bool = driver.in_transaction
    return begun


def execute_many_directly(
    connection: Connection, statement: str, rows: Sequence[tuple[Any, ...]]
) -> int:
    """The same for each of the rows; gives how many rows of the table that concerned."""
    if is_followed(connection.engine):
        return connection.exec_driver_sql(statement, list(rows)).rowcount
    cursor = _by_driver(connection, sqlite3.Cursor.executemany, statement, rows)
    concerned: int = cursor.rowcount
    cursor.close()
    return concerned


def ask_directly(
    connection: Connection, statement: str, values: Sequence[Any]
) -> tuple[list[Sequence[Any]], int]:
    """The rows of PostgreSQL's answer, and how many it concerned: see `app.store.pipelined`."""
    answer: tuple[list[Sequence[Any]], int]
    try:
        answer = _pipelined(connection).ask(statement, values)
    except Exception as error:
        # SQLAlchemy finds out whether the connection is gone, or all of them, and raises its own.
        connection._handle_dbapi_exception(error, statement, None, None, None)
        raise
    return answer


def post_directly(connection: Connection, statement: str, values: Sequence[Any] = ()) -> None:
    """The same where nobody needs the answer: it goes with the next statement, or with COMMIT."""
    _pipelined(connection).post(statement, values)


def post_text(connection: Connection, statement: str) -> None:
    """The same for a statement without values, of which whoever follows them is told, too."""
    if is_followed(connection.engine):
        connection.exec_driver_sql(statement)
    else:
        post_directly(connection, statement)


def _pipelined(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


@cache
def numbered(dialect: Dialect) -> Dialect:
    """PostgreSQL's dialect with $1, $2, … in its statements, as the server itself is asked."""
    return type(dialect)(paramstyle="numeric_dollar")  # type: ignore[call-arg]  # ours takes it


def _by_driver(
    connection: Connection, execute: Callable[..., Any], statement: str, values: Sequence[Any]
) -> Any:
    cursor: Any = connection.connection.cursor()
    try:
        return execute(cursor, statement, values)
    except sqlite3.Error as error:
        cursor.close()
        raise error_of(connection, statement, error) from error


def error_of(connection: Connection, statement: str, error: sqlite3.Error) -> Exception:
    """What SQLAlchemy makes of an error of the driver, but for the values that were sent."""
    return DBAPIError.instance(statement, None, error, sqlite3.Error, dialect=connection.dialect)


def is_busy(error: DBAPIError) -> bool:
    """Whether another connection has locked for longer than this one waits."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def is_followed(engine: Engine) -> bool:
    """Whether somebody wants to be told of the statements that are executed."""
    listeners = engine.dispatch
    return bool(
        listeners.before_cursor_execute
        or listeners.after_cursor_execute
        or engine.logger.isEnabledFor(logging.INFO)
    )
