"""The database: what each engine needs, and the two kinds of transaction, `reading` and `writing`.

Left alone, SQLAlchemy on SQLite gives two SELECTs two snapshots, and a write after a read fails
at once with "database is locked" in spite of the timeout. So the driver runs in autocommit and
every BEGIN is ours.
"""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    event,
    literal_column,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase

from app.store import presence
from app.store.commits import committed
from app.store.driver import execute_directly
from app.store.files import open_lock


class Base(DeclarativeBase):
    """The base of all tables; constraints get names, so that migrations can drop them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


db = SQLAlchemy(model_class=Base)


def id_text(length: int = 128) -> String:
    """Text that compares byte by byte on every engine: ids, whose order people page through."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


PATIENCE = 10  # seconds that a writer of this process waits for the others of this process
MOST_WAITING = 12  # writers of this process: of 16 threads some must be left to read
DOOR = 1  # seconds that one more writer may wait to be among them

_waiting = threading.BoundedSemaphore(MOST_WAITING)
_first = threading.Lock()

MICROS = BigInteger
"""A time or a span in whole microseconds (see `app.rules.times`)."""


class BusyError(Exception):
    """Too many writers wait, or have waited for too long; nothing was stored."""


def init_app(app: Flask) -> None:
    """Bind the engine to the app and give it what its dialect needs."""
    sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        # A connection to SQLite is memory, and a page has it for a millisecond; one to PostgreSQL
        # may wait there for another writer.
        "pool_size": 6 if sqlite else 16,
        "max_overflow": 0 if sqlite else 4,
        "pool_use_lifo": True,  # few stay busy, the others stay small
        "hide_parameters": True,  # what people send belongs in no log
        # A restarted PostgreSQL is met with a new connection instead of an error.
        "pool_pre_ping": not sqlite,
    }
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _prepare_sqlite)
            event.listen(db.engine, "begin", _begin_sqlite)
            presence.watch(db.engine)
        else:
            event.listen(db.engine, "connect", _prepare_postgres)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged report survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    # KiB of each connection; the pages themselves are in the system's cache, once for all.
    cursor.execute("PRAGMA cache_size = -512")
    cursor.close()


def _prepare_postgres(connection: Any, _record: object) -> None:
    # A page is the next rows of an index, in its order. Collected in a bitmap and sorted instead,
    # which pays for few rows, it is all the rows of a project that the planner believes small.
    connection.execute("SET enable_bitmapscan = off")
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    # Every page and every report begins here.
    execute_directly(connection, "BEGIN IMMEDIATE" if writes else "BEGIN").close()


@contextmanager
def reading() -> Iterator[Connection]:
    """One snapshot for everything that a page shows: its version, its sums and its rows.

    Raises FilesError on SQLite, where its files are not those that are open.
    """
    with db.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        with connection.begin():
            yield connection


@contextmanager
def writing() -> Iterator[Connection]:
    """One transaction that writes; it commits at the end or leaves nothing behind.

    Raises BusyError on SQLite, where one writes at a time, if the others take too long, LockError
    if it cannot wait for them, and InDoubtError where COMMIT had no answer.
    """
    with writers_turn(db.engine), db.engine.connect() as connection:
        connection.execution_options(writes=True)
        with committed(connection):
            yield connection


@contextmanager
def writers_turn(engine: Engine) -> Iterator[None]:
    """Wait for one's turn to write to SQLite.

    SQLite's own waiting is a sleep and a retry, by which 8 busy writers kept one of them waiting
    for 12.4 s; in a queue at a lock file it was 0.4 s. That wait has no end, so only one thread of
    a process may stand there: whatever befalls the holder, the others still read.
    """
    if engine.dialect.name != "sqlite":
        yield
        return
    if not _waiting.acquire(timeout=DOOR):
        raise BusyError("too many writers wait")
    try:
        if not _first.acquire(timeout=PATIENCE):
            raise BusyError("the writers before take too long")
        try:
            file = open_lock(f"{engine.url.database}.lock")
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                yield
            finally:
                os.close(file)
        finally:
            _first.release()
    finally:
        _waiting.release()


def table_of(model: type[Base]) -> Table:
    """The table of a model, as statements outside an ORM session name it."""
    table: Table = model.__table__  # type: ignore[assignment]  # it could be a view, and is none
    return table


def inlined(number: int) -> ColumnElement[int]:
    """A number that stands in a statement's text, so that planners see which index is enough."""
    return literal_column(str(int(number)), Integer)


def upsert(dialect: str, table: Any) -> Any:
    """An INSERT that knows ON CONFLICT, in this dialect."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


__all__ = [
    "MICROS",
    "Base",
    "BusyError",
    "db",
    "id_text",
    "init_app",
    "inlined",
    "reading",
    "table_of",
    "upsert",
    "writers_turn",
    "writing",
]
