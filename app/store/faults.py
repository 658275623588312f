"""Whose fault an error of the database is, and in what words: it was away, or it is our own.

Who meets the first is asked to come again; the second is a fault in this code, and must never look
like the first. The class of an exception cannot tell: to SQLite's driver a column that is not there
and a locked file are both an OperationalError. So the engine's own code decides.
"""

import errno
import sqlite3

from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.store.commits import InDoubtError
from app.store.database import BusyError
from app.store.files import DiskError
from app.store.presence import FilesError

NO_ANSWER = "The database did not answer"
_NODE = "The part of the database that has this does not answer"
_BUSY = "The database is busy"
_FULL = "The disk is full"
_NO_DISK = "The disk cannot be read or written"
_DAMAGED = "The database is damaged"
_READ_ONLY = "The database is read-only"

# Primary result codes; the extended ones carry theirs in the lowest byte.
_AWAY_CODES = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_PROTOCOL: _BUSY,  # others raced for the log's locks
    sqlite3.SQLITE_INTERRUPT: NO_ANSWER,  # its time was up
    sqlite3.SQLITE_PERM: _READ_ONLY,
    sqlite3.SQLITE_READONLY: _READ_ONLY,
    sqlite3.SQLITE_IOERR: _NO_DISK,
    sqlite3.SQLITE_CANTOPEN: "The database cannot be opened",
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
# The longest beginning of a state counts.
_AWAY_STATES = {
    "08": NO_ANSWER,  # connections
    "25006": _READ_ONLY,  # a standby, or one that was told to be
    "40001": _BUSY,  # serialization failure
    "40P01": _BUSY,  # deadlock
    "53": "The database has no memory or connection left",
    "53100": _FULL,
    "55P03": _BUSY,  # a lock was not to be had in time
    "57014": NO_ANSWER,  # its time was up
    "57P": NO_ANSWER,  # it shuts down or starts
    "58": _NO_DISK,  # its system
    "XX001": _DAMAGED,
    "XX002": _DAMAGED,  # an index
}
_INTERNAL = "XX000"
_NODE_GONE = (
    "server closed the connection",
    "connection not open",
    "could not receive data from server",
    "could not send data to server",
)
"""What a Citus says, as an error of its own, where a node was gone in the midst of a statement."""

_DISKS = {
    errno.ENOENT: "The folder of the database is not there",
    errno.EROFS: "The disk is read-only",
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
}
_UNDEFINED = ("42P01", "42703")  # a table, a column


class NodeError(Exception):
    """What was asked for is on a node that is known not to answer; nobody waited for it."""


def sentence_of(error: BaseException) -> str | None:
    """What befell the database, in words for everybody, without a full stop: no path, no statement.

    None for what it refused, such as a statement that it does not understand, and for all that is
    no error of the database.
    """
    if isinstance(error, FilesError):
        return error.sentence
    if isinstance(error, DiskError):
        return _DISKS.get(error.errno or 0, error.sentence)
    if isinstance(error, BusyError):
        return _BUSY
    if isinstance(error, InDoubtError | PoolTimeoutError):
        return NO_ANSWER
    if isinstance(error, NodeError):
        return _NODE
    if not isinstance(error, DBAPIError):
        return None
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _AWAY_CODES.get(_code_of(cause) & 0xFF)
    if state := state_of(cause):
        if state == _INTERNAL and str(cause).startswith(_NODE_GONE):
            return NO_ANSWER
        known = [begin for begin in _AWAY_STATES if state.startswith(begin)]
        return _AWAY_STATES[max(known, key=len)] if known else None
    if isinstance(said := getattr(cause, "sentence", None), str):
        return said
    # No word from the server at all: so it was never reached, or it is gone.
    gone = error.connection_invalidated or isinstance(error, OperationalError)
    return NO_ANSWER if gone else None


def is_away(error: BaseException) -> bool:
    """Whether the database did not answer, so that the same may succeed later.

    After an InDoubtError it may have succeeded already.
    """
    return sentence_of(error) is not None


def lacks_tables(error: BaseException) -> bool:
    """Whether it has not the tables or the columns that this code knows: it is not migrated."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    if isinstance(cause, sqlite3.OperationalError):  # which has no code of its own for these
        text = str(cause)
        return text.startswith(("no such table", "no such column")) or " has no column " in text
    return state_of(cause) in _UNDEFINED


def reason_of(error: BaseException) -> str:
    """What the database said, in one line: without the statement, and what was sent with it."""
    if isinstance(error, FilesError):
        return error.path
    if isinstance(error, DiskError):
        return f"{error.filename}: {error.strerror}"
    cause = error.orig if isinstance(error, DBAPIError) else error
    return str(cause).partition("\n")[0] or type(error).__name__


def _code_of(error: sqlite3.Error) -> int:
    """SQLite's code; 0 where the driver itself refused."""
    return getattr(error, "sqlite_errorcode", 0)


def state_of(error: object) -> str:
    """PostgreSQL's code; "" where nothing came from the server."""
    return getattr(error, "sqlstate", None) or ""
