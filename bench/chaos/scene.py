"""Where a fault is caused: a board with a history, on an engine, and those who use it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select

from app import create_app
from app.access.scopes import Scope
from app.config import read
from app.models import Cause, Job
from app.queries.looking import MOST_CAUSES
from app.rules.causes import LINE
from app.store.database import db, reading, writing
from bench.access import key_header, session_headers
from bench.chaos.others import Headers, Others
from bench.databases import MAIN, PROJECTS, Databases, Settings
from bench.server import ROOT, Server, serve

THEIRS = PROJECTS[1]
"""The project to which everybody else reports."""


@dataclass
class Scene:
    """A board that is served, and what there is to harm it with."""

    settings: Settings
    server: Server
    databases: Databases
    reader: Headers
    writer: Headers
    person: Headers

    @property
    def sqlite(self) -> bool:
        """Which of the two engines it is."""
        return not self.settings["DATABASE_URL"]

    @property
    def store(self) -> str:
        """The path of a SQLite store."""
        return f"{self.settings['INSTANCE']}/jobwall.db"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a command on the same store."""
        return {**os.environ, **self.settings}

    def others(self) -> Others:
        """Everybody else."""
        reads = {
            f"/api/v1/projects/{MAIN}/jobs?limit=50": self.reader,
            f"/projects/{THEIRS}": self.person,
            "/healthz": {},
        }
        return Others(self.server.port, THEIRS, reads, self.writer)

    def command(self, *words: str) -> subprocess.Popen[bytes]:
        """A command of ours on the same store."""
        folder = self.settings["INSTANCE"]
        return subprocess.Popen(
            [sys.executable, "-m", "app.cli", *(one.format(folder=folder) for one in words)],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def wrong(self) -> str:
        """What `jobwall verify` finds wrong in the project of everybody else; empty if nothing."""
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "verify", "--project", THEIRS],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return "" if done.stdout == "clean\n" else done.stdout + done.stderr

    def stored(self, ids: list[str]) -> set[str]:
        """Which of these jobs of everybody else are there."""
        found: set[str] = set()
        with create_app(read(self.settings)).app_context():
            with reading() as connection:
                for start in range(0, len(ids), 500):
                    some = ids[start : start + 500]
                    mine = select(Job.job_id).where(Job.project_id == THEIRS, Job.job_id.in_(some))
                    found |= set(connection.scalars(mine))
            db.engine.dispose()
        return found


@contextmanager
def scene(databases: Databases, engine: str, size: int) -> Iterator[Scene]:
    """A board of so many jobs, whose main project has as many causes as a search looks at."""
    scratch = databases.scratch_sqlite if engine == "sqlite" else databases.scratch_postgres
    with scratch(size) as settings:
        _make_causes(settings)
        keys = key_header(settings), key_header(settings, Scope.WRITE)
        [person] = session_headers(settings, 1)
        with serve("wsgi:app", settings) as server:
            yield Scene(settings, server, databases, *keys, person)


def _make_causes(settings: Settings) -> None:
    line = ("ab" * LINE)[: LINE - 6]
    rows: list[dict[str, Any]] = [
        {
            "project_id": MAIN,
            "cause": number,
            "line": f"{line}{number}",
            "job_id": "none",
            "jobs": 1,
            "documents": 1,
            "first_at": number,
            "last_at": number,
        }
        for number in range(MOST_CAUSES)
    ]
    with create_app(read(settings)).app_context():
        with writing() as connection:
            connection.execute(insert(Cause), rows)
        db.engine.dispose()
