"""Lock files: what stands beside a SQLite database, for those who wait for their turn there."""

import os


class LockError(OSError):
    """A lock file that cannot be used; its errno says whether that is the disk's fault."""


def open_lock(path: str) -> int:
    """A descriptor of a lock file, which is made where it is not there, for its owner alone.

    Opened anew each time: a lock belongs to the open file. Raises LockError.
    """
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise LockError(error.errno, error.strerror, path) from None
