"""Recording: reports in, one transaction, merged jobs out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from app.database import upsert, writing
from app.ledger.counts import Cell, JobFacts, difference, is_empty
from app.ledger.draft import Draft, LedgerJob, Recorded
from app.ledger.merge import AttemptState, outcome_of
from app.ledger.report import Report
from app.models import Attempt, CreatedCount, DurationCount, Event, FinishedCount, Job, Project
from app.status import JobStatus

MOST_EVENTS = 50

STATE_COLUMNS = tuple(AttemptState.__dataclass_fields__)
COUNTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "created_counts": (CreatedCount, ("level", "bucket")),
    "duration_counts": (DurationCount, ("hour", "step")),
    "finished_counts": (FinishedCount, ("hour",)),
}


class UnknownProjectError(LookupError):
    """The project of a report is not there (any more)."""


def record(
    project_id: str, reports: Sequence[Report], *, now: int, skew: int | None = None
) -> list[Recorded]:
    """Merge the reports into the project's jobs, in order, in one transaction.

    `now` is the receipt (µs), `skew` how many seconds the sender's clock is off, None if it is
    close. Gives one result per report. Raises UnknownProjectError; whatever is raised, nothing
    is stored.
    """
    with writing() as connection:
        # On PostgreSQL the writers of one project queue here, so that none meets half a merge.
        of_project = select(Project.mode).where(Project.project_id == project_id).with_for_update()
        mode = connection.scalar(of_project)
        if mode is None:
            raise UnknownProjectError(project_id)
        drafts = load_drafts(connection, project_id, reports)
        results = [drafts[report.job_id].apply(report, now, skew) for report in reports]
        changed = [drafts[job_id] for job_id in sorted(drafts) if drafts[job_id].changed]
        _write_jobs(connection, project_id, mode, changed)
        _write_attempts(connection, project_id, changed)
        _write_events(connection, project_id, changed)
        before = [facts_of(draft.before, mode) for draft in changed if draft.before]
        after = [facts_of(draft.job, mode) for draft in changed if draft.job]
        add_to_counts(connection, project_id, difference(before, after))
        if any(draft.visible for draft in changed):
            raise_version(connection, project_id)
    return results


def facts_of(job: LedgerJob, mode: str) -> JobFacts:
    """What of a job is counted."""
    return JobFacts(job.created_at, job.state, mode)


def raise_version(connection: Connection, project_id: str) -> None:
    """Tell every cache that the project no longer looks the same."""
    connection.execute(
        update(Project).where(Project.project_id == project_id).values(version=Project.version + 1)
    )


def load_drafts(
    connection: Connection, project_id: str, reports: Sequence[Report]
) -> dict[str, Draft]:
    """A draft for every job that the reports name, with what is known of it."""
    ids = sorted({report.job_id for report in reports})
    rows = connection.execute(
        select(Job.__table__).where(Job.project_id == project_id, Job.job_id.in_(ids))
    )
    known = {row.job_id: ledger_job(row) for row in rows}
    attempts: dict[str, dict[int, AttemptState]] = {}
    events: dict[str, set[tuple[str, int, JobStatus, str | None]]] = {}
    # Earlier attempts and conflicts matter seldom, so they are read only for jobs that need them.
    late = {
        report.job_id
        for report in reports
        if report.job_id in known and (report.attempt or 1) < known[report.job_id].state.attempt
    }
    if late:
        for row in connection.execute(
            select(Attempt.__table__).where(
                Attempt.project_id == project_id, Attempt.job_id.in_(late)
            )
        ):
            attempts.setdefault(row.job_id, {})[row.attempt] = attempt_state(row)
    ended = {
        report.job_id
        for report in reports
        if report.status is not None
        and report.status.terminal
        and report.job_id in known
        and known[report.job_id].state.status.terminal
    }
    if ended:
        for row in connection.execute(
            select(Event.__table__).where(Event.project_id == project_id, Event.job_id.in_(ended))
        ):
            claim = (row.kind, row.attempt, JobStatus(row.status), row.detail)
            events.setdefault(row.job_id, set()).add(claim)
    return {
        job_id: Draft(known.get(job_id), attempts.get(job_id), frozenset(events.get(job_id, ())))
        for job_id in ids
    }


def attempt_state(row: Row[Any]) -> AttemptState:
    """The state in a row of `jobs` or `attempts`."""
    values = {name: getattr(row, name) for name in STATE_COLUMNS}
    return AttemptState(**{**values, "status": JobStatus(row.status)})


def ledger_job(row: Row[Any]) -> LedgerJob:
    """The job in a row of `jobs`."""
    return LedgerJob(
        job_id=row.job_id,
        source_doc_id=row.source_doc_id,
        created_at=row.created_at,
        received_at=row.received_at,
        heard_at=row.heard_at,
        skew_seconds=row.skew_seconds,
        event_count=row.event_count,
        state=attempt_state(row),
    )


def _write_jobs(
    connection: Connection, project_id: str, mode: str, drafts: Sequence[Draft]
) -> None:
    new, known = [], []
    for draft in drafts:
        if draft.job is None:
            continue
        job = draft.job
        row = {
            "heard_at": job.heard_at,
            "skew_seconds": job.skew_seconds,
            "ended_at": outcome_of(job.state).completed_at,
            "empty": is_empty(job.state, mode),
            "event_count": min(job.event_count + len(draft.events), MOST_EVENTS),
            **asdict(job.state),
        }
        if draft.before is None:
            row |= {
                "project_id": project_id,
                "job_id": job.job_id,
                "source_doc_id": job.source_doc_id,
                "created_at": job.created_at,
                "received_at": job.received_at,
            }
            new.append(row)
        else:
            known.append(row | {"of_project": project_id, "of_job": job.job_id})
    if new:
        connection.execute(insert(Job), new)
    if known:
        table: Any = Job.__table__
        connection.execute(
            update(table).where(
                table.c.project_id == bindparam("of_project"),
                table.c.job_id == bindparam("of_job"),
            ),
            known,
        )


def _write_attempts(connection: Connection, project_id: str, drafts: Sequence[Draft]) -> None:
    rows = [
        {"project_id": project_id, "job_id": draft.job.job_id, **asdict(state)}
        for draft in drafts
        if draft.job is not None
        for _, state in sorted(draft.changed_attempts.items())
    ]
    if not rows:
        return
    statement = upsert(connection, Attempt.__table__)
    values = {name: statement.excluded[name] for name in STATE_COLUMNS if name != "attempt"}
    key = ("project_id", "job_id", "attempt")
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values), rows)


def _write_events(connection: Connection, project_id: str, drafts: Sequence[Draft]) -> None:
    rows = [
        {"project_id": project_id, "job_id": draft.job.job_id, "number": number, **asdict(event)}
        for draft in drafts
        if draft.job is not None
        for number, event in enumerate(draft.events, draft.job.event_count)
        if number < MOST_EVENTS
    ]
    if rows:
        connection.execute(insert(Event), rows)


def add_to_counts(connection: Connection, project_id: str, cells: Counter[Cell]) -> None:
    """Add to the counts, always in the order of table, level and bucket: so none can deadlock."""
    for name, of_table in groupby(sorted(cells), key=attrgetter("table")):
        model, key_columns = COUNTS[name]
        rows = []
        for key, of_key in groupby(of_table, key=attrgetter("key")):
            amounts = {cell.column: cells[cell] for cell in of_key}
            rows.append(dict(zip(key_columns, key, strict=True)) | amounts)
        _add_rows(connection, project_id, model.__table__, key_columns, rows)


def _add_rows(
    connection: Connection,
    project_id: str,
    table: Any,
    key_columns: tuple[str, ...],
    rows: list[dict[str, int]],
) -> None:
    primary = ("project_id", *key_columns)
    amounts = [column.name for column in table.columns if column.name not in primary]
    statement = upsert(connection, table)
    statement = statement.on_conflict_do_update(
        index_elements=primary,
        set_={name: table.c[name] + statement.excluded[name] for name in amounts},
    )
    zero = dict.fromkeys(amounts, 0)
    connection.execute(statement, [{"project_id": project_id, **zero, **row} for row in rows])
