"""Fresh databases of both engines, each a copy of one that was migrated once."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from sqlalchemy import make_url

from app import create_app
from app.config import read
from app.store.database import db

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
