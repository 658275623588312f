"""Whether the files of a SQLite store are still those that are open: its database, log and index.

A file that is removed or replaced stays open for who has it: a board would go on storing reports
where nobody finds them. So the files by their names are compared with those that a connection has
open: when one is taken, at most once a second, and before and after every COMMIT.

- Without a database nothing is read or written, and none is made.
- A database that was replaced with its log and its index is taken over. SQLite would play a log
  that was left into the new database, so that is refused.
- Where only the log was lost, or its index, what it holds is saved into the database, and everyone
  closes it before anyone opens it anew: else some would read less, and write over the others.
"""

import fcntl
import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakSet

from sqlalchemy import Connection, Dialect, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

EVERY = 1.0  # seconds between two looks at the files of a connection that only reads
LOG, INDEX = "-wal", "-shm"
SHARED = (510, 0x40000002)  # where SQLite locks a database for who has it open: length, start
PATIENCE, PAUSE = 0.2, 0.02  # seconds that others may take to open a database, or to close it
OPENING = 1.0  # seconds that others may keep a database for themselves, which all threads wait for
SAVING = 5000  # ms that others may hold up what is saved of a lost log

Identity = tuple[int, int]
_HELD = "jobwall_files"


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


class _Held:
    """The files that a connection has open, and when their names were last looked at."""

    __slots__ = ("files", "looked_at", "names")

    def __init__(self, path: str) -> None:
        real = os.path.realpath(path)  # SQLite has its log beside the file that a link leads to
        self.names = (path, real + LOG, real + INDEX)
        self.files = [_identity(name) for name in self.names]
        self.looked_at = time.monotonic()

    def fault(self) -> FilesError | None:
        """What became of the files, if their names are not theirs any more."""
        found = [_identity(name) for name in self.names]
        if found != self.files:
            if error := _difference(self.files, found):
                self.looked_at = float("-inf")
                return error(self.names[0])
            self.files = found  # the log of an empty database is made when it is first needed
        self.looked_at = time.monotonic()
        return None


def _identity(name: str) -> Identity | None:
    """Which file has this name; None where there is none."""
    try:
        about = os.stat(name)
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _difference(
    files: list[Identity | None], found: list[Identity | None]
) -> type[FilesError] | None:
    beside = list(zip(files[1:], found[1:], strict=True))
    if found[0] is None:
        return MissingError
    if found[0] != files[0]:
        left = any(now == then for then, now in beside if now is not None)
        return LeftError if left else ReplacedError
    lost = any(now != then for then, now in beside if then is not None)
    return LostError if lost else None


_lock = threading.RLock()
"""Held while a database is opened or closed: meanwhile nobody can tell whether it is in use."""


class _Driver(sqlite3.Connection):
    """A connection that can be known without being kept."""

    def close(self) -> None:
        """Close it, and perhaps the database."""
        with _lock:
            super().close()

    def __del__(self) -> None:
        """Close what a pool that is no longer used leaves behind."""
        with suppress(sqlite3.ProgrammingError):  # it could not be opened
            self.close()


class _Watch:
    """Opens the connections of an engine, and knows what they have open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._drivers = WeakSet[_Driver]()
        self._latest: _Held | None = None
        self._lost_at = float("-inf")  # when a log was last seen to be lost
        self._unsaved = False  # what was in it
        self._unnamed_since = float("inf")  # others have a log open that has no name
        event.listen(engine, "do_connect", self.connect)
        event.listen(engine, "connect", self.note)
        event.listen(engine, "checkout", self.check)
        event.listen(engine, "checkin", self.close)

    def connect(
        self,
        dialect: Dialect,
        record: ConnectionPoolEntry,
        words: tuple[str, ...],
        more: dict[str, Any],
    ) -> Any:
        """Open the database; left alone, SQLite would make one where there is none."""
        [path] = words
        uri, lost_at = f"{Path(path).as_uri()}?mode=rw", self._lost_at
        more |= {"uri": True, "factory": _Driver, "timeout": OPENING}
        with _lock:
            if self._lost_at != lost_at:
                raise LostError(path)  # the pool that asks is no longer used
            deadline = time.monotonic() + PATIENCE
            while True:
                is_open = any(map(_is_open, self._drivers))
                held = self._files_to_open(path, is_open)
                driver: Any = dialect.connect(uri, **more)
                opened = _opened(driver, held)
                if opened or is_open or time.monotonic() >= deadline:
                    break
                # Whoever closed it last took the log and its index away: they are made anew.
                driver.close()
            record.info[_HELD] = opened or held
            self._latest = opened or self._latest  # before another thread asks what is open
            self._drivers.add(driver)
        return driver

    def _files_to_open(self, path: str, is_open: bool) -> _Held:
        """What there is to be opened. Raises FilesError where it must not be opened now."""
        held, latest = _Held(path), self._latest
        if held.files[0] is None:
            raise MissingError(path)
        fault = latest.fault() if latest else None
        if isinstance(fault, LeftError):
            raise fault
        if isinstance(fault, LostError) and (self._unsaved or is_open):
            self._let_go()
            raise fault
        while None in held.files[1:] and not is_open and _is_in_use(path):
            # Others are about to open it, or to close it; or its log was removed under them.
            self._unnamed_since = min(self._unnamed_since, time.monotonic())
            if time.monotonic() >= self._unnamed_since + PATIENCE:
                raise LostError(path)
            time.sleep(PAUSE)
            held = _Held(path)
        self._unnamed_since = float("inf")
        return held

    def note(self, _driver: object, record: ConnectionPoolEntry) -> None:
        """Remember the files that SQLite has opened."""
        before: _Held = record.info[_HELD]
        held = _Held(before.names[0])
        if error := _difference(before.files, held.files):
            raise error(held.names[0])
        record.info[_HELD] = self._latest = held

    def check(
        self, driver: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: object
    ) -> None:
        """See that a connection, which may have waited in the pool, has its files still."""
        held: _Held = record.info[_HELD]
        if time.monotonic() - held.looked_at < EVERY:
            return
        fault = held.fault()
        if isinstance(fault, ReplacedError):
            raise InvalidatePoolError from fault  # the pool connects anew
        if isinstance(fault, LostError):
            with _lock:
                self._unsaved = not _save(driver, held)
                self._let_go()
        if fault:
            raise fault  # with which the pool closes this one

    def _let_go(self) -> None:
        """Close what waits in the pool, and what comes back to it."""
        self._lost_at = time.monotonic()
        self._engine.dispose()

    def close(self, driver: sqlite3.Connection | None, record: ConnectionPoolEntry) -> None:
        """Close a connection that comes back, where its log was lost."""
        if driver is not None and record.info[_HELD].looked_at < self._lost_at:
            record.close()


def _save(driver: sqlite3.Connection, held: _Held) -> bool:
    """Write what is in the log into the database; gives whether all of it is there.

    Nothing is added to a log that was lost: who would write looks first.
    """
    if _identity(held.names[1]) not in (None, held.files[1]):
        return False  # another log was begun
    try:
        driver.execute(f"PRAGMA busy_timeout = {SAVING}")
        [(_, in_all, saved)] = driver.execute("PRAGMA wal_checkpoint(FULL)")
    except sqlite3.Error:
        return False
    return bool(in_all == saved)


def _opened(driver: sqlite3.Connection, held: _Held) -> _Held | None:
    """The files that a new connection has open; None where `held` were others a moment before."""
    # It opens them when it first reads.
    driver.execute("SELECT 1 FROM sqlite_schema LIMIT 0").close()
    opened = _Held(held.names[0])
    return None if _difference(held.files, opened.files) else opened


def _is_open(driver: sqlite3.Connection) -> bool:
    try:
        driver.total_changes  # noqa: B018  the cheapest that a closed one refuses
    except sqlite3.ProgrammingError:
        return False
    return True


def _is_in_use(path: str) -> bool:
    """Whether another process has the database open.

    For a process that has not, nor closes it: with the file here, SQLite's own locks would go.
    """
    file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, *SHARED)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def watch(engine: Engine) -> None:
    """Open the connections of an engine of SQLite, and notice what becomes of their files."""
    _Watch(engine)


def look(connection: Connection) -> None:
    """Raise FilesError where the files of a connection are not those of the store any more."""
    held: _Held | None = connection.info.get(_HELD)
    if held is not None and (fault := held.fault()):
        raise fault


def look_after(connection: Connection) -> None:
    """The same of the database alone: what was in a log that is lost since then is saved."""
    held: _Held | None = connection.info.get(_HELD)
    if held is not None and _identity(held.names[0]) != held.files[0]:
        look(connection)


def glance(engine: Engine) -> None:
    """Look at the files, as whoever takes a connection does: for a process that nobody asks.

    Others wait until it has closed a database whose log was lost.
    """
    with suppress(Exception):  # whoever asks is told
        engine.connect().close()
