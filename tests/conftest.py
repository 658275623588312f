"""What every test stands on: a fresh database, an app, keys, and a board that really runs."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import flask_migrate
import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.access.keys import create_key
from app.access.scopes import SCOPE_BY_WORD
from app.access.sessions import create_link
from app.config import read
from app.database import db, writing
from app.ledger.projects import create_project
from app.times import now

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An instance folder with an empty, migrated database, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    app = create_app(read({"INSTANCE": str(folder)}))
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    return folder


@pytest.fixture
def app(migrated: Path, tmp_path: Path) -> Iterator[Flask]:
    """An app on a database of its own."""
    folder = tmp_path / "instance"
    shutil.copytree(migrated, folder)
    app = create_app(read({"INSTANCE": str(folder)}))
    app.testing = False  # errors must reach the handlers, as in production
    with app.app_context():
        yield app
        db.engine.dispose()


@dataclass
class Api:
    """A client of the API of one app, with a key of each scope."""

    app: Flask
    client: FlaskClient
    project: str = "p1"
    keys: dict[str, str] = field(default_factory=dict)

    def key(self, scope: str = "admin", project_id: str | None = None) -> str:
        """A new or known key of a scope."""
        name = f"{scope} {project_id}"
        if name not in self.keys:
            with writing() as connection:
                self.keys[name] = create_key(
                    connection,
                    name=name,
                    scope=SCOPE_BY_WORD[scope],
                    project_id=project_id,
                    now=now(),
                )
        return self.keys[name]

    def headers(self, scope: str = "admin", **more: str) -> dict[str, str]:
        """The Authorization header, and more."""
        return {"Authorization": f"Bearer {self.key(scope)}", **more}

    def url(self, path: str = "") -> str:
        """A URL under the project's jobs."""
        return f"/api/v1/projects/{self.project}/jobs{path}"

    def get(self, path: str = "", *, scope: str = "admin", **headers: str):
        """GET under the project's jobs."""
        return self.client.get(self.url(path), headers=self.headers(scope, **headers))

    def post(self, body: object, path: str = "", *, scope: str = "admin", **headers: str):
        """POST under the project's jobs."""
        return self.client.post(self.url(path), json=body, headers=self.headers(scope, **headers))

    def patch(self, job_id: str, body: object, *, scope: str = "admin"):
        """PATCH a job of the project."""
        return self.client.patch(self.url(f"/{job_id}"), json=body, headers=self.headers(scope))


@pytest.fixture
def api(app: Flask) -> Api:
    """An API client whose app has one project, `p1`."""
    create_project("p1", name="Project one", mode="kg_vector", now=now())
    return Api(app, app.test_client())


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Board:
    """A board served by gunicorn, as in production; it can be killed and come back."""

    folder: Path
    port: int
    key: str = ""
    project: str = ""
    process: subprocess.Popen[bytes] | None = None
    _app: Flask | None = None

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Serve, and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"],
            cwd=ROOT,
            env={**os.environ, "INSTANCE": str(self.folder), "PORT": str(self.port)},
            start_new_session=True,
        )
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
            except OSError:
                assert self.process.poll() is None, "gunicorn did not start"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the board does not answer")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the whole group of processes."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, how)
            self.process.wait(15)
        self.process = None

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the whole group, which may be stopped and go on."""
        assert self.process is not None
        os.killpg(self.process.pid, number)

    @contextmanager
    def database(self) -> Iterator[None]:
        """Reach the board's database from the test, to set things up and to look at them."""
        if self._app is None:
            self._app = create_app(read({"INSTANCE": str(self.folder)}))
        with self._app.app_context():
            yield
            db.engine.dispose()

    def new_project(self, project_id: str, **options: object) -> str:
        """Make a project; gives its id."""
        wanted = {"name": project_id, "mode": "kg_vector", "now": now()} | options
        with self.database():
            create_project(project_id, **wanted)
        return project_id

    def new_key(self, scope: str = "write") -> str:
        """Make a key for all projects."""
        with self.database(), writing() as connection:
            return create_key(connection, name="test", scope=SCOPE_BY_WORD[scope], now=now())

    def sign_in_link(self) -> str:
        """A link that signs a browser in."""
        with self.database(), writing() as connection:
            return f"{self.url}/sign-in#{create_link(connection, now())}"


@pytest.fixture(scope="session")
def shared_board(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One board for all tests that only need some board."""
    folder = tmp_path_factory.mktemp("board") / "instance"
    shutil.copytree(migrated, folder)
    board = Board(folder, free_port())
    board.start()
    board.key = board.new_key()
    yield board
    board.stop()


@pytest.fixture
def live_board(shared_board: Board, request: pytest.FixtureRequest) -> Board:
    """The shared board, with a project of the test's own."""
    count = shared_board.__dict__.setdefault("_projects", iter(range(10_000)))
    shared_board.project = shared_board.new_project(f"live-{next(count)}")
    return shared_board


@pytest.fixture
def own_board(migrated: Path, tmp_path: Path) -> Iterator[Board]:
    """A board that the test may kill."""
    folder = tmp_path / "instance"
    shutil.copytree(migrated, folder)
    board = Board(folder, free_port())
    board.start()
    board.key = board.new_key()
    board.project = board.new_project("p1")
    yield board
    board.stop()
