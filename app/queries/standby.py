"""What a standby may answer in the primary's place: what it cannot have wrong, though it lags.

Where it has a project at the version that the primary just had, all that raises a version is there.
Two things raise none: that a job was heard of, and that a source was. Of the first it may know
less, so that a job looks silent which is not; never the other way round. So whether a job is silent
the primary alone says, and of projects that follow a source everything.
"""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, and_, bindparam, exists, select, true

from app.models import Job, Source
from app.models import Project as ProjectRow
from app.queries import projects
from app.queries.projects import ProjectLine
from app.queries.versions import Version, versions_of
from app.rules.project import Project
from app.rules.silence import silent_since
from app.rules.status import JobStatus
from app.store import standby
from app.store.database import inlined
from app.store.prepared import Prepared

Answer = TypeVar("Answer")

_MINE = Job.project_id == bindparam("of_project")
_HAS = Prepared(
    lambda _: select(true()).where(
        exists().where(
            ProjectRow.project_id == bindparam("of_project"),
            ProjectRow.version == bindparam("version"),
            ProjectRow.created_at == bindparam("created_at"),
        ),
        ~exists().where(Source.project_id == bindparam("of_project")),
        ~exists().where(
            and_(_MINE, Job.status == inlined(JobStatus.RUNNING)),
            Job.heard_at <= bindparam("silence"),
        ),
    )
)
_HEARD = Prepared(lambda _: select(Job.heard_at).where(_MINE, Job.job_id == bindparam("of_job")))


def reading_of(
    primary: Connection,
    project: Project,
    read: Callable[[Connection], Answer],
    *,
    now: int,
    job: tuple[str, int] | None = None,
) -> Callable[[], Answer]:
    """What reads of a project as the primary has it at `now` (µs): by the standby, if that is so.

    Of a `job` also the moment when it was last heard of (µs) is the same.
    """

    def there(connection: Connection) -> tuple[Answer] | None:
        as_new = _HAS.rows(
            connection,
            of_project=project.project_id,
            version=project.version,
            created_at=project.created_at,
            silence=silent_since(now, project.silent_after),
        )
        if not as_new or (job and not _heard(connection, project, *job)):
            return None
        return (read(connection),)

    def answer() -> Answer:
        found = standby.ask(there)
        return read(primary) if found is None else found[0]

    return answer


def _heard(connection: Connection, project: Project, job_id: str, heard_at: int) -> bool:
    found = _HEARD.rows(connection, of_project=project.project_id, of_job=job_id)
    return [row[0] for row in found] == [heard_at]


def lines_of(
    primary: Connection, now: int, versions: dict[str, Version], *, every: bool = False
) -> list[ProjectLine]:
    """These projects, each with its version, as the primary has them at `now` (µs), in any order.

    They may be `every` project that there is.
    """

    def read(connection: Connection) -> list[ProjectLine]:
        there = versions_of(connection, versions)
        as_new = [one for one, version in versions.items() if there.get(one) == version]
        if not as_new:
            return []
        lines = projects.list_lines(connection, now, as_new)
        return [line for line in lines if not line.facts.stalled and line.facts.source_at is None]

    lines = standby.ask(read) or []
    rest = versions.keys() - {line.facts.project_id for line in lines}
    if not rest:
        return lines
    wanted = None if every and not lines else sorted(rest)
    return [*lines, *projects.list_lines(primary, now, wanted)]
