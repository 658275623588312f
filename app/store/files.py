"""The files of a SQLite store that are made by us: its database, and the locks beside it."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

PRIVATE = 0o077
"""What others may not do: a umask, under which nothing is made that they may read."""

OWN = ("secret_key", "graph.db")
"""How the names of our other files in the instance folder begin."""

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
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
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


def tighten(instance: Path, database: Path | None) -> list[str]:
    """Take from others what they may do with the files of a store, and look into its folder.

    Gives a line for each that was loose. A folder that holds more than ours stays as it is, as does
    what belongs to another user: then the line says what to type.
    """
    stores = (database.name, f".{database.name}") if database else ()
    own = _named(instance, (*OWN, *stores))
    beside = _named(database.parent, stores) if database else []
    lines = [line for path in sorted({*own, *beside}) for line in _closed(path, "600")]
    if instance.is_dir():  # of who serves another application it need not be there
        lines += _closed(instance, "700", ours=len(own) == len(os.listdir(instance)))
    return lines


def _named(folder: Path, begins: tuple[str, ...]) -> list[Path]:
    """The files in a folder whose names begin so; what a link leads to is not looked at."""
    with suppress(OSError):
        found = [path for path in folder.iterdir() if path.name.startswith(begins)]
        return [path for path in found if stat.S_ISREG(path.lstat().st_mode)]
    return []


def _closed(path: Path, mode: str, *, ours: bool = True) -> Iterator[str]:
    loose = stat.S_IMODE(path.lstat().st_mode)
    if not loose & PRIVATE:
        return
    try:
        if not ours:
            raise PermissionError
        path.chmod(loose & ~PRIVATE)
        yield f"{path} was open to other users, and is closed to them now"
    except PermissionError:
        yield f"{path} is open to other users: chmod {mode} it"
