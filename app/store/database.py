"""The database: what each engine needs, and the two kinds of transaction, `reading` and `writing`.

Left alone, SQLAlchemy on SQLite gives two SELECTs two snapshots, and a write after a read fails
at once with "database is locked" in spite of the timeout. So the driver runs in autocommit and
every BEGIN is ours.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
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
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase

from app.rules.fields import LONGEST_ID
from app.store import deadline, distributed, opening
from app.store.commits import committed
from app.store.driver import begin_directly, execute_directly, is_begun, is_busy, post_text
from app.store.turn import BusyError, long_turn, short_turn


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


def id_text(length: int | None = None) -> String:
    """Text that compares byte by byte on every engine: ids, whose order people page through.

    Of a project's or a job's id, without a length, SQLite's columns say an earlier one: it asks for
    none, and to say another would write every table anew.
    """
    longest = String(length or LONGEST_ID, collation="C")
    return String(length or 128).with_variant(longest, "postgresql")


CONNECTION = 1
"""Seconds that a thread waits for a connection of the pool: a page has one for milliseconds."""

LONGEST = 60.0
"""Seconds that a command waits for its turn to write, and for a lock."""

LOCK = 3
STATEMENT = 5
IDLE = 60
"""Seconds after which PostgreSQL gives up: a lock that a request waits for, its statement, and a
transaction in which nothing happens, because its thread or its machine is gone. The deadline of the
request mostly comes first."""

ANSWER = 0.5
"""Seconds in which it has told a request that it gives up."""

PERIOD = 20_000
"""Instructions of SQLite between looks at the deadline: about a millisecond."""

MICROS = BigInteger
"""A time or a span in whole microseconds (see `app.rules.times`)."""


READ_ONLY = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
"""One snapshot on PostgreSQL, in which nothing is written."""

STANDBY = "standby"
"""What the engine of the primary's standby is called, where there is one."""


def init_app(app: Flask, connections: int, standby_url: str | None = None) -> None:
    """Bind the engine to the app and give it what its dialect needs.

    To PostgreSQL, which has few for all, it opens so many connections at most; to its standby too.
    """
    sqlite = app.config["SQLALCHEMY_DATABASE_URI"].startswith("sqlite")
    options = {
        # A connection to SQLite is memory, and a page has it for a millisecond; one to PostgreSQL
        # may wait there for another writer.
        "pool_size": 6 if sqlite else connections,
        "max_overflow": 0,
        "pool_timeout": CONNECTION,
        "pool_use_lifo": True,  # few stay busy, the others stay small
        "hide_parameters": True,  # what people send belongs in no log
    }
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = options
    if standby_url is not None:
        app.config["SQLALCHEMY_BINDS"] = {
            STANDBY: {**options, "url": standby_url, "pool_timeout": 0}
        }
    db.init_app(app)
    app.before_request(lambda: deadline.begin(anew=False))  # our server says it before
    app.teardown_request(lambda _: deadline.end())
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            event.listen(db.engine, "connect", _prepare_sqlite)
            event.listen(db.engine, "begin", _begin_sqlite)
            opening.watch(db.engine)
        else:
            from app.store import postgres  # noqa: PLC0415  elsewhere its driver may be missing

            event.listen(db.engine, "do_connect", postgres.connect)
            event.listen(db.engine, "connect", prepare_postgres)
            event.listen(db.engine, "connect", distributed.notice)
            event.listen(db.engine, "checkout", postgres.check)
            event.listen(db.engine, "handle_error", postgres.leave_read_only)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself
    cursor = connection.cursor()
    # Others beside our writers, as the `sqlite3` of a terminal, know nothing of their turns.
    cursor.execute(f"PRAGMA busy_timeout = {int(LOCK * 1000)}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged report survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    # KiB of each connection; the pages themselves are in the system's cache, once for all.
    cursor.execute("PRAGMA cache_size = -512")
    cursor.close()
    connection.set_progress_handler(deadline.is_over, PERIOD)


def prepare_postgres(connection: Any, _record: object) -> None:
    """Set what a new connection to PostgreSQL needs."""
    # A page is the next rows of an index, in its order. Collected in a bitmap and sorted instead,
    # which pays for few rows, it is all the rows of a project that the planner believes small.
    # To compile a statement takes longer than any of ours.
    connection.execute(
        f"SET enable_bitmapscan = off; SET jit = off; SET lock_timeout = '{LOCK}s';"
        f" SET statement_timeout = '{STATEMENT}s';"
        f" SET idle_in_transaction_session_timeout = '{IDLE}s'"
    )
    connection.commit()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get("writes", False):
        if not is_begun(connection):
            execute_directly(connection, "BEGIN").close()
        return
    # The connection waits for LOCK, whoever has it; who is not in a hurry asks again.
    end = time.monotonic() + (LONGEST if deadline.left() is None else 0)
    while True:
        try:
            execute_directly(connection, "BEGIN IMMEDIATE").close()
        except DBAPIError as error:
            if not is_busy(error) or time.monotonic() >= end:
                raise
        else:
            return


@contextmanager
def reading() -> Iterator[Connection]:
    """One snapshot for everything that a page shows: its version, its sums and its rows.

    Raises FilesError on SQLite, where its files are not those that are open.
    """
    with db.engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            begin_directly(connection)
            yield connection
            return
        connection.execution_options(**READ_ONLY)
        with connection.begin():
            _take_time(connection)
            yield connection


@contextmanager
def writing(*, long: bool = False) -> Iterator[Connection]:
    """One transaction that writes; it commits at the end or leaves nothing behind.

    A `long` one leaves others time for theirs before it. Raises BusyError on SQLite, where one
    writes at a time, if the others take too long, LockError if it cannot wait for them, and
    InDoubtError where COMMIT had no answer.
    """
    engine = db.engine
    with writers_turn(engine, long=long), engine.connect() as connection:
        connection.execution_options(writes=True)
        if connection.dialect.name == "postgresql":
            # As the server has it: one that shall only read must not be talked into writing.
            connection.execution_options(postgresql_readonly=None)
        with committed(connection):
            _take_time(connection)
            yield connection


def is_refused_in_time() -> bool:
    """Whether the server refuses a lock that is not to be had before the time for it is up.

    Else nobody could tell what became of a statement that waits for one in a message with COMMIT:
    the server has both, and goes on with them when the lock is free.
    """
    left = deadline.left()
    return left is None or left > LOCK + ANSWER


def _take_time(connection: Connection) -> None:
    """Let a command's statements take as long as they do: nobody waits for its answer."""
    if connection.dialect.name == "postgresql" and deadline.left() is None:
        post_text(connection, "SET LOCAL statement_timeout = 0")
        post_text(connection, f"SET LOCAL lock_timeout = '{LONGEST:.0f}s'")


def writers_turn(engine: Engine, *, long: bool = False) -> AbstractContextManager[None]:
    """One's turn to write to SQLite (see `app.store.turn`), waited for until the deadline.

    Raises BusyError and LockError when it is entered.
    """
    if engine.dialect.name != "sqlite":
        return nullcontext()
    turn = long_turn if long else short_turn
    return turn(f"{engine.url.database}.lock", deadline.left_or(LONGEST))


def table_of(model: type[Base]) -> Table:
    """The table of a model, as statements outside an ORM session name it."""
    table: Table = model.__table__  # type: ignore[assignment]  # it could be a view, and is none
    return table


def inlined(number: int) -> ColumnElement[int]:
    """A number that stands in a statement's text, so that planners see which index is enough."""
    return literal_column(str(int(number)), Integer)


def upsert(dialect: str, table: Any) -> Any:
    """An INSERT that knows ON CONFLICT, in this dialect."""
    return sqlite.insert(table) if dialect == "sqlite" else postgresql.insert(table)


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
