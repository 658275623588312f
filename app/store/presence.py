"""Whether the files of a SQLite store are still those that are open: its database, log and index.

A file that is removed or replaced stays open for who has it: a board would go on storing reports
where nobody finds them. So the files by their names are compared with those that a connection has
open: when one is taken, at most once a second (`app.store.opening`), and before and after every
COMMIT.

- Without a database nothing is read or written, and none is made.
- A database that was replaced with its log and its index is taken over. SQLite would play a log
  that was left into the new database, so that is refused.
- Where only the log was lost, or its index, what it holds is saved into the database, and everyone
  closes it before anyone opens it anew: else some would read less, and write over the others.
"""

import os
import time

from sqlalchemy import Connection

LOG, INDEX = "-wal", "-shm"

Identity = tuple[int, int]
HELD = "jobwall_files"  # where a connection has its own


class FilesError(Exception):
    """The files of the store are not those that are open: a sentence, and at which `path`."""

    sentence = "The files of the database were exchanged"

    def __init__(self, path: str) -> None:
        super().__init__(self.sentence)
        self.path = path


class MissingError(FilesError):
    """There is no database file."""

    sentence = "The database file is not there"


class ReplacedError(FilesError):
    """The database is another one, with nothing of the former beside it."""

    sentence = "The database file was replaced"


class LeftError(FilesError):
    """The database is another one, and what is beside it belongs to the former."""

    sentence = (
        "The database file was replaced, and the log of the former was left: stop the board, "
        "remove the files -wal and -shm, and start it again"
    )


class LostError(FilesError):
    """The database is the same, and its log or its index is not."""

    sentence = "The log of the database, or its index, was removed while it was in use"


class HeldFiles:
    """The files that a connection has open, and when their names were last looked at."""

    __slots__ = ("files", "looked_at", "names")

    def __init__(self, path: str) -> None:
        real = os.path.realpath(path)  # SQLite has its log beside the file that a link leads to
        self.names = (path, real + LOG, real + INDEX)
        self.files = [identity(name) for name in self.names]
        self.looked_at = time.monotonic()

    def fault(self) -> FilesError | None:
        """What became of the files, if their names are not theirs any more."""
        found = [identity(name) for name in self.names]
        if found != self.files:
            if error := difference(self.files, found):
                self.looked_at = float("-inf")
                return error(self.names[0])
            self.files = found  # the log of an empty database is made when it is first needed
        self.looked_at = time.monotonic()
        return None


def identity(name: str) -> Identity | None:
    """Which file has this name; None where there is none."""
    try:
        about = os.stat(name)
    except OSError:
        return None
    return about.st_dev, about.st_ino


def difference(
    files: list[Identity | None], found: list[Identity | None]
) -> type[FilesError] | None:
    """What became of these files, where those are found by their names; None where that is fine."""
    beside = list(zip(files[1:], found[1:], strict=True))
    if found[0] is None:
        return MissingError
    if found[0] != files[0]:
        left = any(now == then for then, now in beside if now is not None)
        return LeftError if left else ReplacedError
    lost = any(now != then for then, now in beside if then is not None)
    return LostError if lost else None


def look(connection: Connection) -> None:
    """Raise FilesError where the files of a connection are not those of the store any more."""
    held: HeldFiles | None = connection.info.get(HELD)
    if held is not None and (fault := held.fault()):
        raise fault


def look_after(connection: Connection) -> None:
    """The same of the database alone: what was in a log that is lost since then is saved."""
    held: HeldFiles | None = connection.info.get(HELD)
    if held is not None and identity(held.names[0]) != held.files[0]:
        look(connection)
