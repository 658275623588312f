"""Every wait for the database ends by the deadline of the request, and the next one is served."""

import sqlite3
import threading
from contextlib import closing

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.clock import now
from app.ledger.projects import create_project
from app.store import database, deadline
from app.store.database import db, reading, writing
from app.store.faults import is_away
from tests.kit.api import Api
from tests.kit.databases import Databases, postgres_only, sqlite_only

FOR_EVER = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
    " SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(600)",
}


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "REQUEST", 0.5)
    monkeypatch.setattr(database, "LOCK", 0.5)


def is_refused(api: Api, suffix: str = "", job: str = "j") -> bool:
    """Whether a report is told to come again."""
    answer = api.post({"job_id": job, "source_doc_id": "d"}, suffix)
    if answer.status_code != 503:
        return False
    assert answer.headers["Retry-After"].isdigit()
    assert "othing was stored" in answer.json["detail"]
    return True


def test_a_statement_without_an_end_is_ended(app: Flask) -> None:
    for _ in range(2):
        with (
            deadline.within(0.05),
            pytest.raises(DBAPIError) as caught,
            reading() as connection,
        ):
            connection.execute(text(FOR_EVER[connection.dialect.name]))
        assert is_away(caught.value)
    with deadline.within(30), reading() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_a_command_may_take_its_time(app: Flask) -> None:
    assert deadline.left() is None
    for transaction in (reading, writing):
        with transaction() as connection:
            if connection.dialect.name == "postgresql":
                assert connection.scalar(text("SHOW statement_timeout")) == "0"
                assert connection.scalar(text("SHOW lock_timeout")) == "1min"
            else:  # some thousand looks at the deadline
                count = FOR_EVER["sqlite"].replace("FROM n)", "FROM n LIMIT 3000000)")
                connection.execute(text(count))


def test_a_request_has_a_deadline_and_leaves_none_behind(api: Api, app: Flask) -> None:
    seen = []
    app.before_request(lambda: seen.append(deadline.left()))
    deadline.begin()
    first = deadline.left()
    api.get()
    api.get()
    assert seen[0] < first
    assert 0 < seen[1] <= deadline.REQUEST
    assert deadline.left() is None


@sqlite_only
def test_who_knows_nothing_of_our_turns_holds_up_reports_for_a_while_and_no_page(api: Api) -> None:
    path = db.engine.url.database
    api.headers()
    with closing(sqlite3.connect(path, isolation_level=None)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        assert is_refused(api)
        assert api.get().json["total"] == 0
    assert not is_refused(api)
    assert api.get().json["total"] == 1


@sqlite_only
def test_a_command_asks_again_for_a_lock_and_a_request_on_its_connection_does_not(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = db.engine.url.database
    db.engine.dispose()  # its connections wait as long as LOCK was when they were made
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as stranger:
        stranger.execute("BEGIN IMMEDIATE")
        threading.Timer(2 * database.LOCK, stranger.rollback).start()
        create_project("p", name="p", mode="kg_vector", now=now())
        stranger.execute("BEGIN IMMEDIATE")
        with deadline.within(30), pytest.raises(DBAPIError) as caught:
            create_project("q", name="q", mode="kg_vector", now=now())
        assert is_away(caught.value)
        monkeypatch.setattr(database, "LONGEST", 0.1)
        with pytest.raises(DBAPIError):
            create_project("q", name="q", mode="kg_vector", now=now())


@pytest.mark.parametrize("time_for_it", [0.5, 2.0])
@postgres_only
def test_a_locked_project_holds_up_its_reports_for_a_while_and_nothing_else(
    api: Api, monkeypatch: pytest.MonkeyPatch, time_for_it: float
) -> None:
    """Whether the request's time is up first, or the server refuses the lock."""
    monkeypatch.setattr(deadline, "REQUEST", time_for_it)
    create_project("other", name="other", mode="kg_vector", now=now())
    with db.engine.connect() as stranger, stranger.begin():
        stranger.execute(text("SELECT * FROM projects WHERE project_id = 'p1' FOR UPDATE"))
        assert is_refused(api)
        assert api.get().json["total"] == 0
        answer = api.client.post(
            "/api/v1/projects/other/jobs", json={"source_doc_id": "d"}, headers=api.headers()
        )
        assert answer.status_code == 201
    assert api.get().json["total"] == 0
    assert not is_refused(api)


@postgres_only
def test_a_frozen_server_is_not_waited_for(api: Api, databases: Databases) -> None:
    assert not is_refused(api, job="before")
    with databases.frozen():
        for job in "abc":
            assert is_refused(api, job=job)
        assert api.get().status_code == 503
    assert not is_refused(api, job="after")
    assert api.get().json["total"] == 2
