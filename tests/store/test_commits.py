"""COMMIT whose answer does not come: what is said then is true, and repeating is safe."""

import errno
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from flask import Flask
from jinja2 import BytecodeCache
from sqlalchemy import text
from werkzeug.test import TestResponse

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.store.database import db, reading, writing
from tests.kit.api import Api
from tests.kit.commands import invoke
from tests.kit.cutting import Cutting, cutting
from tests.kit.databases import postgres_only, sqlite_only
from tests.kit.faulty import SYNCING, WRITING, fail_from_now_on, in_a_child
from tests.kit.forms import form_of
from tests.kit.problems import assert_problem

JOB = {"source_doc_id": "d", "status": "failed", "error_message": "e"}
BULK = {"jobs": [JOB | {"job_id": "a"}, JOB | {"job_id": "b"}, JOB | {"job_id": "a"}]}


@pytest.fixture
def cut(settings: dict[str, str], compiled: BytecodeCache) -> Iterator[tuple[Api, Cutting]]:
    """An API that reaches its database by a way that can be cut off, and that way."""
    with cutting(settings["DATABASE_URL"]) as way:
        url = way.url.render_as_string(hide_password=False)
        app = create_app(read(settings | {"DATABASE_URL": url}))
        app.jinja_env.bytecode_cache = compiled
        with app.app_context():
            create_project("p1", name="Project one", mode="kg_vector", now=now())
            yield Api(app, app.test_client()), way
            way.cut = ""
            db.engine.dispose()


def told_to_repeat(answer: TestResponse) -> dict[str, Any]:
    problem = assert_problem(answer, 503)
    assert answer.headers["Retry-After"].isdigit()
    assert "It may have been stored" in problem["detail"]
    assert "nothing was stored" not in problem["detail"]
    return problem


Sent = Callable[[Api, dict[str, Any]], TestResponse]
REPORTS: dict[str, tuple[Sent, int]] = {
    "without an id": (lambda api, named: api.post(JOB | named), 1),
    "with an id": (lambda api, _: api.post(JOB | {"job_id": "own"}), 1),
    "with a key": (lambda api, _: api.post(JOB, **{"Idempotency-Key": "k"}), 1),
    "by its address": (lambda api, _: api.patch("own", JOB), 1),
    "in bulk": (lambda api, _: api.post(BULK, "/bulk"), 2),
}
"""How it is reported, told what to name the second time; and how many jobs it makes."""


@postgres_only
@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize(("send", "made"), REPORTS.values(), ids=REPORTS)
def test_a_report_whose_storing_is_unknown_says_so_and_is_repeated_safely(
    cut: tuple[Api, Cutting], moment: str, send: Sent, made: int
) -> None:
    api, way = cut
    api.key()
    way.cut = moment
    problem = told_to_repeat(send(api, {}))
    assert way.cuts == 1
    way.cut = ""
    assert api.get().json["total"] == (made if moment == "after" else 0), "either may be true"
    named = {"job_id": problem["job_id"]} if "job_id" in problem else {}
    assert all(one in problem["detail"] for one in named.values())
    assert (made > 1) != bool(named), "all of a bulk have ids"
    assert send(api, named).status_code in (200, 201)
    assert api.get().json["total"] == made
    job_ids = {job["job_id"] for job in api.get().json["jobs"]}
    assert not named or job_ids == {problem["job_id"]}


@postgres_only
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_project_whose_storing_is_unknown_is_named(cut: tuple[Api, Cutting], moment: str) -> None:
    api, way = cut
    wanted, headers = {"name": "new", "mode": "kg_vector"}, api.headers()
    way.cut = moment
    problem = told_to_repeat(api.client.post("/api/v1/projects", json=wanted, headers=headers))
    way.cut = ""
    named = {"project_id": problem["project_id"]}
    assert named["project_id"] in problem["detail"]
    again = api.client.post("/api/v1/projects", json=wanted | named, headers=headers)
    assert again.status_code == (409 if moment == "after" else 201)


FORMS: dict[str, tuple[str, dict[str, str]]] = {
    "a screen's link": ("/screens/link", {"name": "tv", "step": "done"}),
    "signing out": ("/sign-out", {}),
}


@postgres_only
@pytest.mark.parametrize(("path", "fields"), FORMS.values(), ids=FORMS)
def test_a_form_whose_storing_is_unknown_says_so(
    cut: tuple[Api, Cutting], path: str, fields: dict[str, str]
) -> None:
    api, way = cut
    api.sign_in()
    token = {"csrf_token": form_of(api.client, "/screens")["csrf_token"]}
    way.cut = "after"
    answer = api.client.post(path, data=fields | token)
    assert (answer.status_code, answer.mimetype) == (503, "text/html")
    assert answer.headers["Retry-After"].isdigit()
    assert "It may have been stored" in answer.text


@postgres_only
def test_what_fails_before_its_commit_stored_nothing_and_says_that(
    cut: tuple[Api, Cutting],
) -> None:
    api, way = cut
    headers = api.headers()
    way.cut, way.at = "before", b"INSERT INTO jobs"
    problem = assert_problem(api.client.post(api.url(), json=JOB, headers=headers), 503)
    assert "nothing was stored" in problem["detail"]
    assert way.cuts == 1
    assert api.get().json["total"] == 0


@postgres_only
def test_a_refused_commit_stored_nothing(app: Flask, api: Api) -> None:
    """The server itself says that it rolled back."""
    with writing() as connection:
        connection.execute(text("ALTER TABLE jobs ADD UNIQUE (source_doc_id) INITIALLY DEFERRED"))
    jobs = {"jobs": [JOB | {"job_id": "a"}, JOB | {"job_id": "b"}]}
    assert_problem(api.post(jobs, "/bulk"), 500)
    assert api.get().json["total"] == 0


@contextmanager
def standby_that_never_comes(url: str) -> Iterator[psycopg.Connection[Any]]:
    """A server whose COMMITs wait for a standby; and a connection to it that writes nothing."""

    def let(value: str) -> None:
        server.execute(f"ALTER SYSTEM {value}")
        server.execute("SELECT pg_reload_conf()")

    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as server:
        let("SET synchronous_standby_names = 'nobody'")
        try:
            yield server
        finally:
            let("RESET synchronous_standby_names")


@postgres_only
def test_a_connection_that_ends_while_its_commit_waits_has_stored(
    settings: dict[str, str], api: Api
) -> None:
    """PostgreSQL keeps what waits for a standby, and ends the connection without a word of it."""
    headers, answers = api.headers(), []

    def report() -> None:
        """Report more and more, until the server has heard that there is a standby."""
        while not answers or answers[-1].status_code < 300:
            told = JOB | {"job_id": "own", "chunks_processed": len(answers)}
            answers.append(api.client.post(api.url(), json=told, headers=headers))

    end_what_waits = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE wait_event = 'SyncRep' AND datname = current_database()"
    )
    with standby_that_never_comes(settings["DATABASE_URL"]) as server:
        thread = threading.Thread(target=report)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.execute(end_what_waits).rowcount and time.monotonic() < deadline:
            thread.join(0.02)
        thread.join(20)
    assert told_to_repeat(answers[-1])["job_id"] == "own"
    [job] = api.get().json["jobs"]
    assert job["chunks_processed"] == len(answers) - 1


@postgres_only
def test_a_command_says_so_too(cut: tuple[Api, Cutting]) -> None:
    api, way = cut
    way.cut = "after"
    result = invoke(api.app, "projects", "create", "Another")
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "It may have been stored" in result.stderr


# SQLite


@sqlite_only
@pytest.mark.parametrize(
    ("calls", "number", "words", "stored"),
    [
        (WRITING, errno.ENOSPC, "nothing was stored", 0),
        (WRITING, errno.EIO, "nothing was stored", 0),
        (SYNCING, errno.EIO, "It may have been stored", 1),
    ],
)
def test_a_disk_that_fails_at_the_commit(
    api: Api, calls: tuple[str, ...], number: int, words: str, stored: int
) -> None:
    """Where the log could not be synced, what is in it is found by whoever comes next."""
    headers = api.headers()
    db.engine.dispose()

    def report() -> str:
        create_project("p2", name="two", mode="kg_vector", now=now())  # so the log has its head
        fail_from_now_on(calls, number)
        answer = api.client.post(api.url(), json=JOB, headers=headers)
        return str(assert_problem(answer, 503)["detail"])

    detail = in_a_child(report)
    assert words in detail
    with reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM jobs")) == stored
