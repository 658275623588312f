"""Whether a job matches a filter: the conditions on its row."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal_column, or_

from app.models import Job
from app.queries.filters import JobFilter, Kind
from app.rules.silence import unheard
from app.rules.status import JobStatus
from app.store.database import written

RUNNING = Job.status == written(JobStatus.RUNNING)


def of_kind(kind: Kind) -> ColumnElement[bool] | None:
    """The condition on what kind of job it is, None for every kind.

    The literals let both engines see which partial index is enough.
    """
    if kind == "every":
        return None
    if kind == "empty":
        # Without its type: as "empty = 1" SQLite would not see it.
        return literal_column("jobs.empty")
    return Job.status == written(kind)


def times(wanted: JobFilter) -> list[ColumnElement[bool]]:
    """The conditions on when a job was created."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(Job.created_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(Job.created_at < wanted.until)
    return conditions


def matches(wanted: JobFilter, causes: Sequence[int]) -> ColumnElement[bool]:
    """Every part of a filter; `causes` are those whose errors have the words of its `q`."""
    conditions = times(wanted)
    if wanted.q:
        begins = func.substr(Job.source_doc_id, 1, len(wanted.q)) == wanted.q
        conditions.append(or_(Job.job_id == wanted.q, begins, Job.cause.in_(causes)))
    if wanted.statuses:
        conditions.append(Job.status.in_(sorted(int(status) for status in wanted.statuses)))
    if wanted.empty:
        conditions.append(and_(Job.empty))
    if wanted.silent_since is not None:
        conditions.append(is_silent(wanted.silent_since))
    if wanted.document:
        conditions.append(Job.source_doc_id == wanted.document)
    if wanted.cause is not None:
        conditions.append(Job.cause == wanted.cause)
    if wanted.finished is not None:
        start, end = wanted.finished
        conditions += [Job.ended_at >= start, Job.ended_at < end]
    if wanted.longer is not None:
        conditions.append(Job.took > wanted.longer)
    return and_(written(1) == written(1), *conditions)


def is_silent(since: Any) -> ColumnElement[bool]:
    """Whether a job runs and was not heard of since then (µs)."""
    return and_(RUNNING, unheard(Job.heard_at, since))


def newest_first(rows: Any) -> Any:
    """A query for rows of jobs, in the order of every list."""
    columns = rows.selected_columns
    return rows.order_by(columns.created_at.desc(), columns.job_id.desc())
