"""The two kinds of transaction, and the queue of SQLite's writers."""

import fcntl
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import text

from app.clock import now
from app.ledger import record
from app.ledger.draft import Draft
from app.ledger.projects import create_project
from app.store import database, deadline
from app.store.database import BusyError, db, reading, writing
from tests.kit.api import Api
from tests.kit.databases import Databases, postgres_only, sqlite_only


def make(project_id: str) -> None:
    create_project(project_id, name=project_id, mode="kg_vector", now=now())


def count(connection) -> int:
    return connection.scalar(text("SELECT count(*) FROM projects"))


def test_all_selects_of_a_page_see_one_moment(app: Flask) -> None:
    make("one")
    with reading() as connection:
        assert count(connection) == 1
        make("two")
        assert count(connection) == 1
    with reading() as connection:
        assert count(connection) == 2


@sqlite_only
@pytest.mark.parametrize("fails", [False, True])
def test_what_a_page_read_from_is_let_go_with_its_connection(app: Flask, *, fails: bool) -> None:
    """Of its transaction SQLAlchemy does not know; left open, it would hold up the log for ever."""
    with app.app_context():
        try:
            with reading() as connection:
                driver = connection.connection.dbapi_connection
                assert driver.in_transaction
                if fails:
                    raise ValueError
        except ValueError:
            assert fails
        assert not driver.in_transaction


def test_a_write_that_fails_leaves_nothing(app: Flask) -> None:
    def half() -> None:
        with writing() as connection:
            connection.execute(text("UPDATE projects SET name = 'changed'"))
            raise LookupError

    make("one")
    with pytest.raises(LookupError):
        half()
    with reading() as connection:
        assert connection.scalar(text("SELECT name FROM projects")) == "one"


@sqlite_only
def test_a_writer_waits_in_the_queue_before_it_asks_sqlite(app: Flask) -> None:
    lock = Path(f"{db.engine.url.database}.lock")
    done = threading.Event()

    def write() -> None:
        with app.app_context():
            make("queued")
        done.set()

    with lock.open("ab") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        thread = threading.Thread(target=write)
        thread.start()
        assert not done.wait(0.3)
        # Whoever is first in the queue has the database for itself.
        with db.engine.connect() as connection:
            connection.execution_options(writes=True)
            with connection.begin():
                assert count(connection) == 0
    thread.join(10)
    assert done.is_set()


@sqlite_only
def test_no_stranger_writes_between_what_a_writer_reads_and_writes(app: Flask) -> None:
    make("one")
    # It knows nothing of our queue, as the `sqlite3` of a terminal.
    with closing(sqlite3.connect(db.engine.url.database, timeout=0)) as stranger, writing() as mine:
        assert count(mine) == 1
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            stranger.execute("UPDATE projects SET name = 'theirs'")
        mine.execute(text("UPDATE projects SET name = 'mine'"))
    with reading() as connection:
        assert connection.scalar(text("SELECT name FROM projects")) == "mine"


@sqlite_only
def test_an_acknowledged_write_survives_a_power_cut(app: Flask) -> None:
    with db.engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA synchronous")) == 2  # FULL
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1


@sqlite_only
def test_whoever_has_the_turn_the_others_give_up_and_read(app: Flask) -> None:
    make("one")
    with writing():
        with deadline.within(0), pytest.raises(BusyError):
            make("two")
        with reading() as connection:
            assert count(connection) == 1
    make("two")


def test_a_busy_database_is_a_503_with_nothing_stored(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = api.headers()
    monkeypatch.setattr(database, "writers_turn", no_turn)
    answer = api.client.post(api.url(), json={"source_doc_id": "d"}, headers=headers)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert api.get().json["total"] == 0


def test_who_is_overtaken_too_often_is_told_to_come_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = {"job_id": "j", "source_doc_id": "d"}
    assert api.post(job).status_code == 201
    before = api.get().data
    monkeypatch.setattr(record, "load_drafts", know_nothing)
    answer = api.post({"jobs": [job | {"status": "failed"}, job | {"job_id": "k"}]}, "/bulk")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"].isdigit()
    assert api.get().data == before


def know_nothing(_connection: object, _project_id: str, reports, folds) -> dict[str, Draft]:
    """As if all jobs were made by others after this look at them."""
    return {report.job_id: Draft(folds=folds) for report in reports}


def no_turn(_engine: object, **_: bool) -> object:
    raise BusyError


@postgres_only
def test_a_restarted_server_costs_no_request(api: Api, databases: Databases) -> None:
    job = {"job_id": "j", "source_doc_id": "d"}
    assert api.post(job).status_code == 201
    with databases.stopped():
        refused = api.post(job | {"job_id": "lost"})
        assert refused.status_code == 503
        assert refused.headers["Retry-After"].isdigit()
    assert api.get().json["total"] == 1
    with databases.stopped():
        pass
    assert api.post(job | {"job_id": "k"}).status_code == 201
    assert api.get().json["total"] == 2


@pytest.mark.parametrize(("letter", "most"), [("x", 1024), ("鱼", 682), ("🐟", 512)])
def test_the_longest_document_id_is_kept_and_found(api: Api, letter: str, most: int) -> None:
    documents = {
        "a": letter * most,
        "b": letter * (most - 1) + "b",
        "c": letter * 256 + "c",
        "d": letter,
    }
    for job_id, document in documents.items():
        assert api.post({"job_id": job_id, "source_doc_id": document}).status_code == 201
    for length, found in ((1, "abcd"), (255, "abc"), (256, "abc"), (257, "ab"), (most, "a")):
        page = api.client.get(api.url(), query_string={"q": letter * length}, headers=api.headers())
        assert {job["job_id"] for job in page.json["jobs"]} == set(found), length
