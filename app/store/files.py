"""The files of a SQLite store that are made by us: its database, and the locks beside it."""

import os
from contextlib import suppress

COMPANIONS = ("-wal", "-shm", "-journal")
"""How SQLite names what it makes beside a database: the log, the log's index, the older log."""


class DiskError(OSError):
    """A file of the store that cannot be used; its errno says whether that is the disk's fault."""

    sentence = "The database cannot be opened"


class LockError(DiskError):
    """The same of a lock file."""

    sentence = "The lock file of the database cannot be used"


def open_lock(path: str) -> int:
    """A descriptor of a lock file, which is made where it is not there, for its owner alone.

    Opened anew each time: a lock belongs to the open file. Raises LockError.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LockError(error.errno, error.strerror, path) from None


def create(path: str) -> None:
    """Make an empty database, for its owner alone, where there is none. Raises DiskError.

    What is left of a lost one goes first: SQLite would take it for the new one's own. So whoever
    calls this must be the only one.
    """
    if os.path.exists(path):
        return
    try:
        for end in COMPANIONS:
            with suppress(FileNotFoundError):
                os.unlink(os.path.realpath(path) + end)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DiskError(error.errno, error.strerror, path) from None
