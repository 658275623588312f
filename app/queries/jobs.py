"""Jobs: a page of them, one of them, its attempts and its events."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, tuple_, union_all

from app.ledger.counts import is_empty
from app.ledger.draft import LedgerJob
from app.ledger.merge import AttemptState, outcome_of
from app.ledger.rows import STATE_COLUMNS, attempt_state, state_of
from app.models import Attempt as AttemptRow
from app.models import Event as EventRow
from app.models import Job as JobRow
from app.models.counts import CREATED_COLUMNS
from app.queries import depth, search
from app.queries.filters import JobFilter
from app.queries.matching import Kind, newest_first, of_kind
from app.queries.views import Anchor, Attempt, Event, JobPage, Reading, Shown
from app.rules.events import EventKind
from app.rules.job import Job
from app.rules.job_states import STATE_OF, job_state
from app.rules.project import Project
from app.rules.status import STATUSES
from app.store.database import table_of
from app.store.prepared import Prepared
from app.store.seeks import seek_each

MOST_ATTEMPTS = 50  # shown of a job


def list_jobs(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    *,
    limit: int,
    offset: int,
    now: int,
    reading: Reading[Shown],
    anchor: Anchor | None = None,
) -> JobPage[Shown]:
    """A page of the project's jobs, newest first, each as `reading` shows it.

    With an `anchor` (the key of the row that a reader holds on to) the page counts from there, and
    `new` says how many jobs came above it. Times in µs.
    """
    columns = wanted.columns
    if columns is None:
        return _search(
            connection,
            project,
            wanted,
            limit=limit,
            offset=offset,
            now=now,
            reading=reading,
            anchor=anchor,
        )
    everything, upper, lower = _counts(connection, project, wanted, columns)
    total, new = max(0, upper - lower), 0
    if anchor is not None:
        older = depth.count_before(connection, project.project_id, *anchor)
        new = min(total, max(0, upper - sum(older[name] for name in columns)))
    rows: list[Shown] = []
    if new + offset < total:
        # What is newer than `until` is skipped by rank too.
        rank = everything - upper + new + offset
        place = depth.find_place(connection, project.project_id, columns, rank)
        rows = _rows(connection, project, wanted, place, limit=limit, now=now, reading=reading)
    return JobPage(rows, total, limit, offset, new)


def _counts(
    connection: Connection, project: Project, wanted: JobFilter, columns: tuple[str, ...]
) -> tuple[int, int, int]:
    """How many jobs of these columns there are, how many before `until`, and before `since`."""

    def before(moment: int) -> int:
        counts = depth.count_before(connection, project.project_id, moment)
        return sum(counts[name] for name in columns)

    everything = sum(getattr(project, name) for name in columns)
    upper = everything if wanted.until is None else before(wanted.until)
    return everything, upper, 0 if wanted.since is None else before(wanted.since)


def _rows(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    place: depth.Place,
    *,
    limit: int,
    now: int,
    reading: Reading[Shown],
) -> list[Shown]:
    from_start = place.from_start
    page = _page(
        reading.columns,
        wanted.kinds,
        has_before=place.before is not None,
        has_since=wanted.since is not None,
        from_start=from_start is not None,
        skips=from_start is None and place.skip > depth.SHALLOW,
    )
    values = {
        "of_project": project.project_id,
        "before": place.before,
        "since": wanted.since,
        "start": place.start,
        "from_start": from_start,
        "skip": place.skip if from_start is None else 0,
        "most": limit + (place.skip if from_start is None else 0),
        "most_from_start": (from_start or 0) + 1,
        "count": limit,
    }
    make = reading.make
    return [make(row, project, now) for row in page.rows(connection, **values)]


@cache
def _page(names: tuple[str, ...], kinds: tuple[Kind, ...], **shape: bool) -> Prepared:
    return Prepared(lambda dialect: _page_statement(dialect, names, kinds, **shape))


def _page_statement(
    dialect: str,
    names: tuple[str, ...],
    kinds: tuple[Kind, ...],
    *,
    has_before: bool,
    has_since: bool,
    from_start: bool,
    skips: bool,
) -> Any:
    """The statement of a page, newest first, whatever its parameters.

    Several kinds are one limited seek each. Where many rows are skipped, only keys are, which an
    index holds.
    """
    before = JobRow.created_at < bindparam("before")
    ends: list[Any] = [JobRow.created_at >= bindparam("since")] if has_since else []
    if has_before and not from_start:
        ends.append(before)
    if from_start:
        of_minute = [before, JobRow.created_at >= bindparam("start")]
        keys = _keys(kinds, of_minute, bindparam("most_from_start"), newest=False)
        first = keys.limit(1).offset(bindparam("from_start")).cte("first")
        place = (select(column).scalar_subquery() for column in first.c)
        ends.append(tuple_(JobRow.created_at, JobRow.job_id) <= tuple_(*place))
    columns = _columns(names)
    if len(kinds) == 1 and not skips:
        rows = newest_first(select(*columns).where(*_of_kind(kinds[0]), *ends))
        return rows.limit(bindparam("count")).offset(bindparam("skip"))
    keys = _keys(kinds, ends, bindparam("most"), newest=True)
    chosen = keys.limit(bindparam("count")).offset(bindparam("skip")).subquery()
    mine = select(*columns).where(JobRow.project_id == bindparam("of_project"))
    return newest_first(seek_each(dialect, chosen, chosen.c.job_id, mine, JobRow.job_id))


def _keys(kinds: tuple[Kind, ...], ends: list[Any], most: Any, *, newest: bool) -> Select[Any]:
    """The keys of these kinds in order; of several kinds, each has to give at most so many."""

    def in_order(query: Select[Any], columns: Any) -> Select[Any]:
        return query.order_by(*(each.desc() if newest else each.asc() for each in columns))

    key: Any = (JobRow.created_at, JobRow.job_id)
    parts = [in_order(select(*key).where(*_of_kind(kind), *ends), key) for kind in kinds]
    if len(parts) == 1:
        return parts[0]
    every = union_all(*(select(part.limit(most).subquery()) for part in parts)).subquery()
    return in_order(select(every), every.c)


def _of_kind(kind: Kind) -> list[Any]:
    condition = of_kind(kind)
    mine = JobRow.project_id == bindparam("of_project")
    return [mine] if condition is None else [mine, condition]


def _search(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    *,
    limit: int,
    offset: int,
    now: int,
    reading: Reading[Shown],
    anchor: Anchor | None,
) -> JobPage[Shown]:
    """A page of what the counts cannot tell: see `search`."""
    found = search.find(connection, project.project_id, wanted)
    total = len(found.keys)
    new = 0 if anchor is None else sum(key[:2] > anchor for key in found.keys)
    keys = found.keys[new + offset : new + offset + limit]
    rows: list[Shown] = []
    if keys:
        of_page = search.page(connection, project.project_id, reading.columns, keys)
        rows = [reading.make(row, project, now) for row in of_page]
    return JobPage(rows, total, limit, offset, new, capped=found.capped)


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
        select(*_columns(WHOLE.columns)).where(
            JobRow.project_id == project.project_id, JobRow.job_id == job_id
        )
    ).one_or_none()
    return None if row is None else WHOLE.make(row, project, now)


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
        Event(row.at, EventKind(row.kind), row.attempt, STATUSES[row.status], row.detail)
        for row in rows
    ]
    return events or [Event(job.received_at, EventKind.REPORTED, job.attempt, job.status)]


_SEEN = (
    "job_id",
    "source_doc_id",
    "sent_doc_id",
    "created_at",
    "received_at",
    "heard_at",
    "empty",
    *STATE_COLUMNS,
)
_WIDTH = len(_SEEN) - len(STATE_COLUMNS)


def _columns(names: tuple[str, ...]) -> list[Any]:
    columns = table_of(JobRow).c
    return [columns[name] for name in names]


def _job(row: Sequence[Any], project: Project, now: int) -> Job:
    """The job in a row of `_SEEN`."""
    return _view(row[:_WIDTH], state_of(row[_WIDTH:]), project, now)


def view_of(job: LedgerJob, project: Project, now: int) -> Job:
    """A job of the ledger as readers see it at `now` (µs)."""
    values = [getattr(job, name) for name in _SEEN[: _WIDTH - 1]]
    return _view((*values, is_empty(job.state, project.mode)), job.state, project, now)


def _view(values: Sequence[Any], state: AttemptState, project: Project, now: int) -> Job:
    """A job as readers see it at `now` (µs): the output rules applied."""
    job_id, document, sent, created_at, received_at, heard_at, empty = values
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
    )


WHOLE = Reading(_SEEN, _job)
"""How a list reads all that is known of its jobs."""
