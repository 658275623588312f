"""Sources: the upstreams that projects follow, how far each was read, and what is asked next."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, ScalarSelect, func, select

from app.models import Job, MirroredJob, Project, Source
from app.store.database import table_of
from app.store.nodes import nodes

MOST_GONE = 20  # tombstones that are shown, the newest


class SourceLine(NamedTuple):
    """A source, and what its project has of it; times in µs. See `models.Source`."""

    project_id: str
    url: str
    upstream_project: str
    sealed_key: str | None
    created_at: int
    paused_at: int | None
    progress: str
    synced_at: int | None
    answered_at: int | None
    failing_since: int | None
    error: str | None
    retry_at: int | None
    requests_left: int | None
    refusal: str | None
    name: str
    unfinished: int
    gone: int


class Gone(NamedTuple):
    """A job that its upstream does not know any more, and that was removed here at `gone_at`."""

    job_id: str
    gone_at: int


class Due(NamedTuple):
    """A job that is asked for by itself; see `models.MirroredJob`."""

    job_id: str
    due_at: int | None
    changed_at: int
    misses: int


def list_sources(connection: Connection, project_id: str | None = None) -> list[SourceLine]:
    """Every source, or that of one project, by project."""
    if project_id is None:
        nodes().need_all()
    jobs, mine = table_of(MirroredJob).c, MirroredJob.project_id == Source.project_id

    def number(what: ColumnElement[int]) -> ScalarSelect[int]:
        """How many jobs of a source have this."""
        found = select(func.count(what)).where(mine)
        return found.correlate(Source).scalar_subquery()

    statement = (
        select(
            *table_of(Source).c,
            Project.name,
            number(jobs.due_at).label("unfinished"),
            number(jobs.gone_at).label("gone"),
        )
        .join(Project, Project.project_id == Source.project_id)
        .order_by(Source.project_id)
    )
    if project_id is not None:
        statement = statement.where(Source.project_id == project_id)
    return [SourceLine(**row._mapping) for row in connection.execute(statement)]


def list_gone(connection: Connection, project_id: str) -> list[Gone]:
    """The tombstones of a source, the newest first."""
    mine = (MirroredJob.project_id == project_id, MirroredJob.gone_at.is_not(None))
    found = select(MirroredJob.job_id, MirroredJob.gone_at).where(*mine)
    newest = found.order_by(MirroredJob.gone_at.desc(), MirroredJob.job_id).limit(MOST_GONE)
    return [Gone._make(row) for row in connection.execute(newest)]


def list_due(connection: Connection, project_id: str, now: int, most: int) -> list[Due]:
    """The jobs of a source that it is time to ask for, the most urgent first."""
    mine = (MirroredJob.project_id == project_id, MirroredJob.due_at <= now)
    due = select(*_DUE).where(*mine).order_by(MirroredJob.due_at, MirroredJob.job_id).limit(most)
    return [Due(*row) for row in connection.execute(due)]


def count_due(connection: Connection, project_id: str, now: int, most: int) -> int:
    """How many jobs of a source it is time to ask for, `most` at most."""
    mine = (MirroredJob.project_id == project_id, MirroredJob.due_at <= now)
    due = select(MirroredJob.job_id).where(*mine).limit(most).subquery()
    return connection.scalar(select(func.count()).select_from(due)) or 0


def known_due(connection: Connection, project_id: str, ids: Iterable[str]) -> Mapping[str, Due]:
    """What is kept of these jobs for asking, by id; tombstones too."""
    mine = (MirroredJob.project_id == project_id, MirroredJob.job_id.in_(list(ids)))
    return {row[0]: Due(*row) for row in connection.execute(select(*_DUE).where(*mine))}


def newest_at(connection: Connection, project_id: str) -> int:
    """When the newest job of a project was created (µs), 0 where it has none."""
    mine = select(func.max(Job.created_at)).where(Job.project_id == project_id)
    return connection.scalar(mine) or 0


_DUE = (MirroredJob.job_id, MirroredJob.due_at, MirroredJob.changed_at, MirroredJob.misses)
