"""Fresh databases of both engines, each a copy of one that was migrated once."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import flask_migrate
import psycopg
import pytest
from sqlalchemy import Table, make_url

from app import create_app
from app.config import read
from app.store import distributing
from app.store.database import Base, db, writing
from tests.kit.citus import Citus
from tests.kit.servers import Server, frozen, pair

postgres_only = pytest.mark.parametrize("databases", ["postgresql"], indirect=True)
"""For a test of what only PostgreSQL has: a server, and writers side by side."""

sqlite_only = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
"""For a test of what only SQLite has: files, PRAGMAs, plans."""


SCHEMA = """
SELECT (SELECT string_agg(concat(oid, ':', xmin), ' ' ORDER BY oid)
        FROM pg_class WHERE relnamespace = 'public'::regnamespace),
       (SELECT string_agg(concat(attrelid, ':', attnum, ':', a.xmin), ' ' ORDER BY attrelid, attnum)
        FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace),
       (SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace),
       (SELECT count(*) FROM pg_statistic WHERE starelid >= 16384)
"""
"""What no test leaves changed that a next one could be given: tables, functions, ANALYZE."""

REVISION = "SELECT version_num FROM alembic_version"

ALONE = """
SELECT pg_terminate_backend(pid, 5000)
FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()
"""
MANY = 2000  # rows that a database has held: what is left of them would be felt


class Databases:
    """Gives migrated, empty databases of one engine: copies of the first.

    PostgreSQL takes a hundred times as long for a copy as for emptying one, so there a database is
    used again unless a test left more in it than some rows.
    """

    def __init__(self, folder: Path, server: Any = None) -> None:
        self.engine = "sqlite" if server is None else "postgresql"
        self._folder = folder
        self._process = server
        self._server = None if server is None else server.get_uri()
        self._numbers = itertools.count()
        self._empty: dict[str, Copy] = {}
        if isinstance(server, Citus):
            return  # each database is made and laid out by itself
        if server is not None:
            self._run("CREATE DATABASE migrated")
        self._migrate("migrated")

    def _migrate(self, name: str) -> None:
        app = create_app(read(self._settings(self._folder, name)))
        with app.app_context():
            flask_migrate.upgrade()
            if isinstance(self._process, Citus):
                with writing() as connection:
                    plan = distributing.layout(connection)
                    distributing.distribute(connection, plan, lambda _done, _total: None)
            db.engine.dispose()

    def _settings(self, folder: Path, name: str) -> dict[str, str]:
        settings = {"INSTANCE": str(folder)}
        if self._server is not None:
            url = make_url(self._server).set(drivername="postgresql+psycopg", database=name)
            settings["DATABASE_URL"] = url.render_as_string(hide_password=False)
        return settings

    @property
    def programs(self) -> Path:
        """The folder of the programs that come with the PostgreSQL server, such as pg_dump."""
        return Path(self._process.bin_path)

    @contextmanager
    def copied_twice(self) -> Iterator[tuple[Server, Server]]:
        """Two more servers, copies of this one with the database `migrated`: see `servers.pair`."""
        with pair(self.programs, self._process.system_user, self._process.get_uri()) as servers:
            yield servers

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """The PostgreSQL server stopped, and started again afterwards."""
        self._process.stop()
        try:
            yield
        finally:
            self._process.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The PostgreSQL server and its processes stopped as they are: it refuses nothing."""
        with frozen(Path(self._process.pgdata)):
            yield

    @contextmanager
    def new(self, folder: Path) -> Iterator[dict[str, str]]:
        """A new database with its instance folder: the settings by which an app finds it."""
        shutil.copytree(self._folder, folder)
        if self._server is None:
            yield self._settings(folder, "")
            return
        name, copy = self._empty.popitem() if self._empty else self._copied()
        yield self._settings(folder, name)
        with self._connected(name) as connection:
            connection.execute(ALONE, (name,))
            if copy.schema == _schema(connection):
                copy.held += empty(connection)
            else:
                copy.held = MANY
        if copy.held < MANY:
            self._empty[name] = copy
        else:
            self._drop(name)

    def _copied(self) -> tuple[str, "Copy"]:
        if isinstance(self._process, Citus):  # which the processes of the suite share
            name = f"test_{os.getpid()}_{next(self._numbers)}"
            self._process.make(name)
            self._migrate(name)
        else:
            name = f"test_{next(self._numbers)}"
            self._run(f"CREATE DATABASE {name} TEMPLATE migrated")
        with self._connected(name) as connection:
            return name, Copy(_schema(connection))

    def _drop(self, name: str) -> None:
        if isinstance(self._process, Citus):
            self._process.drop(name)
        else:
            self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def close(self) -> None:
        """Leave nothing in a server that others use too."""
        if isinstance(self._process, Citus):
            for name in self._empty:
                self._drop(name)

    def _connected(self, name: str) -> psycopg.Connection[Any]:
        assert self._server is not None
        return psycopg.connect(self._server, dbname=name, autocommit=True)

    def _run(self, statement: str) -> None:
        with self._connected("postgres") as connection:
            connection.execute(statement)


OF_ONE_ENGINE = {"ix_jobs_running": "sqlite", "ix_jobs_running_of": "postgresql"}
"""Indexes of the models that only one engine has."""


def indexes_of(table: Table, dialect: str) -> set[str]:
    """The names of the indexes that this engine has of a table."""
    names = {str(index.name) for index in table.indexes}
    return {name for name in names if OF_ONE_ENGINE.get(name, dialect) == dialect}


@dataclass
class Copy:
    """A database of PostgreSQL: its schema when it was made, and how many rows it has held."""

    schema: Any
    held: int = 0


def _schema(connection: psycopg.Connection[Any]) -> tuple[Any, ...]:
    """What a test must leave as it was; first the tables, without which there is no revision."""
    tables = connection.execute(SCHEMA).fetchone()
    with suppress(psycopg.errors.UndefinedTable):
        return tables, connection.execute(REVISION).fetchall()
    return (tables,)


def empty(connection: psycopg.Connection[Any]) -> int:
    """Delete every row and begin to number anew; gives how many rows there were."""
    with connection.transaction():
        tables = reversed(Base.metadata.sorted_tables)
        gone = sum(connection.execute(f"DELETE FROM {table.name}").rowcount for table in tables)
        connection.execute(
            "SELECT setval(seqrelid, 1, false) FROM pg_sequence JOIN pg_class ON seqrelid = oid"
            " WHERE relnamespace = 'public'::regnamespace"
        )
    return gone
