"""Whose fault an error of the database is: real errors, each brought about on its own engine."""

import resource
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import Engine, NullPool, create_engine, select, text
from sqlalchemy.exc import DBAPIError

from app.models import Project
from app.store.database import BusyError, db
from app.store.faults import NO_ANSWER, is_away, lacks_tables, reason_of, sentence_of
from app.store.prepared import Prepared
from tests.kit.databases import Databases, postgres_only, sqlite_only

Cause = Callable[[Engine], object]

INTO_PROJECTS = (
    "INSERT INTO projects (project_id, name, mode, created_at, version, silent_after,"
    " pending, running, completed, failed, empty) VALUES "
)
ROW = "('p', 'a name', 'kg_vector', 1, 1, 1, 0, 0, 0, 0, 0)"
INTO_SCREENS = "INSERT INTO screen_projects VALUES (1, 'p')"
UNNAMED = ROW.replace("'a name'", "NULL")
MODELESS = ROW.replace("kg_vector", "none")


def run(*statements: str) -> Cause:
    """Statements of ours, in one transaction."""

    def cause(engine: Engine) -> None:
        with engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    return cause


def raising(words: str) -> str:
    """A statement that fails as one of a Citus whose node is gone."""
    return f"DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'XX000', MESSAGE = '{words}'; END $$"


def error_of(cause: Cause, engine: Engine) -> Exception:
    """What the cause raises."""
    with pytest.raises(Exception) as caught:  # noqa: PT011  which one it is, is asked here
        cause(engine)
    return caught.value


def prepared(engine: Engine) -> None:
    wrong = Prepared(lambda _: select(Project.project_id).where(text("unknown = 1")))
    with engine.begin() as connection:
        wrong.rows(connection)


def too_few(engine: Engine) -> None:
    sqlite = engine.dialect.name == "sqlite"
    with engine.begin() as connection:
        connection.exec_driver_sql("SELECT ?" if sqlite else "SELECT $1", ())


def not_of_the_database(_engine: Engine) -> None:
    raise RuntimeError("no such table")


@pytest.mark.parametrize(
    ("cause", "sqlite", "postgresql"),
    [
        (run("SELECT unknown FROM jobs"), "SQLITE_ERROR", "42703"),
        (run("SELECT 1 FROM unknown"), "SQLITE_ERROR", "42P01"),
        (run("SELECT unknown(1)"), "SQLITE_ERROR", "42883"),
        (run("SELEKT 1"), "SQLITE_ERROR", "42601"),
        (run(INTO_PROJECTS + ROW, INTO_PROJECTS + ROW), "SQLITE_CONSTRAINT_PRIMARYKEY", "23505"),
        (run(INTO_PROJECTS + UNNAMED), "SQLITE_CONSTRAINT_NOTNULL", "23502"),
        (run(INTO_PROJECTS + MODELESS), "SQLITE_CONSTRAINT_CHECK", "23514"),
        (run(INTO_SCREENS), "SQLITE_CONSTRAINT_FOREIGNKEY", "23503"),
        (prepared, "SQLITE_ERROR", "42703"),
        (too_few, None, "42P02"),
        (not_of_the_database, None, None),
    ],
)
def test_a_fault_of_ours_is_never_a_database_that_is_away(
    app: Flask, cause: Cause, sqlite: str | None, postgresql: str | None
) -> None:
    error = error_of(cause, db.engine)
    raised = getattr(error, "orig", None)
    code = getattr(raised, "sqlite_errorname", None) or getattr(raised, "sqlstate", None)
    assert code == (sqlite if db.engine.dialect.name == "sqlite" else postgresql)
    assert not is_away(error)


@pytest.mark.parametrize(
    ("cause", "lacking"),
    [
        (run("SELECT unknown FROM jobs"), True),
        (run("SELECT 1 FROM unknown"), True),
        (run("INSERT INTO screen_projects (unknown) VALUES (1)"), True),
        (run("SELEKT 1"), False),
        (run(INTO_PROJECTS + ROW, INTO_PROJECTS + ROW), False),
        (not_of_the_database, False),
    ],
)
def test_a_database_that_is_not_migrated_is_known(app: Flask, cause: Cause, lacking: bool) -> None:
    assert lacks_tables(error_of(cause, db.engine)) is lacking


def test_the_reason_is_one_line_without_what_was_sent(app: Flask) -> None:
    error = error_of(run(INTO_PROJECTS + ROW, INTO_PROJECTS + ROW), db.engine)
    assert "a name" not in reason_of(error)
    assert "\n" not in reason_of(error)
    assert reason_of(error) in str(error)
    assert reason_of(BusyError()) == "BusyError"


def test_what_the_store_gives_up_by_itself_is_away(app: Flask) -> None:
    def wait(engine: Engine) -> None:
        small = create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
        try:
            with small.connect():
                small.connect()
        finally:
            small.dispose()

    assert is_away(error_of(wait, db.engine))
    assert is_away(BusyError("too many writers wait"))


# SQLite


def locked(engine: Engine) -> None:
    with (
        closing(sqlite3.connect(engine.url.database, isolation_level=None)) as other,
        engine.connect() as connection,
    ):
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        connection.execute(text("DELETE FROM jobs"))


def locked_by_itself(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql(INTO_PROJECTS + ROW)
        rows = connection.connection.cursor().execute("SELECT 1 FROM projects UNION ALL SELECT 2")
        rows.fetchone()
        connection.execute(text("DROP TABLE created_counts"))


def written_to_no_disk(engine: Engine) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    size = Path(f"{engine.url.database}-wal").stat().st_size
    try:
        with engine.begin() as connection:
            connection.execute(text(INTO_PROJECTS + ROW))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1, hard))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def full(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("CREATE TABLE more (id INTEGER)")


def only_read(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.execute(text("DELETE FROM jobs"))


def in_no_folder(engine: Engine) -> None:
    url = engine.url.set(database=f"{engine.url.database}/none.db")
    run("SELECT 1")(create_engine(url))


def stopped(engine: Engine) -> None:
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        driver.set_progress_handler(lambda: 1, 1)  # type: ignore[union-attr]
        try:
            connection.execute(text("SELECT count(*) FROM jobs a, jobs b"))
        finally:
            driver.set_progress_handler(None, 1)  # type: ignore[union-attr]


def overwritten(offset: int) -> Cause:
    """Its file filled with something else from there on."""

    def cause(engine: Engine) -> None:
        path = Path(str(engine.url.database))
        with closing(sqlite3.connect(path)) as other:
            other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            [[page]] = other.execute("SELECT rootpage FROM sqlite_master WHERE name = 'projects'")
            [[size]] = other.execute("PRAGMA page_size")
        with path.open("r+b") as file:
            file.seek(offset * size * (page - 1))
            file.write(b"\xff" * size)
        other_engine = create_engine(engine.url, poolclass=NullPool)
        run("SELECT name FROM projects")(other_engine)

    return cause


@sqlite_only
@pytest.mark.parametrize(
    ("code", "sentence", "cause"),
    [
        ("SQLITE_BUSY", "The database is busy", locked),
        ("SQLITE_LOCKED", "The database is busy", locked_by_itself),
        ("SQLITE_IOERR_WRITE", "The disk cannot be read or written", written_to_no_disk),
        ("SQLITE_FULL", "The disk is full", full),
        ("SQLITE_READONLY", "The database is read-only", only_read),
        ("SQLITE_CANTOPEN", "The database cannot be opened", in_no_folder),
        ("SQLITE_INTERRUPT", "The database did not answer", stopped),
        ("SQLITE_NOTADB", "The database is damaged", overwritten(0)),
        ("SQLITE_CORRUPT", "The database is damaged", overwritten(1)),
    ],
)
def test_sqlite_does_not_answer(app: Flask, code: str, sentence: str, cause: Cause) -> None:
    db.engine.dispose()  # as nobody has used it yet
    with db.engine.connect():
        pass
    error = error_of(cause, db.engine)
    assert isinstance(error, DBAPIError)
    assert error.orig.sqlite_errorname == code  # type: ignore[union-attr]
    assert sentence_of(error) == sentence
    assert is_away(error)
    assert not lacks_tables(error)


# PostgreSQL


def waits_for_a_lock(setting: str) -> Cause:
    def cause(engine: Engine) -> None:
        with engine.begin() as first, engine.begin() as second:
            first.execute(text("LOCK TABLE jobs"))
            second.execute(text(f"SET LOCAL {setting} = '20ms'"))
            second.execute(text("SELECT 1 FROM jobs"))

    return cause


def deadlock(engine: Engine) -> None:
    ready = threading.Barrier(2)
    errors: list[Exception] = []

    def lock(first: str, second: str) -> None:
        try:
            with engine.begin() as connection:
                connection.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
                connection.execute(text(f"LOCK TABLE {first}"))
                ready.wait(10)
                connection.execute(text(f"LOCK TABLE {second}"))
        except DBAPIError as error:
            errors.append(error)

    other = threading.Thread(target=lock, args=("events", "jobs"))
    other.start()
    lock("jobs", "events")
    other.join(10)
    raise errors[0]


def changed_meanwhile(engine: Engine) -> None:
    run(INTO_PROJECTS + ROW)(engine)
    raised = "UPDATE projects SET version = version + 1"
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.execute(text("SELECT 1 FROM projects"))
        run(raised)(engine)
        connection.execute(text(raised))


written_to_none = run("SET TRANSACTION READ ONLY", "DELETE FROM jobs")


def refused_by_the_server(state: str) -> Cause:
    """What the server says with a code for which no test can bring it about."""
    return run(f"DO $$ BEGIN RAISE EXCEPTION 'it says' USING ERRCODE = '{state}'; END $$")


def no_place_left(engine: Engine) -> None:
    run("CREATE ROLE guest LOGIN CONNECTION LIMIT 0")(engine)
    try:
        run("SELECT 1")(create_engine(engine.url.set(username="guest")))
    finally:
        run("DROP ROLE guest")(engine)


def as_nobody(engine: Engine) -> None:
    run("SELECT 1")(create_engine(engine.url.set(username="nobody")))


def into_nothing(engine: Engine) -> None:
    run("SELECT 1")(create_engine(engine.url.set(database="nothing")))


def to_nowhere(engine: Engine) -> None:
    run("SELECT 1")(create_engine(engine.url.update_query_dict({"host": "/nowhere"})))


def broken_off(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.connection.driver_connection.pgconn.finish()  # type: ignore[union-attr]
        connection.execute(text("SELECT 1"))


@postgres_only
@pytest.mark.parametrize(
    ("state", "sentence", "cause"),
    [
        ("55P03", "The database is busy", waits_for_a_lock("lock_timeout")),
        ("57014", NO_ANSWER, waits_for_a_lock("statement_timeout")),
        ("40P01", "The database is busy", deadlock),
        ("40001", "The database is busy", changed_meanwhile),
        ("57P01", NO_ANSWER, run("SELECT pg_terminate_backend(pg_backend_pid())")),
        ("XX000", NO_ANSWER, run(raising("server closed the connection unexpectedly"))),
        (
            "25006",
            "The database is read-only",
            written_to_none,
        ),
        ("53100", "The disk is full", refused_by_the_server("53100")),
        ("53200", "The database has no memory or connection left", refused_by_the_server("53200")),
        # Where no connection comes about, no code does.
        (None, NO_ANSWER, no_place_left),
        (None, NO_ANSWER, into_nothing),
        (None, NO_ANSWER, as_nobody),
        (None, NO_ANSWER, to_nowhere),
        (None, NO_ANSWER, broken_off),
    ],
)
def test_postgresql_does_not_answer(
    app: Flask, state: str | None, sentence: str, cause: Cause
) -> None:
    error = error_of(cause, db.engine)
    assert isinstance(error, DBAPIError)
    assert error.orig.sqlstate == state  # type: ignore[union-attr]
    assert sentence_of(error) == sentence
    assert is_away(error)
    assert not lacks_tables(error)


@postgres_only
def test_a_server_that_stops_is_away(app: Flask, databases: Databases) -> None:
    with db.engine.connect() as connection, databases.stopped():
        assert is_away(error_of(lambda _: connection.execute(text("SELECT 1")), db.engine))
        assert is_away(error_of(run("SELECT 1"), db.engine))
