"""Where jobs come from as rows: read and written with the jobs that others' events tell of."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.ledger.draft import Draft
from app.ledger.report import Report
from app.models import JobOrigin
from app.rules.origins import DocumentBy, Origin, ProjectBy
from app.store.database import table_of
from app.store.prepared import Prepared, insertion
from app.store.seeks import listed, seek_listed


def origin_of(values: Sequence[Any]) -> Origin:
    """The origin in the values of its columns, in their order."""
    source, namespace, job_name, document_by, project_by, *rest = values
    chosen = (DocumentBy(document_by), ProjectBy(project_by))
    return Origin(source, namespace, job_name, *chosen, *rest)


def load_origins(
    connection: Connection, project_id: str, reports: Iterable[Report]
) -> dict[str, Origin]:
    """Where the jobs come from of which a report tells that; who reports in our words asks none."""
    told = {report.job_id for report in reports if report.origin is not None}
    if not told:
        return {}
    wanted = listed(told)
    rows = _KNOWN.each(connection, of_project=project_id, of_jobs=wanted)
    return {job_id: origin_of(values) for job_id, *values in rows}


def write_origins(connection: Connection, project_id: str, drafts: Iterable[Draft]) -> None:
    """Write what is new of where jobs come from; their rows are ours already."""
    rows = [
        (project_id, draft.job.job_id, *map(_plain, draft.origin))
        for draft in drafts
        if draft.new_origin and draft.job is not None and draft.origin is not None
    ]
    if rows:
        _WRITE.post_many(connection, rows)


def _plain(value: str | int | None) -> str | int | None:
    return int(value) if isinstance(value, int) else value


def _known(dialect: str) -> Any:
    columns = [getattr(JobOrigin, name) for name in ("job_id", *Origin._fields)]
    mine = select(*columns).where(JobOrigin.project_id == bindparam("of_project"))
    return seek_listed(dialect, mine, JobOrigin.job_id, "of_jobs")


def _write(dialect: str) -> Any:
    statement = insertion(dialect, table_of(JobOrigin))
    values = {name: statement.excluded[name] for name in Origin._fields}
    return statement.on_conflict_do_update(index_elements=("project_id", "job_id"), set_=values)


_KNOWN = Prepared(_known)
_WRITE = Prepared(_write, table_of(JobOrigin).c.keys())
