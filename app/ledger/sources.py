"""Sources: upstreams that projects follow, and what is kept of following them."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.exc import IntegrityError

from app.ledger.projects import TakenError
from app.ledger.sums import UnknownProjectError
from app.ledger.versions import next_version
from app.models import MirroredJob, Project, Source
from app.models.source import SENTENCE
from app.store.database import table_of, upsert, writing


class UnknownSourceError(LookupError):
    """The source is not there (any more)."""


def create_source(
    project_id: str, *, url: str, upstream_project: str, sealed_key: str | None, now: int
) -> None:
    """Let a project follow an upstream, from `now` (µs) on.

    Raises UnknownProjectError, and TakenError where it follows one already.
    """
    values = {
        "project_id": project_id,
        "url": url,
        "upstream_project": upstream_project,
        "sealed_key": sealed_key,
        "created_at": now,
        "progress": "{}",
    }
    try:
        with writing() as connection:
            _raise_version(connection, project_id)
            connection.execute(insert(Source).values(**values))
    except IntegrityError:
        raise TakenError(project_id) from None


def change_source(project_id: str, values: Mapping[str, Any]) -> None:
    """Set columns of a source (url, upstream_project, sealed_key, paused_at, retry_at).

    Where its address or its key is another, what went wrong with the former is forgotten. Raises
    UnknownSourceError.
    """
    forgotten: dict[str, Any] = {}
    if values.keys() & {"url", "upstream_project", "sealed_key"}:
        forgotten = {"error": None, "failing_since": None, "retry_at": None, "refusal": None}
    with writing() as connection:
        _raise_version(connection, project_id)
        _update(connection, project_id, {**forgotten, **values})


def remove_source(project_id: str) -> None:
    """Follow the upstream no longer; the jobs stay. Raises UnknownSourceError."""
    with writing() as connection:
        _raise_version(connection, project_id)
        if not connection.execute(delete(Source).where(Source.project_id == project_id)).rowcount:
            raise UnknownSourceError(project_id)


def note_answer(
    project_id: str,
    values: Mapping[str, Any],
    *,
    due: Iterable[Mapping[str, Any]] = (),
    ended: Iterable[str] = (),
    seen: bool = False,
) -> None:
    """Keep how far a source was read and which of its jobs are to be asked for, together.

    `values` are columns of it, `due` rows of those jobs (`models.MirroredJob`), `ended` the ids of
    those that need not be asked for any more. `seen` says that people see a difference. Raises
    UnknownSourceError.
    """
    with writing() as connection:
        if seen:
            _raise_version(connection, project_id)
        if values:
            _update(connection, project_id, values)
        rows = [{"project_id": project_id, "gone_at": None, **row} for row in due]
        if rows:
            connection.execute(_keep(connection.dialect.name), rows)
        if ids := list(ended):
            mine = (MirroredJob.project_id == project_id, MirroredJob.job_id.in_(ids))
            connection.execute(delete(MirroredJob).where(*mine))


def note_error(project_id: str, sentence: str, *, now: int, retry_at: int) -> None:
    """Keep what went wrong at `now`, and when it is tried again (µs). Raises UnknownSourceError."""
    since = table_of(Source).c.failing_since
    with writing() as connection:
        values = {"error": sentence[:SENTENCE], "retry_at": retry_at}
        _update(connection, project_id, values)
        mine = (Source.project_id == project_id, since.is_(None))
        connection.execute(update(Source).where(*mine).values(failing_since=now))


def bury(project_id: str, job_id: str, *, now: int) -> None:
    """Make what is kept of a job its tombstone: its upstream did not know it at `now` (µs)."""
    mine = (MirroredJob.project_id == project_id, MirroredJob.job_id == job_id)
    with writing() as connection:
        buried = update(MirroredJob).where(*mine)
        connection.execute(buried.values(due_at=None, gone_at=now))


def _keep(dialect: str) -> Any:
    statement = upsert(dialect, table_of(MirroredJob))
    names = ("due_at", "changed_at", "misses", "gone_at")
    values = {name: statement.excluded[name] for name in names}
    return statement.on_conflict_do_update(index_elements=("project_id", "job_id"), set_=values)


def _update(connection: Connection, project_id: str, values: Mapping[str, Any]) -> None:
    mine = update(Source).where(Source.project_id == project_id)
    if not connection.execute(mine.values(**values)).rowcount:
        raise UnknownSourceError(project_id)


def _raise_version(connection: Connection, project_id: str) -> None:
    """Tell every cache of the project: its verdict may follow from this."""
    version = next_version(connection.dialect.name, Project.version)
    mine = update(Project).where(Project.project_id == project_id)
    if not connection.execute(mine.values(version=version)).rowcount:
        raise UnknownProjectError(project_id)
