"""Totals and places in a list of any length, from the counts that the ledger keeps.

Counting rows and skipping rows are what kill job lists. Here a total is a sum over days, and a
place in the list is found by sums: the day that holds it, then the hour, then the minute; what is
left is a skip inside one minute.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from app.models import CreatedCount, Job
from app.status import JobStatus
from app.times import DAY, HOUR, MINUTE, floor

Columns = tuple[str, ...]
"""Columns of the created counts that add up to a kind of job."""

Counts = dict[str, int]

SHALLOW = 500  # skipping this many rows costs less than finding the minute


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: before this moment (µs, None: at the newest), after `skip` jobs."""

    before: int | None
    skip: int


def _amount(columns: Columns) -> Any:
    counts = [getattr(CreatedCount, name) for name in columns]
    return sum(counts[1:], start=counts[0])


def count_all(connection: Connection, project_id: str, kinds: Mapping[str, Columns]) -> Counts:
    """How many jobs there are of each kind: sums over days."""
    sums = [func.sum(_amount(columns)).label(kind) for kind, columns in kinds.items()]
    query = select(*sums).where(CreatedCount.project_id == project_id, CreatedCount.level == 0)
    row = connection.execute(query).one()
    return {kind: int(getattr(row, kind) or 0) for kind in kinds}


def count_before(
    connection: Connection,
    project_id: str,
    kinds: Mapping[str, Columns],
    moment: int,
    job_id: str | None = None,
) -> Counts:
    """How many jobs of each kind were created before `moment` (µs).

    With `job_id`, also those created at it whose id is not greater: all up to and with that key.
    Whole buckets are summed; only the minute that holds the moment is counted job by job.
    """
    day, hour, minute = (floor(moment, span) for span in (DAY, HOUR, MINUTE))
    whole = or_(
        and_(CreatedCount.level == 0, CreatedCount.bucket < day),
        and_(CreatedCount.level == 1, CreatedCount.bucket >= day, CreatedCount.bucket < hour),
        and_(CreatedCount.level == 2, CreatedCount.bucket >= hour, CreatedCount.bucket < minute),
    )
    sums = [func.sum(_amount(columns)).label(kind) for kind, columns in kinds.items()]
    row = connection.execute(
        select(*sums).where(CreatedCount.project_id == project_id, whole)
    ).one()
    edge = Job.created_at < moment
    if job_id is not None:
        edge = or_(edge, and_(Job.created_at == moment, Job.job_id <= job_id))
    inside = connection.execute(
        select(Job.status, Job.empty, func.count())
        .where(Job.project_id == project_id, Job.created_at.between(minute, moment), edge)
        .group_by(Job.status, Job.empty)
    ).all()
    counts = {kind: int(getattr(row, kind) or 0) for kind in kinds}
    for status, empty, jobs in inside:
        for kind, columns in kinds.items():
            counts[kind] += jobs * (JobStatus(status).word in columns)
            counts[kind] += jobs * (bool(empty) and "empty" in columns)
    return counts


def count_between(
    connection: Connection,
    project_id: str,
    kinds: Mapping[str, Columns],
    since: int | None,
    until: int | None,
) -> tuple[Counts, Counts]:
    """Per kind how many jobs came before `until` (None: all), and how many before `since`."""
    upper = (
        count_all(connection, project_id, kinds)
        if until is None
        else count_before(connection, project_id, kinds, until)
    )
    if since is None:
        return upper, dict.fromkeys(kinds, 0)
    return upper, count_before(connection, project_id, kinds, since)


def find_place(connection: Connection, project_id: str, columns: Columns, rank: int) -> Place:
    """The place of the job that has `rank` newer ones of these kinds before it.

    The rank must be less than their total.
    """
    if rank <= SHALLOW:
        return Place(None, rank)
    start, end, skip = None, None, rank
    for level, span in enumerate((DAY, HOUR, MINUTE)):
        amount = _amount(columns)
        upto = func.sum(amount).over(order_by=CreatedCount.bucket.desc())
        buckets = select(
            CreatedCount.bucket.label("bucket"), amount.label("amount"), upto.label("upto")
        ).where(CreatedCount.project_id == project_id, CreatedCount.level == level)
        if start is not None and end is not None:
            buckets = buckets.where(CreatedCount.bucket >= start, CreatedCount.bucket < end)
        found = buckets.subquery()
        row = connection.execute(
            select(found).where(found.c.upto > skip).order_by(found.c.bucket.desc()).limit(1)
        ).one()
        start, end = row.bucket, row.bucket + span
        skip -= int(row.upto) - int(row.amount)
    return Place(end, skip)
