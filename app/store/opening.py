"""Opens a SQLite database, and lets go of it where a file of it was lost.

SQLite makes the log and its index with the first connection of all processes, and removes them with
the last. Who opens the database while others open and close it must take neither for a loss; where
one was lost (see `app.store.presence`), nobody opens it before all others have closed it.
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

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from app.store.presence import (
    HELD,
    HeldFiles,
    LeftError,
    LostError,
    MissingError,
    ReplacedError,
    difference,
    identity,
)

EVERY = 1.0  # seconds between two looks at the files of a connection that only reads
SHARED = (510, 0x40000002)  # where SQLite locks a database for who has it open: length, start
PATIENCE, PAUSE = 0.2, 0.02  # seconds that others may take to open a database, or to close it
OPENING = 1.0  # seconds that others may keep a database for themselves, which all threads wait for
SAVING = 5000  # ms that others may hold up what is saved of a lost log
BEFORE = "jobwall_losses"  # where a connection has how many logs were lost before it

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
        self._latest: HeldFiles | None = None
        self._losses = 0  # how often a log was seen to be lost
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
        uri, losses = f"{Path(path).as_uri()}?mode=rw", self._losses
        options = more | {"uri": True, "factory": _Driver, "timeout": OPENING}
        with _lock:
            if self._losses != losses:
                raise LostError(path)  # the pool that asks is no longer used
            deadline = time.monotonic() + PATIENCE
            while True:
                is_open = any(map(_is_open, self._drivers))
                held = self._files_to_open(path, is_open)
                driver: Any = dialect.connect(uri, **options)
                self._drivers.add(driver)
                opened = _opened(driver, held)
                if opened or is_open or time.monotonic() >= deadline:
                    break
                # Whoever closed it last took the log and its index away: they are made anew.
                driver.close()
            record.info[HELD] = opened or held
            record.info[BEFORE] = losses
            self._latest = opened or self._latest  # before another thread asks what is open
        return driver

    def _files_to_open(self, path: str, is_open: bool) -> HeldFiles:
        """What there is to be opened. Raises FilesError where it must not be opened now."""
        held, latest = HeldFiles(path), self._latest
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
            held = HeldFiles(path)
        self._unnamed_since = float("inf")
        return held

    def note(self, driver: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
        """Remember the files that SQLite has opened."""
        before: HeldFiles = record.info[HELD]
        held = HeldFiles(before.names[0])
        if error := difference(before.files, held.files):
            driver.close()  # the pool, which has not got it yet, would leave it open
            raise error(held.names[0])
        record.info[HELD] = self._latest = held

    def check(
        self, driver: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: object
    ) -> None:
        """See that a connection, which may have waited in the pool, has its files still."""
        held: HeldFiles = record.info[HELD]
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
        self._losses += 1
        self._engine.dispose()

    def close(self, driver: sqlite3.Connection | None, record: ConnectionPoolEntry) -> None:
        """Close a connection that comes back, where a log was lost since it was opened.

        Not by its files: a new log can have the number of the former one.
        """
        if driver is not None and record.info[BEFORE] != self._losses:
            record.close()


def _save(driver: sqlite3.Connection, held: HeldFiles) -> bool:
    """Write what is in the log into the database; gives whether all of it is there.

    Nothing is added to a log that was lost: who would write looks first.
    """
    if identity(held.names[1]) not in (None, held.files[1]):
        return False  # another log was begun
    try:
        driver.execute(f"PRAGMA busy_timeout = {SAVING}")
        [(_, in_all, saved)] = driver.execute("PRAGMA wal_checkpoint(FULL)")
    except sqlite3.Error:
        return False
    return bool(in_all == saved)


def _opened(driver: sqlite3.Connection, held: HeldFiles) -> HeldFiles | None:
    """The files that a new connection has open; None where `held` were others a moment before."""
    try:  # it opens them when it first reads
        driver.execute("SELECT 1 FROM sqlite_schema LIMIT 0").close()
    except sqlite3.Error:
        driver.close()
        raise
    opened = HeldFiles(held.names[0])
    return None if difference(held.files, opened.files) else opened


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


def glance(engine: Engine) -> None:
    """Look at the files, as whoever takes a connection does: for a process that nobody asks.

    Others wait until it has closed a database whose log was lost.
    """
    with suppress(Exception):  # whoever asks is told
        engine.connect().close()
