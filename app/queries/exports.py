"""A list of any length, read in short reads: no more than a batch of its jobs is held at once.

Where an index knows the order of the list, it is walked from key to key, so that a job is never
told twice, however the list changes meanwhile. What only a search can find is found once, as on
the pages: its keys are held, `search.MOST_FOUND` at most.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from app.models import Job
from app.queries import search
from app.queries.candidates import in_order
from app.queries.contract import CONTRACT, Fields
from app.queries.filters import JobFilter
from app.queries.views import Anchor
from app.rules.causes import cause_name
from app.rules.project import Project
from app.rules.times import SECOND, format_time
from app.store.database import table_of

BATCH = 1000  # jobs that one read looks at

_COLUMNS = (*CONTRACT.columns, "attempt", "took", "cause")
_WIDTH = len(CONTRACT.columns)


@dataclass(frozen=True, slots=True)
class Export:
    """What is still to be read of a list: the jobs `after` a key, or those of `keys`.

    `capped` says, as on a page, that more jobs may match than were looked at, and which were.
    """

    wanted: JobFilter
    after: Anchor | None = None
    keys: Sequence[Row[Any]] | None = None
    capped: str = ""


def begin(connection: Connection, project: Project, wanted: JobFilter) -> Export:
    """An export of this list, with nothing read of it yet."""
    if wanted.columns is not None:
        return Export(wanted)
    found = search.find(connection, project.project_id, wanted)
    if found.capped and wanted.in_order:
        return Export(found.wanted, capped=search.looked_at(found.wanted))
    return Export(found.wanted, keys=found.keys, capped=found.capped)


def read(
    connection: Connection, project: Project, export: Export
) -> tuple[list[Fields], Export | None]:
    """The next jobs of an export, newest first, and what is left then, None at the end.

    They may be none, though more are left: of those looked at none may match.
    """
    if export.keys is None:
        return _walk(connection, project, export)
    keys, rest = export.keys[:BATCH], export.keys[BATCH:]
    rows = search.page(connection, project.project_id, _COLUMNS, keys) if keys else []
    left = replace(export, keys=rest) if rest else None
    return [_fields(row, project) for row in rows], left


def _walk(
    connection: Connection, project: Project, export: Export
) -> tuple[list[Fields], Export | None]:
    place = in_order(project.project_id, export.wanted)
    if export.after is not None:
        place = place.after(export.after)
    of_jobs = table_of(Job).c
    kept = export.wanted.condition().label("kept")
    query = place.read([*(of_jobs[name] for name in _COLUMNS), kept], BATCH)
    rows = connection.execute(query).all()
    last = (rows[-1].created_at, rows[-1].job_id) if len(rows) == BATCH else None
    left = replace(export, after=last) if last else None
    return [_fields(row[: len(_COLUMNS)], project) for row in rows if row.kept], left


def _fields(row: Sequence[Any], project: Project) -> Fields:
    """The contract's fields of a job, and what else a file tells."""
    attempt, took, cause = row[_WIDTH:]
    more = {
        "created_at": format_time(row[0]),
        "attempt": attempt,
        "duration_seconds": None if took is None else took / SECOND,
        "cause": None if cause is None else cause_name(cause),
    }
    return CONTRACT.make(row[:_WIDTH], project, 0) | more


FIELDS = (
    "job_id",
    "project_id",
    "source_doc_id",
    "status",
    "chunks_processed",
    "nodes_created",
    "edges_created",
    "started_at",
    "completed_at",
    "error_message",
    "created_at",
    "attempt",
    "duration_seconds",
    "cause",
)
"""What a file tells of a job, in order."""
