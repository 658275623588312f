"""Backups of a SQLite store, taken and put back while people read it and pipelines write.

Both ways go through SQLite's online backup, which copies pages. Left alone it starts again
whenever another process has written between two steps: with two busy writers it began 5,100 times
in 10 s and never ended. So the source is held in one read transaction, as `VACUUM INTO` does; that
blocks nobody and gives one moment, and unlike `VACUUM INTO` it can say how far it is.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from flask import current_app

from app.clock import now
from app.rules.times import format_time
from app.store.database import db, writers_turn
from app.store.drafts import UNDECIDED, draft, keep
from app.store.files import create
from app.store.migrating import Say, StillMigratingError, alone

Progress = Callable[[int, int], object]

PAGES = 1024  # a step of the copy; each moves the progress bar
PATIENCE = 30.0  # seconds that SQLite waits for a lock
COMPANIONS = ("", "-wal", "-shm", "-journal", ".lock", ".lock.long", ".migrating")
TABLES = {"alembic_version", "api_keys", "jobs", "projects"}  # those that any revision has


class BackupError(Exception):
    """Why nothing was done; its text is the line that the operator reads."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What is in a store; `current` says that its revision is the newest one."""

    revision: str
    current: bool
    projects: int
    jobs: int


def store_path() -> Path:
    """The file of the SQLite store. Raises BackupError where the store is another engine's."""
    if db.engine.dialect.name != "sqlite" or db.engine.url.database is None:
        raise BackupError("this store is PostgreSQL's: use pg_dump and pg_restore")
    return Path(db.engine.url.database)


def back_up(target: Path, *, force: bool, progress: Progress) -> Contents:
    """Write the store as it is at this moment into a file of its own, mode 0600.

    `progress` is called with (pages done, pages in all). The file appears when it is whole,
    checked and on the disk. Raises BackupError; whatever is raised, no file is left or changed.
    """
    store = store_path()
    if not store.exists():
        raise BackupError("there is no database yet; `jobwall db upgrade` makes it")
    _check_target(target, store, force)
    with _draft(target, store) as path:
        _copy_out(store, path, progress)
        contents = inspect(path, "the database")
        _keep(path, target)
    return contents


def inspect(file: Path, name: str | None = None) -> Contents:
    """Check that a file is a sound store of a revision that is known here, and look into it.

    `name` is what messages call it. Raises BackupError.
    """
    name = name or str(file)
    known = _revisions()
    if not file.is_file():
        raise BackupError(f"{name} is not a file")
    with _spoken(f"{name} is damaged or no SQLite database"), closing(_open(file)) as connection:
        [found] = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if found != "ok":
            raise BackupError(f"{name} is damaged: {found.splitlines()[-1]}")
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if missing := TABLES - {table for (table,) in listed}:
            raise BackupError(f"{name} is not Jobwall's: it has no table {min(missing)}")
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        revision = str(row[0]) if row else "none"
        if revision not in known:
            raise BackupError(
                f"{name} is of revision {revision}, which this version of Jobwall does not know"
            )
        [projects] = connection.execute("SELECT count(*) FROM projects").fetchone()
        [jobs] = connection.execute("SELECT count(*) FROM jobs").fetchone()
    return Contents(revision, revision == known[0], projects, jobs)


def restore(source: Path, progress: Progress, say: Say) -> Path | None:
    """Put the store that is in a file (see `inspect`) in the place of the one in use.

    One transaction writes it into the database, whose file stays the same: a server that runs
    shows the old store, then the new one, and never a part. Nothing else writes between the
    copy of the former store, whose path is returned (None: there was none), and the new one.
    `say` is called with a line where it waits for a migration.
    Raises BackupError; whatever is raised before the last step, the store is as it was.
    """
    store = store_path()
    if source.resolve() == store.resolve():
        raise BackupError(f"{source} is the database itself")
    with _draft(store, store) as path:
        _copy_out(source, path, _quietly)
        with _alone(say), writers_turn(db.engine):
            former = _set_aside(store)
            with _spoken(f"cannot write {store}"):
                create(str(store))
            with _only_if_changed(former, store):
                _copy(path, store, progress)
    _shrink_log(store)
    return former and _decided(former)


def _shrink_log(store: Path) -> None:
    """Empty the write-ahead log, now as large as the store: a running board never shrinks it."""
    with suppress(sqlite3.Error), closing(_open(store, "rw")) as connection:
        connection.execute("PRAGMA busy_timeout = 1000")  # readers of the former store may stay
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


@contextmanager
def _alone(say: Say) -> Iterator[None]:
    try:
        with alone(db.engine, say):
            yield
    except StillMigratingError as error:
        raise BackupError(str(error)) from None


def _quietly(_done: int, _total: int) -> None:
    pass


def _set_aside(store: Path) -> Path | None:
    """A copy of the store beside it, by which the restoring can be undone."""
    if not store.exists() or not store.stat().st_size:
        return None
    former = _name_of_former(store)
    with _draft(former, store) as path:
        try:
            _copy_out(store, path, _quietly)
        except BackupError as error:
            raise BackupError(
                f"{error}. To go on without it, stop the board and move {store} away"
            ) from None
        _keep(path, former)
    return former


def _name_of_former(store: Path) -> Path:
    """A name that nothing has, not even of a restore within the same second."""
    stamp = format_time(now()).replace("-", "").replace(":", "")
    for more in ("", *(f"-{number}" for number in range(2, 1000))):
        former = store.with_name(f"{store.name}.before-restore-{stamp}{more}{UNDECIDED}")
        if not (former.exists() or _decided(former).exists()):
            break
    return former


def _decided(former: Path) -> Path:
    """The name of a former store when it is known that another took its place."""
    return former.with_name(former.name.removesuffix(UNDECIDED))


@contextmanager
def _only_if_changed(former: Path | None, store: Path) -> Iterator[None]:
    """See the copy of the former store kept where another takes its place, else removed.

    Until then its name says that this is undecided, also where the process is killed. What is
    raised (Ctrl-C, a terminal that went away) cannot tell: SQLite commits in the last step, and
    only then says that it is done.
    """
    if former is None:
        yield
        return
    with closing(_open(store)) as watcher:
        before = watcher.execute("PRAGMA data_version").fetchone()
        try:
            yield
        except BaseException:
            if watcher.execute("PRAGMA data_version").fetchone() == before:
                former.unlink()
            else:
                former.rename(_decided(former))
            raise
        former.rename(_decided(former))


def _copy(source: Path, target: Path, progress: Progress) -> None:
    """Copy a store as it is at one moment into a database, in one transaction."""

    def tell(_status: int, left: int, total: int) -> None:
        progress(total - left, total)

    with (
        _spoken(f"cannot copy {source} to {target}"),
        closing(_open(source)) as reader,
        closing(_open(target, "rw")) as writer,
    ):
        writer.execute("PRAGMA synchronous = FULL")
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM sqlite_master").fetchone()  # the moment is now
        reader.backup(writer, pages=PAGES, progress=tell)


def _copy_out(source: Path, path: Path, progress: Progress) -> None:
    """Copy a store into a file that stands alone: nothing beside it when it is read or moved."""
    _copy(source, path, progress)
    with _spoken(f"cannot write {path}"), closing(_open(path, "rw")) as connection:
        connection.execute("PRAGMA journal_mode = DELETE")


def _open(file: Path, mode: str = "ro") -> sqlite3.Connection:
    # An absolute file as a URI; SQLite's own escapes are those of URLs.
    uri = f"{file.absolute().as_uri()}?mode={mode}"
    return sqlite3.connect(uri, uri=True, timeout=PATIENCE, isolation_level=None)


def _revisions() -> list[str]:
    """The revisions that are known here, the newest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415  no server needs Alembic

    config = current_app.extensions["migrate"].migrate.get_config()
    return [one.revision for one in ScriptDirectory.from_config(config).walk_revisions()]


def _check_target(target: Path, store: Path, force: bool) -> None:
    if target.resolve() in {Path(f"{store.resolve()}{end}") for end in COMPANIONS}:
        raise BackupError(f"{target} belongs to the database itself")
    if target.exists() and not target.is_file():
        raise BackupError(f"{target} is not a file")
    if target.exists() and not force:
        raise BackupError(f"{target} exists; --force writes over it")
    for end in ("-wal", "-journal"):
        # SQLite would take them for the new file's own, and play them into it.
        if Path(f"{target}{end}").exists():
            raise BackupError(f"{target}{end} is left from another database; remove it first")


@contextmanager
def _draft(target: Path, store: Path) -> Iterator[Path]:
    with ExitStack() as stack:
        with _spoken(f"cannot write {target}"):
            path = stack.enter_context(draft(target, store))
        yield path


def _keep(path: Path, target: Path) -> None:
    with _spoken(f"cannot write {target}"):
        keep(path, target)


@contextmanager
def _spoken(what: str) -> Iterator[None]:
    """Say in one line what SQLite or the disk refused."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{what}: {error}") from None
