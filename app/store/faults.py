"""Whose fault an error of the database is: it was away (no answer, a lock, a disk), or our own.

Who meets the first is asked to come again; the second is a fault in this code, and must never look
like the first. The class of an exception cannot tell: to SQLite's driver a column that is not there
and a locked file are both an OperationalError. So the engine's own code decides.
"""

import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.store.database import BusyError

# Primary result codes; the extended ones carry theirs in the lowest byte.
_AWAY_CODES = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_PROTOCOL,  # others raced for the log's locks
    sqlite3.SQLITE_INTERRUPT,  # its time was up
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
}
_AWAY_STATES = (
    "08",  # connections
    "40001",  # serialization failure
    "40P01",  # deadlock
    "53",  # no memory, disk or connection left
    "55P03",  # a lock was not to be had in time
    "57014",  # its time was up
    "57P",  # it shuts down or starts
    "58",  # its system, such as a disk
    "XX001",  # damaged data
    "XX002",  # a damaged index
)
_UNDEFINED = ("42P01", "42703")  # a table, a column


def is_away(error: BaseException) -> bool:
    """Whether the database did not answer, so that the same may succeed later.

    False for what it refused, such as a statement that it does not understand, and for all that is
    no error of the database.
    """
    if isinstance(error, BusyError | PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    if error.connection_invalidated:  # it is gone, or was left: its server takes no writes any more
        return True
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return (_code_of(cause) & 0xFF) in _AWAY_CODES
    state = _state_of(cause)
    if state:
        return state.startswith(_AWAY_STATES)
    # No word from the server at all: so it was never reached, or it is gone.
    return isinstance(error, OperationalError)


def lacks_tables(error: BaseException) -> bool:
    """Whether it has not the tables or the columns that this code knows: it is not migrated."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.OperationalError):  # which has no code of its own for these
        text = str(cause)
        return text.startswith(("no such table", "no such column")) or " has no column " in text
    return _state_of(cause) in _UNDEFINED


def reason_of(error: BaseException) -> str:
    """What the database said, in one line: without the statement, and what was sent with it."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).partition("\n")[0] or type(error).__name__


def _code_of(error: sqlite3.Error) -> int:
    """SQLite's code; 0 where the driver itself refused."""
    return getattr(error, "sqlite_errorcode", 0)


def _state_of(error: object) -> str:
    """PostgreSQL's code; "" where nothing came from the server."""
    return getattr(error, "sqlstate", None) or ""
