"""Whether a report could be stored now, and what keeps it from that: in words that name no path."""

import os
import threading
import time
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, text

from app.store import deadline, schema
from app.store.database import db, reading
from app.store.faults import NO_ANSWER, sentence_of
from app.store.files import open_lock
from app.store.presence import look

PATIENCE = 2.0  # seconds until who asks is told that there was no answer
LEAST_FREE = 8 * 1024 * 1024  # bytes of a disk: twice what SQLite's log grows to

_POSTGRES = text("SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')")


def troubles() -> list[str]:
    """What is wrong, a line each. Without any, a report that came now could be stored."""
    found: list[str] = []
    try:
        with reading() as connection:
            look(connection)
            if wrong := schema.mismatch(schema.revision_of(connection)):
                found.append(f"migrations: {wrong}")
            if connection.dialect.name == "postgresql":
                found += _of_postgres(connection)
    except Exception as error:
        found.append(f"database: {_words(error)}")
    if db.engine.dialect.name == "sqlite":
        found += _of_files(Path(str(db.engine.url.database)))
    return found


def _of_postgres(connection: Connection) -> list[str]:
    standby, read_only = connection.execute(_POSTGRES).one()
    if standby:
        return ["read-only: The database is a standby"]
    return ["read-only: The database takes no writes by default"] if read_only == "on" else []


def _of_files(database: Path) -> list[str]:
    """Of what a writer needs beside a sound file: its lock, and room."""
    try:
        os.close(open_lock(f"{database}.lock"))
        room = os.statvfs(database.parent)
    except OSError as error:
        return [f"disk: {_words(error)}"]
    if room.f_frsize * room.f_bavail < LEAST_FREE:
        return ["disk: The disk is full"]
    files = (database.parent, database, Path(f"{database}-wal"))
    if any(file.exists() and not os.access(file, os.W_OK) for file in files):
        return ["read-only: The files of the database cannot be written"]
    return []


def _words(error: Exception) -> str:
    return sentence_of(error) or "The store cannot be used"


class Look:
    """A look at the store by a thread of its own, which all who ask meanwhile share.

    So who asks is answered in time, whatever holds the database up; and however many ask, each
    process has one connection for them.
    """

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.ended = threading.Event()
        self._ends = time.monotonic() + PATIENCE
        self._found = [f"database: {NO_ANSWER} within {PATIENCE:.0f} s"]
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        try:
            with self._app.app_context(), deadline.within(deadline.REQUEST):
                self._found = troubles()
        finally:
            self.ended.set()

    def found(self) -> list[str]:
        """What is wrong; that it does not answer, where it has not done so in time."""
        self.ended.wait(max(0.0, self._ends - time.monotonic()))
        return self._found


class Watch:
    """The looks of one app, one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.look: Look | None = None

    def troubles(self, app: Flask) -> list[str]:
        """What is wrong now: see `troubles`."""
        with self._lock:
            if self.look is None or self.look.ended.is_set():
                self.look = Look(app)
            look = self.look
        return look.found()
