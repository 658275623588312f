"""Recording: reports in, one transaction, merged jobs out.

Who writes locks in one order: known jobs by id, new jobs by id, the project's row, its counts,
its documents. So no two writers can wait for each other (PostgreSQL; on SQLite there is one writer
at a time).
"""

from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from app.database import BusyError, table_of, upsert, writing
from app.ledger.counts import difference
from app.ledger.documents import keep_documents
from app.ledger.draft import Draft, Recorded
from app.ledger.merge import AttemptState
from app.ledger.report import Report
from app.ledger.rows import (
    STATE_COLUMNS,
    attempt_state,
    derived_columns,
    facts_of,
    ledger_job,
    state_columns,
)
from app.ledger.sums import UnknownProjectError, raise_version
from app.models import Attempt, Event, Job, Project
from app.prepared import Prepared, among, given, insertion, listed
from app.status import JobStatus

MOST_TRIES = 20


class _OvertakenError(Exception):
    """Another writer made one of our new jobs after we looked."""


def record(
    project_id: str, reports: Sequence[Report], *, now: int, skew: int | None = None
) -> list[Recorded]:
    """Merge the reports into the project's jobs, in order, in one transaction.

    `now` is the receipt (µs), `skew` how many seconds the sender's clock is off, None if it is
    close. Gives one result per report. Raises UnknownProjectError, and BusyError where others
    make our jobs again and again; whatever is raised, nothing is stored.
    """
    for _ in range(MOST_TRIES):
        with suppress(_OvertakenError):  # then the job is known, and is locked in its place
            return _record(project_id, reports, now, skew)
    raise BusyError("others make the same jobs")


def _record(
    project_id: str, reports: Sequence[Report], now: int, skew: int | None
) -> list[Recorded]:
    with writing() as connection:
        project = connection.execute(_PROJECT, {"of_project": project_id}).one_or_none()
        if project is None:
            raise UnknownProjectError(project_id)
        drafts = load_drafts(connection, project_id, reports)
        results = [drafts[report.job_id].apply(report, now, skew) for report in reports]
        changed = [drafts[job_id] for job_id in sorted(drafts) if drafts[job_id].changed]
        _write_jobs(connection, project_id, project.mode, changed)
        _write_attempts(connection, project_id, changed)
        _write_events(connection, project_id, changed)
        if any(draft.visible(project.silent_after) for draft in changed):
            before = [facts_of(draft.before, project.mode) for draft in changed if draft.before]
            after = [facts_of(draft.job, project.mode) for draft in changed if draft.job]
            raise_version(connection, project_id, difference(before, after))
            keep_documents(
                connection,
                project_id,
                before=(draft.before for draft in changed),
                after=(draft.job for draft in changed),
            )
    return results


_PROJECT = select(Project.mode, Project.silent_after).where(
    Project.project_id == bindparam("of_project")
)


@cache
def _known(dialect: str) -> Any:
    """The statement that locks the jobs of a list, in order of their ids."""
    return (
        select(Job.__table__)
        .where(Job.project_id == bindparam("of_project"), among(dialect, Job.job_id, "of_jobs"))
        .order_by(Job.job_id)
        .with_for_update()
    )


def load_drafts(
    connection: Connection, project_id: str, reports: Sequence[Report]
) -> dict[str, Draft]:
    """A draft for every job that the reports name, with what is known of it."""
    ids = sorted({report.job_id for report in reports})
    dialect = connection.dialect.name
    wanted = {"of_project": project_id, "of_jobs": listed(dialect, ids)}
    rows = connection.execute(_known(dialect), wanted)
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


def _write_jobs(
    connection: Connection, project_id: str, mode: str, drafts: Sequence[Draft]
) -> None:
    new, known = [], []
    for draft in drafts:
        job = draft.job
        if job is None:
            continue
        row = state_columns(job.state) | derived_columns(job.state, mode)
        row["heard_at"] = job.heard_at
        row["skew_seconds"] = job.skew_seconds
        row["event_count"] = job.event_count + len(draft.events)
        if draft.before is None:
            row["project_id"] = project_id
            row["job_id"] = job.job_id
            row["source_doc_id"] = job.source_doc_id
            row["created_at"] = job.created_at
            row["received_at"] = job.received_at
            new.append(row)
        else:
            known.append(row | {"of_project_id": project_id, "of_job_id": job.job_id})
    if new and _INSERT.run_many(connection, new) < len(new):
        raise _OvertakenError
    if known:
        _UPDATE.run_many(connection, known)


_CHANGING = (*STATE_COLUMNS, "ended_at", "empty", "heard_at", "skew_seconds", "event_count")


def _update(dialect: str) -> Any:
    table = table_of(Job)
    rows = given(dialect, table, ("of_project_id", "of_job_id", *_CHANGING))
    here = (table.c.project_id == rows["of_project_id"], table.c.job_id == rows["of_job_id"])
    return update(table).where(*here).values({name: rows[name] for name in _CHANGING})


_INSERT = Prepared(lambda dialect: insertion(dialect, table_of(Job)).on_conflict_do_nothing())
_UPDATE = Prepared(_update)
_ADD_EVENTS = Prepared(lambda dialect: insertion(dialect, table_of(Event)))


def _write_attempts(connection: Connection, project_id: str, drafts: Sequence[Draft]) -> None:
    rows = [
        {"project_id": project_id, "job_id": draft.job.job_id, **state_columns(state)}
        for draft in drafts
        if draft.job is not None
        for _, state in sorted(draft.changed_attempts.items())
    ]
    if not rows:
        return
    statement = upsert(connection.dialect.name, Attempt.__table__)
    values = {name: statement.excluded[name] for name in STATE_COLUMNS if name != "attempt"}
    key = ("project_id", "job_id", "attempt")
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=values), rows)


def _write_events(connection: Connection, project_id: str, drafts: Sequence[Draft]) -> None:
    rows = [
        {
            "project_id": project_id,
            "job_id": draft.job.job_id,
            "number": number,
            "at": event.at,
            "kind": event.kind,
            "attempt": event.attempt,
            "status": int(event.status),
            "detail": event.detail,
        }
        for draft in drafts
        if draft.job is not None
        for number, event in enumerate(draft.events, draft.job.event_count)
    ]
    if rows:
        _ADD_EVENTS.run_many(connection, rows)
