"""Jobs: a page of them, one of them, its attempts and its events."""

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.ledger.counts import is_empty
from app.ledger.draft import LedgerJob
from app.ledger.merge import outcome_of
from app.ledger.rows import attempt_state, ledger_job
from app.models import Attempt as AttemptRow
from app.models import Event as EventRow
from app.models import Job as JobRow
from app.queries import depth
from app.queries.filters import JobFilter
from app.queries.views import Attempt, Event, Job, JobPage, Project
from app.status import STATE_OF, JobStatus, job_state

MOST_ATTEMPTS = 50  # shown of a job
MOST_FOUND = 10_000  # a search sorts at most this many keys
KINDS = (*(status.word for status in JobStatus), "empty")

Anchor = tuple[int, str]


def list_jobs(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    *,
    limit: int,
    offset: int,
    now: int,
    anchor: Anchor | None = None,
) -> JobPage:
    """A page of the project's jobs, newest first.

    With an `anchor` (the `created_at` and `job_id` of the row that a reader holds on to) the page
    counts from there, and `new` says how many jobs came above it. Times in µs.
    """
    columns = wanted.columns
    if columns is None:
        return _search(connection, project, wanted, limit=limit, offset=offset, now=now)
    kinds = {"wanted": columns}
    uppers, lowers = depth.count_between(
        connection, project.project_id, kinds, wanted.since, wanted.until
    )
    upper, total = uppers["wanted"], max(0, uppers["wanted"] - lowers["wanted"])
    everything, new = upper, 0
    if wanted.until is not None:
        everything = depth.count_all(connection, project.project_id, kinds)["wanted"]
    if anchor is not None:
        older = depth.count_before(connection, project.project_id, kinds, *anchor)["wanted"]
        new = min(total, max(0, upper - older))
    rows: list[Job] = []
    if new + offset < total:
        rank = everything - upper + new + offset
        place = depth.find_place(connection, project.project_id, columns, rank)
        query = _newest_first(project.project_id, wanted)
        if place.before is not None:
            query = query.where(JobRow.created_at < place.before)
        # What is newer than `until` is skipped by rank, so only `since` has to end the page.
        if wanted.since is not None:
            query = query.where(JobRow.created_at >= wanted.since)
        found = connection.execute(query.limit(limit).offset(place.skip))
        rows = [_job(row, project, now) for row in found]
    return JobPage(rows, total, limit, offset, new)


def _search(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    *,
    limit: int,
    offset: int,
    now: int,
) -> JobPage:
    """A page of what the counts cannot tell: among the newest 10,000 that match."""
    query = _newest_first(project.project_id, wanted).where(*wanted.times())
    keys = query.with_only_columns(JobRow.job_id).limit(MOST_FOUND).subquery()
    total = connection.scalar(select(func.count()).select_from(keys)) or 0
    rows: list[Job] = []
    if offset < total:
        found = connection.execute(query.limit(min(limit, total - offset)).offset(offset))
        rows = [_job(row, project, now) for row in found]
    return JobPage(rows, total, limit, offset)


def _newest_first(project_id: str, wanted: JobFilter) -> Any:
    return (
        select(JobRow.__table__)
        .where(JobRow.project_id == project_id, *wanted.kinds())
        .order_by(JobRow.created_at.desc(), JobRow.job_id.desc())
    )


def newest_key(connection: Connection, project: Project, wanted: JobFilter) -> Anchor | None:
    """The key of the newest job that matches: what a reader of a later page holds on to."""
    query = _newest_first(project.project_id, wanted).where(*wanted.times())
    row = connection.execute(
        query.with_only_columns(JobRow.created_at, JobRow.job_id).limit(1)
    ).one_or_none()
    return None if row is None else (row.created_at, row.job_id)


def count_jobs(
    connection: Connection, project: Project, wanted: JobFilter, silent_since: int
) -> dict[str, int]:
    """How many jobs match per status word, and for `empty` and `stalled`: the tabs' numbers.

    What the filter says of kinds (status, empty, silent) is left out. `stalled` counts the running
    jobs that were not heard of since `silent_since` (µs).
    """
    broad = JobFilter(q=wanted.q, since=wanted.since, until=wanted.until)
    silent = replace(broad, silent_since=silent_since)
    if wanted.q:
        counts = _count_found(connection, project.project_id, broad)
    else:
        kinds = {column: (column,) for column in KINDS}
        upper, lower = depth.count_between(
            connection, project.project_id, kinds, wanted.since, wanted.until
        )
        counts = {column: max(0, upper[column] - lower[column]) for column in KINDS}
    stalled = (
        select(func.count())
        .select_from(JobRow)
        .where(JobRow.project_id == project.project_id, *silent.kinds(), *silent.times())
    )
    return counts | {"stalled": connection.scalar(stalled) or 0}


def _count_found(connection: Connection, project_id: str, wanted: JobFilter) -> dict[str, int]:
    newest = (
        select(JobRow.status, JobRow.empty)
        .where(JobRow.project_id == project_id, *wanted.kinds(), *wanted.times())
        .order_by(JobRow.created_at.desc(), JobRow.job_id.desc())
        .limit(MOST_FOUND)
        .subquery()
    )
    groups = select(newest, func.count().label("jobs")).group_by(*newest.c)
    counts = dict.fromkeys(KINDS, 0)
    for status, empty, jobs in connection.execute(groups):
        counts[JobStatus(status).word] += jobs
        counts["empty"] += jobs if empty else 0
    return counts


def get_job(connection: Connection, project: Project, job_id: str, now: int) -> Job | None:
    """One job, None if there is no such job."""
    row = connection.execute(
        select(JobRow.__table__).where(
            JobRow.project_id == project.project_id, JobRow.job_id == job_id
        )
    ).one_or_none()
    return None if row is None else _job(row, project, now)


def list_attempts(connection: Connection, project: Project, job_id: str) -> list[Attempt]:
    """The earlier attempts of a job, the newest first."""
    rows = connection.execute(
        select(AttemptRow.__table__)
        .where(AttemptRow.project_id == project.project_id, AttemptRow.job_id == job_id)
        .order_by(AttemptRow.attempt.desc())
        .limit(MOST_ATTEMPTS)
    )
    graph = project.mode == "kg_vector"
    attempts = []
    for row in rows:
        outcome = outcome_of(attempt_state(row))
        status = JobStatus(row.status)
        attempts.append(
            Attempt(
                attempt=row.attempt,
                status=status,
                state=STATE_OF[status],
                chunks_processed=row.chunks_processed,
                nodes_created=row.nodes_created if graph else 0,
                edges_created=row.edges_created if graph else 0,
                started_at=outcome.started_at,
                completed_at=outcome.completed_at,
                error_message=outcome.error_message,
            )
        )
    return attempts


def list_events(connection: Connection, job: Job) -> list[Event]:
    """What made a job what it is, in the order of receipt; a first report alone is not stored."""
    rows = connection.execute(
        select(EventRow.__table__)
        .where(EventRow.project_id == job.project_id, EventRow.job_id == job.job_id)
        .order_by(EventRow.number)
    )
    events = [
        Event(row.at, row.kind, row.attempt, JobStatus(row.status), row.detail) for row in rows
    ]
    return events or [Event(job.received_at, "reported", job.attempt, job.status)]


def _job(row: Row[Any], project: Project, now: int) -> Job:
    return view_of(ledger_job(row), project, now)


def view_of(job: LedgerJob, project: Project, now: int) -> Job:
    """A job of the ledger as readers see it at `now` (µs): the output rules applied."""
    state, outcome = job.state, outcome_of(job.state)
    graph = project.mode == "kg_vector"
    return Job(
        project_id=project.project_id,
        job_id=job.job_id,
        source_doc_id=job.source_doc_id,
        status=state.status,
        state=job_state(
            state.status,
            empty=is_empty(state, project.mode),
            heard_at=job.heard_at,
            now=now,
            silent_after=project.silent_after,
        ),
        chunks_processed=state.chunks_processed,
        chunks_total=state.chunks_total,
        nodes_created=state.nodes_created if graph else 0,
        edges_created=state.edges_created if graph else 0,
        created_at=job.created_at,
        started_at=outcome.started_at,
        completed_at=outcome.completed_at,
        error_message=outcome.error_message,
        attempt=state.attempt,
        heard_at=job.heard_at,
        received_at=job.received_at,
        skew_seconds=job.skew_seconds,
        started_filled=outcome.started_filled,
        completed_filled=outcome.completed_filled,
    )
