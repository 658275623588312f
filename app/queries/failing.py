"""The documents of a project that still fail, to be run again: read batch by batch.

By the time of their latest failure, the newest first. One that fails again meanwhile was told
already, or moves before what is read; one that comes right is not told any more.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, tuple_

from app.models import Document, Job
from app.queries.causes import now_called
from app.rules.causes import cause_name
from app.rules.project import Project
from app.rules.times import format_time

BATCH = 500

FIELDS = ("source_doc_id", "failures", "failing_since", "failed_at", "job_id", "cause")
"""What a file tells of a document, in order."""


@dataclass(frozen=True, slots=True)
class Failing:
    """What is left to be read: all that fail, or by one cause, after a key."""

    cause: int | None = None
    after: tuple[int, str] | None = None
    capped: str = ""


def read(
    connection: Connection, project: Project, failing: Failing
) -> tuple[list[dict[str, Any]], Failing | None]:
    """The next documents, and what is left then; None at the end."""
    order = (Document.failed_at, Document.document)
    mine = [Document.project_id == project.project_id, Document.failing_since.is_not(None)]
    if failing.cause is not None:
        mine.append(Document.cause == now_called(failing.cause))
    if failing.after is not None:
        mine.append(tuple_(*order) < tuple_(*failing.after))
    some = (
        select(Document).where(*mine).order_by(*(one.desc() for one in order)).limit(BATCH)
    ).subquery()
    query = (
        select(some, func.coalesce(Job.sent_doc_id, Job.source_doc_id, some.c.document).label("id"))
        .outerjoin(Job, (Job.project_id == project.project_id) & (Job.job_id == some.c.job_id))
        .order_by(some.c.failed_at.desc(), some.c.document.desc())
    )
    rows = connection.execute(query).all()
    documents = [
        {
            "source_doc_id": row.id,
            "failures": row.failures,
            "failing_since": format_time(row.failing_since),
            "failed_at": format_time(row.failed_at),
            "job_id": row.job_id,
            "cause": cause_name(row.cause),
        }
        for row in rows
    ]
    if len(rows) < BATCH:
        return documents, None
    return documents, Failing(failing.cause, (rows[-1].failed_at, rows[-1].document))
