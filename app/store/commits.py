"""COMMIT: it counts, it does not, or nobody can tell since its answer did not come."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from app.store.distributed import is_distributed
from app.store.presence import FilesError, look, look_after

# With these SQLite's log lacks the last frame, without which no transaction counts. Of others,
# such as a sync that fails, the frame is there: lost with the next write, or found after a crash.
_UNDONE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR_WRITE,
}


class InDoubtError(Exception):
    """COMMIT was sent and its answer did not come: all of it was stored, or nothing."""


@contextmanager
def committed(connection: Connection) -> Iterator[None]:
    """A transaction that commits at the end of the block.

    Raises InDoubtError where it is not known whether that counts; whatever else is raised, such as
    FilesError where it would not be in the store's own files, nothing is stored.
    """
    with connection.begin() as transaction:
        yield
        look(connection)
        try:
            transaction.commit()
        except DBAPIError as error:
            # A Citus says ERROR too where the node did not answer that it has stored it.
            if _is_undone(error.orig) and not is_distributed(connection):
                raise
            raise InDoubtError(str(error.orig)) from error
        try:
            look_after(connection)
        except FilesError as error:
            raise InDoubtError(str(error)) from error


def _is_undone(error: BaseException | None) -> bool:
    """Whether a COMMIT that fails so left nothing behind."""
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        return code in _UNDONE or (code & 0xFF) in _UNDONE
    # PostgreSQL rolls back what it answers with an ERROR. A FATAL may also come after the storing:
    # to a connection that is terminated while it waits for a standby, or through a pooler.
    told = getattr(error, "diag", None)
    return getattr(told, "severity_nonlocalized", None) == "ERROR"


__all__ = ["InDoubtError", "committed"]
