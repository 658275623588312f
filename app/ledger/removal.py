"""Removing jobs: in short transactions, every count exact after each of them."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select, union_all

from app.ledger.causes import keep_causes
from app.ledger.counts import difference
from app.ledger.documents import keep_documents
from app.ledger.rows import ledger_job
from app.ledger.sums import UnknownProjectError, drop_zeros, raise_version
from app.models import Attempt, Event, Job, JobOrigin, Project
from app.rules.status import JobStatus
from app.store.database import table_of, writing

BATCH = 200  # jobs in a transaction, for which writers wait: on a busy machine 0.3 s


def remove_jobs(
    project_id: str, *, statuses: Collection[JobStatus], before: int, limit: int = BATCH
) -> int:
    """Remove the oldest jobs with these statuses that were created before a moment (µs).

    At most `limit` of them, in one transaction, with their attempts, events, origins and what they
    added to the counts. Gives how many; 0 says that there are none left. A job that is reported
    meanwhile is either gone before the report, which then makes a new one, or is looked at again
    after it. Raises UnknownProjectError; whatever is raised, nothing is removed.
    """
    if not all(status.terminal for status in statuses):
        raise ValueError("only jobs that have ended can be removed")
    removed = None
    while removed is None:
        with writing() as connection:
            removed = _remove_batch(connection, project_id, statuses, before, limit)
    return removed


def _remove_batch(
    connection: Connection,
    project_id: str,
    statuses: Collection[JobStatus],
    before: int,
    limit: int,
) -> int | None:
    """Remove a batch; gives how many, None where all that were chosen have changed meanwhile.

    Then a new transaction must choose again: this one keeps the locks of those that changed, and
    locks that are taken out of order can deadlock.
    """
    mode = connection.scalar(select(Project.mode).where(Project.project_id == project_id))
    if mode is None:
        raise UnknownProjectError(project_id)
    ids = _oldest(connection, project_id, statuses, before, limit)
    if not ids:
        return 0
    # Locked in the order that `record` locks in. Between the choice and the lock a new attempt
    # may have begun (PostgreSQL), so the condition is asked again.
    rows = connection.execute(
        select(table_of(Job))
        .where(Job.project_id == project_id, Job.job_id.in_(ids), Job.status.in_(statuses))
        .order_by(Job.job_id)
        .with_for_update()
    ).all()
    if not rows:
        return None
    _remove(connection, project_id, mode, rows)
    return len(rows)


def remove_job(project_id: str, job_id: str) -> bool:
    """Remove one job, also one that has not ended; whether it was there.

    Its own board does not know it any more, so nobody will ever say how it ended. Raises
    UnknownProjectError.
    """
    with writing() as connection:
        mode = connection.scalar(select(Project.mode).where(Project.project_id == project_id))
        if mode is None:
            raise UnknownProjectError(project_id)
        mine = (Job.project_id == project_id, Job.job_id == job_id)
        rows = connection.execute(select(table_of(Job)).where(*mine).with_for_update()).all()
        if rows:
            _remove(connection, project_id, mode, rows)
    return bool(rows)


def _remove(connection: Connection, project_id: str, mode: str, rows: Sequence[Row[Any]]) -> None:
    """Remove jobs whose rows are locked, and what they added to the counts."""
    _delete(connection, project_id, [row.job_id for row in rows])
    jobs = [ledger_job(row) for row in rows]
    cells = difference(before=jobs, after=(), mode=mode)
    raise_version(connection, project_id, cells)
    documents = keep_documents(connection, project_id, before=jobs, after=())
    keep_causes(connection, project_id, before=jobs, after=(), documents=documents)
    drop_zeros(connection, project_id, cells)


def _oldest(
    connection: Connection,
    project_id: str,
    statuses: Collection[JobStatus],
    before: int,
    limit: int,
) -> list[str]:
    """The ids of the oldest such jobs: one seek in an index for each status."""
    seeks = [
        select(Job.job_id, Job.created_at)
        .where(Job.project_id == project_id, Job.status == status, Job.created_at < before)
        .order_by(Job.created_at, Job.job_id)
        .limit(limit)
        .subquery()
        for status in sorted(statuses)
    ]
    found = union_all(*(select(seek) for seek in seeks)).subquery()
    oldest = select(found.c.job_id).order_by(found.c.created_at, found.c.job_id).limit(limit)
    return list(connection.scalars(oldest))


def _delete(connection: Connection, project_id: str, ids: list[str]) -> None:
    for model in (JobOrigin, Event, Attempt, Job):
        connection.execute(
            delete(model).where(model.project_id == project_id, model.job_id.in_(ids))
        )
