"""Jobs: a page of them, one of them, its attempts and its events."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from app.ledger.counts import is_empty
from app.ledger.job import LedgerJob
from app.ledger.merge import AttemptState, outcome_of
from app.ledger.origins import origin_of
from app.ledger.rows import STATE_COLUMNS, attempt_state, state_of
from app.models import Attempt as AttemptRow
from app.models import Event as EventRow
from app.models import Job as JobRow
from app.models import JobOrigin
from app.models.counts import CREATED_COLUMNS
from app.queries import depth, pages, search, sorts
from app.queries.filters import JobFilter
from app.queries.pages import columns_of
from app.queries.sorts import Order
from app.queries.views import Anchor, Attempt, Cursor, Event, JobPage, Reading, Shown
from app.rules.events import EventKind
from app.rules.job import Job
from app.rules.job_states import STATE_OF, job_state
from app.rules.origins import Origin
from app.rules.project import Project
from app.rules.status import STATUSES

MOST_ATTEMPTS = 50  # shown of a job


def list_jobs(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    *,
    limit: int,
    offset: int = 0,
    now: int,
    reading: Reading[Shown],
    anchor: Anchor | None = None,
    cursor: Cursor | None = None,
    order: Order | None = None,
) -> JobPage[Shown]:
    """A page of the project's jobs, newest first, each as `reading` shows it.

    With an `anchor` (the key of the row that a reader holds on to) the page counts from there, and
    `new` says how many jobs came above it. With a `cursor` it begins beside that key, whatever came
    or went meanwhile, and its `offset` is the place that its first row has by now. In another
    `order` there is neither. Times in µs.
    """
    read: Callable[..., _Read] = _counted if wanted.columns is not None else _searched
    if order is not None:
        read = partial(_sorted, order=order, now=now)
    at = _At(limit, offset, anchor, cursor)
    rows, total, offset, new, capped = read(connection, project, wanted, reading.columns, at)
    shown = [reading.make(row, project, now) for row in rows]
    ends = (_key(rows[0], reading.columns), _key(rows[-1], reading.columns)) if rows else None
    return JobPage(shown, total, limit, offset, new, capped=capped, ends=ends)


class _At(NamedTuple):
    """Where a page is asked for."""

    limit: int
    offset: int
    anchor: Anchor | None
    cursor: Cursor | None


class _Read(NamedTuple):
    """What was read of a page: as of `JobPage`."""

    rows: Sequence[Sequence[Any]]
    total: int
    offset: int
    new: int = 0
    capped: str = ""


def _counted(
    connection: Connection, project: Project, wanted: JobFilter, names: tuple[str, ...], at: _At
) -> _Read:
    """A page of what the counts can tell: see `depth`."""
    columns = wanted.columns or ()
    everything, upper, lower = _counts(connection, project, wanted, columns)
    total, new = max(0, upper - lower), 0

    def newer_than(key: Anchor) -> int:
        older = depth.count_up_to(connection, project.project_id, columns, key)
        return min(total, max(0, upper - older))

    rows: Sequence[Sequence[Any]] = ()
    if at.cursor is not None:
        if total:
            rows = pages.beside(connection, project, wanted, at.cursor, names=names, limit=at.limit)
        if rows:
            return _Read(rows, total, newer_than(_key(rows[0], names)))
        return _Read(rows, total, 0 if at.cursor.newer else total)
    if at.anchor is not None:
        new = newer_than(at.anchor)
    if new + at.offset < total:
        # What is newer than `until` is skipped by rank too.
        rank = everything - upper + new + at.offset
        place = depth.find_place(connection, project.project_id, columns, rank)
        rows = pages.from_place(connection, project, wanted, place, names=names, limit=at.limit)
    return _Read(rows, total, at.offset, new)


def _searched(
    connection: Connection, project: Project, wanted: JobFilter, names: tuple[str, ...], at: _At
) -> _Read:
    """A page of what the counts cannot tell: see `search`."""
    found = search.find(connection, project.project_id, wanted)
    start, end, new = _span([key[:2] for key in found.keys], at)
    keys = found.keys[start:end]
    rows = search.page(connection, project.project_id, names, keys) if keys else []
    return _Read(rows, len(found.keys), start - new, new, found.capped)


def _sorted(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    names: tuple[str, ...],
    at: _At,
    *,
    order: Order,
    now: int,
) -> _Read:
    """A page in another order than that of creation: see `sorts`."""
    found = search.find(
        connection,
        project.project_id,
        wanted,
        among=order.place(project, wanted),
        also=sorts.COLUMNS,
        most=sorts.MOST_SORTED,
    )
    keys = order.arrange(found.keys, now)[at.offset : at.offset + at.limit]
    rows = search.page(connection, project.project_id, names, keys) if keys else []
    return _Read(rows, len(found.keys), at.offset, capped=found.capped)


def _span(keys: Sequence[Any], at: _At) -> tuple[int, int, int]:
    """From where to where a page goes among these keys, and how many came above its anchor."""
    if at.cursor is None:
        new = 0 if at.anchor is None else sum(key > at.anchor for key in keys)
        return new + at.offset, new + at.offset + at.limit, new
    newer = sum(key > at.cursor.key for key in keys)
    if at.cursor.newer:
        return max(0, newer - at.limit), newer, 0
    start = newer + (at.cursor.key in keys[newer : newer + 1])
    return start, start + at.limit, 0


def _key(row: Sequence[Any], names: tuple[str, ...]) -> Anchor:
    """The key of a row of these columns."""
    return row[names.index("created_at")], row[names.index("job_id")]


def _counts(
    connection: Connection, project: Project, wanted: JobFilter, columns: tuple[str, ...]
) -> tuple[int, int, int]:
    """How many jobs of these columns there are, how many before `until`, and before `since`."""

    def before(moment: int) -> int:
        return depth.count_up_to(connection, project.project_id, columns, (moment, ""))

    everything = sum(getattr(project, name) for name in columns)
    upper = everything if wanted.until is None else before(wanted.until)
    return everything, upper, 0 if wanted.since is None else before(wanted.since)


def count_jobs(
    connection: Connection, project: Project, wanted: JobFilter, silent_since: int
) -> dict[str, int]:
    """How many jobs match per status word, and for `empty` and `stalled`: the tabs' numbers.

    What the filter says of kinds (status, empty, stalled) is left out. `stalled` counts the running
    jobs that were not heard of since `silent_since` (µs).
    """
    wanted = wanted.of_any_kind
    if wanted.columns is None:
        return search.count_kinds(connection, project.project_id, wanted, silent_since)
    counts = {name: getattr(project, name) for name in CREATED_COLUMNS}
    if wanted.until is not None:
        counts = depth.count_before(connection, project.project_id, wanted.until)
    if wanted.since is not None:
        before = depth.count_before(connection, project.project_id, wanted.since)
        counts = {name: max(0, counts[name] - before[name]) for name in CREATED_COLUMNS}
    stalled = search.count_silent(connection, project.project_id, wanted, silent_since)
    return counts | {"stalled": stalled}


def get_job(connection: Connection, project: Project, job_id: str, now: int) -> Job | None:
    """One job, None if there is no such job."""
    row = connection.execute(
        select(*columns_of(WHOLE.columns)).where(
            JobRow.project_id == project.project_id, JobRow.job_id == job_id
        )
    ).one_or_none()
    return None if row is None else WHOLE.make(row, project, now)


def get_origin(connection: Connection, project_id: str, job_id: str) -> Origin | None:
    """Where a job comes from that others' events tell of; None of one that was only reported."""
    columns = [getattr(JobOrigin, name) for name in Origin._fields]
    mine = (JobOrigin.project_id == project_id, JobOrigin.job_id == job_id)
    row = connection.execute(select(*columns).where(*mine)).one_or_none()
    return None if row is None else origin_of(row)


def list_attempts(connection: Connection, project: Project, job_id: str) -> list[Attempt]:
    """The earlier attempts of a job, the newest first."""
    rows = connection.execute(
        select(AttemptRow.__table__)
        .where(AttemptRow.project_id == project.project_id, AttemptRow.job_id == job_id)
        .order_by(AttemptRow.attempt.desc())
        .limit(MOST_ATTEMPTS)
    )
    graph = project.graph
    attempts = []
    for row in rows:
        outcome = outcome_of(attempt_state(row))
        status = STATUSES[row.status]
        attempts.append(
            Attempt(
                attempt=row.attempt,
                status=status,
                state=STATE_OF[status],
                chunks_processed=row.chunks_processed,
                nodes_created=row.nodes_created if graph else 0,
                edges_created=row.edges_created if graph else 0,
                completed_at=outcome.completed_at,
                took=outcome.took,
                error_message=outcome.error_message,
                graph=graph,
            )
        )
    return attempts


def list_events(connection: Connection, job: Job) -> list[Event]:
    """What made a job what it is, the latest first; a first report alone is not stored.

    Its latest attempt comes first, and of each attempt what was received last: one request may
    tell of several, and a report of an earlier one may come late.
    """
    rows = connection.execute(
        select(EventRow.__table__)
        .where(EventRow.project_id == job.project_id, EventRow.job_id == job.job_id)
        .order_by(EventRow.attempt.desc(), EventRow.number.desc())
    )
    several = job.attempt > 1
    events = [
        Event(row.at, EventKind(row.kind), row.attempt, STATUSES[row.status], row.detail, several)
        for row in rows
    ]
    first = Event(job.received_at, EventKind.REPORTED, job.attempt, job.status, several=several)
    return events or [first]


_SEEN = (
    "job_id",
    "source_doc_id",
    "sent_doc_id",
    "created_at",
    "received_at",
    "heard_at",
    "cause",
    "moved_at",
    "empty",
    *STATE_COLUMNS,
)
_WIDTH = len(_SEEN) - len(STATE_COLUMNS)


def _job(row: Sequence[Any], project: Project, now: int) -> Job:
    """The job in a row of `_SEEN`."""
    return _view(row[:_WIDTH], state_of(row[_WIDTH:]), project, now)


def view_of(job: LedgerJob, project: Project, now: int) -> Job:
    """A job of the ledger as readers see it at `now` (µs)."""
    values = [getattr(job, name) for name in _SEEN[: _WIDTH - 1]]
    return _view((*values, is_empty(job.state, project.mode)), job.state, project, now)


def _view(values: Sequence[Any], state: AttemptState, project: Project, now: int) -> Job:
    """A job as readers see it at `now` (µs): the output rules applied."""
    job_id, document, sent, created_at, received_at, heard_at, cause, moved_at, empty = values
    outcome = outcome_of(state)
    graph = project.graph
    return Job(
        project.project_id,
        job_id,
        sent or document,
        state.status,
        job_state(
            state.status,
            empty=empty,
            heard_at=heard_at,
            now=now,
            silent_after=project.silent_after,
        ),
        state.chunks_processed,
        state.chunks_total,
        state.nodes_created if graph else 0,
        state.edges_created if graph else 0,
        created_at,
        outcome.started_at,
        outcome.completed_at,
        outcome.error_message,
        state.attempt,
        heard_at,
        received_at,
        state.skew_seconds,
        outcome.started_by,
        outcome.completed_by,
        cause,
        moved_at,
        graph,
    )


WHOLE = Reading(_SEEN, _job)
"""How a list reads all that is known of its jobs."""
