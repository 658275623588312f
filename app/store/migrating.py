"""Migrations wait for each other, and restores with them: one process at a time changes tables."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from app.store.faults import state_of
from app.store.files import open_lock

PATIENCE = 600.0  # seconds: a migration of ten million jobs takes minutes
PAUSE = 0.1
ADVISORY = 5_216_694_956_350_107  # the number of our lock, within a database of PostgreSQL
NOT_IN_TIME = "55P03"

WAITING = "Another process migrates the tables; waiting for it, {0:.0f} s at most"
GIVEN_UP = "Another process has migrated the tables for {0:.0f} s: try again when it is done"

Say = Callable[[str], object]


class StillMigratingError(Exception):
    """Another process takes longer than anyone waits."""


@contextmanager
def alone(engine: Engine, say: Say) -> Iterator[None]:
    """Be the only one who migrates; `say` is called with a line where that takes waiting.

    Raises StillMigratingError, and LockError where there can be no lock.
    """
    by = _by_file if engine.dialect.name == "sqlite" else _by_server
    with by(engine, say):
        yield


@contextmanager
def _by_file(engine: Engine, say: Say) -> Iterator[None]:
    file = open_lock(f"{engine.url.database}.migrating")
    try:
        if not _is_ours(file):
            say(WAITING.format(PATIENCE))
            deadline = time.monotonic() + PATIENCE
            while not _is_ours(file):
                if time.monotonic() >= deadline:
                    raise StillMigratingError(GIVEN_UP.format(PATIENCE))
                time.sleep(PAUSE)
        yield
    finally:
        os.close(file)


def _is_ours(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _by_server(engine: Engine, say: Say) -> Iterator[None]:
    # Of a transaction, since a pooler may give the next one to another session; and of a connection
    # of its own, since every migration is a transaction.
    with engine.connect() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = {int(PATIENCE * 1000)}"))
        for limit in ("statement_timeout", "idle_in_transaction_session_timeout"):
            connection.execute(text(f"SET LOCAL {limit} = 0"))
        if not connection.scalar(text(f"SELECT pg_try_advisory_xact_lock({ADVISORY})")):
            say(WAITING.format(PATIENCE))
            try:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({ADVISORY})"))
            except DBAPIError as error:
                if state_of(error.orig) != NOT_IN_TIME:
                    raise
                raise StillMigratingError(GIVEN_UP.format(PATIENCE)) from error
        try:
            yield
        finally:
            with suppress(DBAPIError):  # it may be gone by now; what was migrated is not
                connection.rollback()
