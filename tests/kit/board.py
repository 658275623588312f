"""A board that really runs: gunicorn in a process of its own, on a port of this machine."""

import itertools
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask

from app import create_app
from app.access.keys import create_key
from app.access.scopes import SCOPE_BY_WORD
from app.access.sessions import create_link
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.store.database import db, writing
from app.web.cookies import naming
from tests.kit import ROOT
from tests.kit.ports import free_port
from tests.kit.sessions import new_session


@dataclass
class Board:
    """A board served by gunicorn, as in production; it can be killed and come back."""

    settings: dict[str, str]
    port: int
    application: str = "wsgi:app"
    key: str = ""
    project: str = ""
    process: subprocess.Popen[bytes] | None = None
    log: Path | None = None
    numbers: Iterator[int] = field(default_factory=itertools.count)
    _app: Flask | None = None

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}{self.settings.get('PATH_PREFIX', '')}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command on the same store."""
        return {**os.environ, **self.settings}

    def start(self) -> None:
        """Serve, and wait until it answers."""
        words = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", self.application]
        environment = {**self.environment, "PORT": str(self.port)}
        how: dict[str, Any] = {"cwd": ROOT, "env": environment, "start_new_session": True}
        with self.log.open("ab") if self.log else nullcontext() as log:
            self.process = subprocess.Popen(words, stderr=log, **how)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/healthz", timeout=2).close()
            except OSError:
                assert self.process.poll() is None, f"gunicorn did not start\n{self._said()}"
                time.sleep(0.05)
            else:
                return
        raise AssertionError("the board does not answer")

    def _said(self) -> str:
        return self.log.read_text(errors="replace") if self.log else "its messages are above"

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
            return create_key(connection, name="test", now=now(), **grant).text

    def sign_in_link(self) -> str:
        """A link that signs a browser in."""
        with self.database(), writing() as connection:
            return f"{self.url}/sign-in#{create_link(connection, now())}"

    def cookie_name(self, kind: str) -> str:
        """What its cookie of this kind is called, without TLS."""
        with self.database():
            return naming().name(kind, secure=False)

    def new_session(self) -> str:
        """What the cookie of a browser holds that was signed in by a link."""
        with self.database():
            return new_session()


@contextmanager
def served(
    settings: dict[str, str], application: str = "wsgi:app", log: Path | None = None
) -> Iterator[Board]:
    """A board that answers, with a key that may write; what it logs goes into a file, or shows."""
    board = Board(settings, free_port(), application, log=log)
    board.start()
    try:
        board.key = board.new_key()
        yield board
    finally:
        board.stop()
