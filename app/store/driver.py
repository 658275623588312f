"""SQLite's driver without SQLAlchemy in between, for the statements of the hot paths."""

import logging
import sqlite3
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError


def execute_directly(connection: Connection, statement: str, values: Sequence[Any] = ()) -> Any:
    """Execute a statement by SQLite's driver itself; gives its cursor, to be read and closed.

    SQLAlchemy's part of a short statement is four fifths of it. Only where somebody follows the
    statements (its log, a listener, tracing) they go its way, and are told of like all others.
    """
    if _is_followed(connection.engine):
        return connection.exec_driver_sql(statement, tuple(values))
    cursor: Any = connection.connection.cursor()
    try:
        return cursor.execute(statement, values)
    except sqlite3.Error as error:
        cursor.close()
        raise OperationalError(statement, None, error) from error


def _is_followed(engine: Engine) -> bool:
    """Whether somebody wants to be told of the statements that are executed."""
    listeners = engine.dispatch
    return bool(
        listeners.before_cursor_execute
        or listeners.after_cursor_execute
        or engine.logger.isEnabledFor(logging.INFO)
    )
