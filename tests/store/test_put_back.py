"""A store that is put back to an earlier moment under boards that run: none shows what was lost.

By `jobwall restore` or `pg_restore`; a failover to a server that lagged is the same to them.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from werkzeug.test import TestResponse

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.store import backups
from app.store.database import db
from app.web.cookies import SESSION
from tests.kit.api import Api
from tests.kit.cookies import give
from tests.kit.databases import Databases
from tests.kit.sessions import new_session

PATHS = [
    "/api/v1/projects/p1/jobs",
    "/api/v1/projects/p1/jobs?status=failed",
    "/projects/p1",
    "/projects/p1/causes",
    "/projects/p1/document?id=d",
    "/projects/p1/jobs/j0",
    "/",
    "/wall/board",
]


class Clock:
    """The boards' clock, which stands still: a page is another with every minute."""

    def __init__(self) -> None:
        self.moment = time.time_ns()
        self.kept_for = 0.0  # seconds of the cache's own clock

    def time_ns(self) -> int:
        return self.moment

    def monotonic(self) -> float:
        return self.kept_for


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    for module in ("app.clock", "app.web.cache"):
        monkeypatch.setattr(f"{module}.time", clock)
    return clock


@pytest.fixture
def put_back(
    app: Flask, databases: Databases, tmp_path: Path
) -> Callable[[], Callable[[], object]]:
    """Keeps the store as it is; gives what puts it back."""

    def keep() -> Callable[[], object]:
        kept = tmp_path / "kept"
        if databases.engine == "sqlite":
            backups.back_up(kept, force=False, progress=quietly)
            return lambda: backups.restore(kept, quietly, print)
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        run(databases, "pg_dump", "--format=custom", f"--file={kept}", f"--dbname={url}")
        once = ("--clean", "--single-transaction", "--exit-on-error", f"--dbname={url}")
        return lambda: run(databases, "pg_restore", *once, str(kept))

    return keep


def quietly(_done: int, _total: int) -> None:
    pass


def run(databases: Databases, tool: str, *words: str) -> None:
    done = subprocess.run(
        [str(databases.programs / tool), *words],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def boards(
    api: Api, settings: dict[str, str], compiled: BytecodeCache
) -> Iterator[list[FlaskClient]]:
    """Clients of two processes that keep pages, and of one that keeps none: what is true."""
    session = new_session()
    apps = [create_app(read(settings | {"CACHE_MB": size})) for size in ("16", "16", "0")]
    clients = []
    for app in apps:
        app.jinja_env.bytecode_cache = compiled
        clients.append(app.test_client())
        give(clients[-1], SESSION, session)
    yield clients
    for app in apps:
        with app.app_context():
            db.engine.dispose()


def report(api: Api, number: int) -> None:
    job = {"job_id": f"j{number % 2}", "source_doc_id": "d", "status": "failed"}
    body = job | {"attempt": number + 1, "error_message": f"error-{number}"}
    assert api.post(body).status_code in (200, 201)


def test_no_board_shows_what_was_lost_nor_takes_it_for_what_came_after(
    api: Api, boards: list[FlaskClient], put_back, clock: Clock
) -> None:
    def ask(client: FlaskClient, path: str, known: str = "") -> TestResponse:
        headers = api.headers() | {"If-None-Match": known, "HX-Request-Type": "partial"}
        answer = client.get(path, headers=headers)
        assert answer.status_code in (200, 304), (path, answer.text)
        return answer

    def show_what_is_true() -> None:
        for path in PATHS:
            true = ask(boards[2], path)
            for client in boards:
                answer = ask(client, path)
                assert (answer.data, "Age" in answer.headers) == (true.data, False), path
                assert ask(client, path, ", ".join(lost[path])).status_code == 200, path
                assert ask(client, path, answer.headers["ETag"]).status_code == 304

    lost: dict[str, set[str]] = {path: set() for path in PATHS}
    create_project(
        "p2", name="Beside it", mode="kg_vector", now=now()
    )  # of several, lines are kept
    report(api, 0)
    report(api, 1)
    for path in PATHS:
        ask(boards[0], path)
    restore = put_back()
    for number in range(2, 5):
        report(api, number)
        for path in PATHS:
            lost[path] |= {ask(client, path).headers["ETag"] for client in boards[1:]}
    restore()
    show_what_is_true()
    for number in range(2, 5):  # the same reports, told otherwise
        report(api, number + 10)
        clock.kept_for += 1
        show_what_is_true()
