"""Opens the SQLite file of the graph: for one process at a time, and one thread of it at a time."""

import fcntl
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SCHEMA = Path(__file__).with_name("graph.sql")


class GraphUnusableError(Exception):
    """The graph file cannot be used; the message says why and what to do."""


class GraphFile:
    """One connection, shared by all threads behind a lock: SQLite has one writer anyway."""

    def __init__(self, path: Path) -> None:
        """Open the file, made with its folder if need be. Raises GraphUnusableError."""
        self.path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # A file of its own, as SQLite locks the graph file by other means.
            self._in_use = path.with_name(path.name + ".lock").open("w")
        except OSError as error:
            raise GraphUnusableError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            fcntl.flock(self._in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._db = self._connect()
        except BlockingIOError as error:
            self._in_use.close()
            raise GraphUnusableError(
                f"Another run is using {path}: wait for it, or give --graph another file"
            ) from error
        except sqlite3.Error as error:
            self._in_use.close()
            raise GraphUnusableError(f"{path} is no usable graph file: {error}") from error

    def close(self) -> None:
        """Let the next process have the file."""
        with self._lock:
            self._db.close()
            self._in_use.close()

    def read(self, query: str, *values: object) -> list[sqlite3.Row]:
        """All rows that a query gives."""
        with self._lock:
            return self._db.execute(query, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All of the block, or nothing of it."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        try:
            db.row_factory = sqlite3.Row
            db.executescript(SCHEMA.read_text())
        except sqlite3.Error:
            db.close()
            raise
        return db
