"""`/healthz` and `/readyz`: what they say when real things are wrong, and in what time."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest
from flask import Flask
from sqlalchemy import text

from app.clock import now
from app.ledger.projects import create_project
from app.store import readiness
from app.store.database import db, reading, writing
from app.web.healthz import NAME
from tests.kit.databases import Databases, postgres_only, sqlite_only
from tests.kit.faulty import in_a_child, obey_modes
from tests.kit.statements import statements


def ready(app: Flask) -> tuple[int, str]:
    """What `/readyz` says; while `/healthz` asks nobody and is well."""
    with statements(db.engine) as heard:
        well(app)
    assert heard == []
    return readiness_of(app)


def well(app: Flask) -> None:
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def readiness_of(app: Flask) -> tuple[int, str]:
    answer = app.test_client().get("/readyz")
    assert answer.mimetype == "text/plain"
    assert answer.headers["Cache-Control"] == "no-store"
    assert str(db.engine.url.database) not in answer.text
    assert "/" not in answer.text, "no path"
    return answer.status_code, answer.text


def test_a_board_that_could_store_a_report_is_ready(app: Flask) -> None:
    assert ready(app) == (200, "ready\n")


def test_it_costs_three_statements_at_most(app: Flask) -> None:
    with statements(db.engine) as heard:
        app.test_client().get("/readyz")
    assert 2 <= len(heard) <= 3, heard


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ("UPDATE alembic_version SET version_num = '0007'", "of revision 0007, and this"),
        ("UPDATE alembic_version SET version_num = '9999'", "9999, made by a newer Jobwall"),
        ("DELETE FROM alembic_version", "has no tables yet"),
        ("DROP TABLE alembic_version", "has no tables yet"),
    ],
)
def test_tables_of_another_revision_are_named(app: Flask, change: str, words: str) -> None:
    with writing() as connection:
        connection.execute(text(change))
    status, said = ready(app)
    assert status == 503
    assert said.startswith("migrations: The database ")
    assert words in said
    assert said.count("\n") == 1


def database() -> Path:
    return Path(str(db.engine.url.database))


def damage() -> None:
    db.engine.dispose()
    database().write_bytes(b"no database " * 500)


def take_its_lock() -> None:
    lock = Path(f"{database()}.lock")
    lock.unlink(missing_ok=True)
    lock.mkdir()


@sqlite_only
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (damage, "database: The database is damaged\n"),
        (take_its_lock, "disk: The lock file of the database cannot be used\n"),
    ],
)
def test_files_that_cannot_be_used_are_named(
    app: Flask, change: Callable[[], None], said: str
) -> None:
    change()
    assert ready(app) == (503, said)


@sqlite_only
def test_a_disk_without_room_is_named(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "LEAST_FREE", 2**60)
    assert ready(app) == (503, "disk: The disk is full\n")


@sqlite_only
@pytest.mark.parametrize("end", ["", "-wal"])
def test_files_that_may_not_be_written_are_named(app: Flask, end: str) -> None:
    db.engine.dispose()

    def ask() -> tuple[int, str]:
        create_project("p", name="p", mode="kg_vector", now=now())
        with reading():  # its files are there, and none is empty
            Path(f"{database()}{end}").chmod(0o400)
            obey_modes()
            return ready(app)

    said = "read-only: The files of the database cannot be written\n"
    assert in_a_child(ask) == (503, said)


@sqlite_only
def test_all_that_is_wrong_is_said(app: Flask) -> None:
    with writing() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    take_its_lock()
    status, said = ready(app)
    assert status == 503
    assert [line.partition(":")[0] for line in said.splitlines()] == ["migrations", "disk"]


@postgres_only
def test_a_server_that_is_gone_is_named(app: Flask, databases: Databases) -> None:
    with databases.stopped():
        assert ready(app) == (503, "database: The database did not answer\n")
    assert ready(app) == (200, "ready\n")


@postgres_only
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("SET default_transaction_read_only = on", "The database takes no writes by default"),
        ("SET search_path = public, pg_catalog", "The database is a standby"),
    ],
)
def test_a_server_that_takes_no_writes_is_named(app: Flask, change: str, said: str) -> None:
    with writing() as connection:
        name = connection.scalar(text("SELECT current_database()"))
        # What a real standby says of itself; it stands before PostgreSQL's own in that path.
        connection.execute(
            text("CREATE FUNCTION pg_is_in_recovery() RETURNS bool LANGUAGE sql AS 'SELECT true'")
        )
        connection.execute(text(f"ALTER DATABASE {name} {change}"))
    db.engine.dispose()
    assert ready(app) == (503, f"read-only: {said}\n")


# In time


@contextmanager
def nobody_may_read(url: str) -> Iterator[None]:
    """The database held so that whoever reads must wait."""
    db.engine.dispose()
    if db.engine.dialect.name == "sqlite":
        with closing(sqlite3.connect(database(), isolation_level=None)) as other:
            other.execute("PRAGMA locking_mode = EXCLUSIVE")
            other.execute("DELETE FROM jobs")
            yield
    else:
        with psycopg.connect(url.replace("+psycopg", "")) as other:
            other.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
            yield


def test_whatever_holds_it_up_the_answer_comes_in_time_and_one_connection_waits(
    app: Flask, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE", 0.2)
    answers: list[tuple[int, str]] = []

    def ask() -> None:
        with app.app_context():
            well(app)  # what the others ask meanwhile is heard too, so that is not counted
            answers.append(readiness_of(app))

    with nobody_may_read(settings.get("DATABASE_URL", "")):
        crowd = [threading.Thread(target=ask) for _ in range(20)]
        for one in crowd:
            one.start()
        for one in crowd:
            one.join(10)
        assert answers == [(503, "database: The database did not answer within 0 s\n")] * 20
        assert db.engine.pool.checkedout() <= 1
        waiting = app.extensions[NAME].look
    assert waiting.ended.wait(40)
    assert ready(app) == (200, "ready\n")
