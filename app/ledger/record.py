"""Recording: reports in, one transaction, merged jobs out.

Who writes locks in one order: known jobs by id, new jobs by id, the project's row, its counts,
its documents, its causes. So no two writers can wait for each other (PostgreSQL; on SQLite there
is one writer at a time).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from app.ledger.causes import keep_causes
from app.ledger.counts import difference
from app.ledger.documents import keep_documents
from app.ledger.draft import Draft
from app.ledger.folds import Folds, fold_errors
from app.ledger.job import Claim, LedgerJob, Recorded
from app.ledger.merge import AttemptState
from app.ledger.origins import load_origins, write_origins
from app.ledger.report import Report
from app.ledger.rows import (
    CHANGING,
    STATE_COLUMNS,
    attempt_state,
    changing_values,
    fixed_values,
    ledger_job,
    state_values,
)
from app.ledger.sums import known_project, raise_version
from app.models import Attempt, Event, Job
from app.rules.events import EventKind
from app.rules.project import Project
from app.rules.skew import greatest
from app.rules.status import STATUSES
from app.store.database import BusyError, table_of, writing
from app.store.prepared import Prepared, given, insertion
from app.store.seeks import listed, seek_listed

MOST_TRIES = 20
FEW = 100  # reports that keep no other writer waiting for long

Merging = Callable[[Mapping[str, Draft]], list[Recorded]]
"""What merges reports into the drafts of their jobs, by id: a result for each, in their order."""


class _OvertakenError(Exception):
    """Another writer made one of our new jobs after we looked."""


def record(
    project: Project, reports: Sequence[Report], *, now: int, skew: int | None = None
) -> list[Recorded]:
    """Merge the reports into the project's jobs, in order, in one transaction.

    Of the project only its settings count here, not how many jobs it had when it was read. `now`
    is the receipt (µs), `skew` how many seconds the sender's clock says that it is off, None if it
    is close; each result says what the times of its report say of it too.
    Gives one result per report. Raises UnknownProjectError where the project is gone, and
    BusyError where others make our jobs again and again; whatever is raised, nothing is stored.
    """
    return merge_all(
        project,
        reports,
        lambda drafts: [drafts[report.job_id].apply(report, now, skew) for report in reports],
        now=now,
    )


def merge_all(
    project: Project, reports: Sequence[Report], merge: Merging, *, now: int
) -> list[Recorded]:
    """Let `merge` merge the reports into drafts of their jobs, and write these, in one transaction.

    It may be called again, with other drafts. Raises as `record`.
    """
    folds = fold_errors(reports)  # nobody waits for it yet
    for _ in range(MOST_TRIES):
        with suppress(_OvertakenError):  # then the job is known, and is locked in its place
            return _merge_all(project, reports, folds, merge, now)
    raise BusyError("others make the same jobs")


def _merge_all(
    project: Project, reports: Sequence[Report], folds: Folds, merge: Merging, now: int
) -> list[Recorded]:
    project_id, mode = project.project_id, project.mode
    with known_project(project_id), writing(long=len(reports) > FEW) as connection:
        drafts = load_drafts(connection, project_id, reports, folds)
        results = merge(drafts)
        changed = [draft for draft in drafts.values() if draft.changed]
        _write_jobs(connection, project_id, mode, changed)
        _write_attempts(connection, project_id, changed)
        _write_events(connection, project_id, changed)
        write_origins(connection, project_id, changed)
        if any(draft.visible(project.silent_after) for draft in changed):
            before, after = [draft.before for draft in changed], [draft.job for draft in changed]
            skewed = (greatest(one.skew for one in results), now)
            cells = difference(before, after, mode)
            raise_version(connection, project_id, cells, skewed, waits=False)
            documents = keep_documents(connection, project_id, before, after)
            keep_causes(connection, project_id, before, after, documents)
    return results


def _known(dialect: str) -> Any:
    """The statement that gives the jobs of a list and locks them, in order of their ids."""
    mine = select(table_of(Job)).where(Job.project_id == bindparam("of_project"))
    return seek_listed(dialect, mine.with_for_update(), Job.job_id, "of_jobs")


_KNOWN = Prepared(_known)


def load_drafts(
    connection: Connection, project_id: str, reports: Sequence[Report], folds: Folds
) -> dict[str, Draft]:
    """A draft for every job that the reports name, with what is known of it, in order of ids."""
    ids = sorted({report.job_id for report in reports})
    wanted = listed(ids)
    rows = _KNOWN.rows(connection, of_project=project_id, of_jobs=wanted)
    known = {job.job_id: job for job in map(ledger_job, rows)}
    if not known:
        return {job_id: Draft(folds=folds) for job_id in ids}
    again = [report for report in reports if report.job_id in known]
    attempts = _earlier_attempts(connection, project_id, known, again)
    claims = _claims(connection, project_id, known, again)
    origins = load_origins(connection, project_id, again)
    return {
        job_id: Draft(
            known.get(job_id),
            attempts.get(job_id),
            claims.get(job_id, frozenset()),
            folds,
            origins.get(job_id),
        )
        for job_id in ids
    }


# Attempts, conflicts and origins matter seldom, so they are read only for jobs that need them.


def _earlier_attempts(
    connection: Connection,
    project_id: str,
    known: Mapping[str, LedgerJob],
    reports: Iterable[Report],
) -> dict[str, dict[int, AttemptState]]:
    """The earlier attempts of the jobs that a report of an earlier attempt concerns."""
    late = {
        report.job_id
        for report in reports
        if (report.attempt or 1) < known[report.job_id].state.attempt
    }
    attempts: dict[str, dict[int, AttemptState]] = {}
    if late:
        mine = (Attempt.project_id == project_id, Attempt.job_id.in_(late))
        for row in connection.execute(select(Attempt.__table__).where(*mine)):
            attempts.setdefault(row.job_id, {})[row.attempt] = attempt_state(row)
    return attempts


def _claims(
    connection: Connection,
    project_id: str,
    known: Mapping[str, LedgerJob],
    reports: Iterable[Report],
) -> dict[str, frozenset[Claim]]:
    """What was said before of the jobs that had ended, and end or run again."""
    ended = {
        report.job_id
        for report in reports
        if report.status is not None
        and report.status.begun
        and known[report.job_id].state.status.terminal
    }
    claims: dict[str, frozenset[Claim]] = {}
    if ended:
        mine = (Event.project_id == project_id, Event.job_id.in_(ended))
        for row in connection.execute(select(Event.__table__).where(*mine)):
            claim = (EventKind(row.kind), row.attempt, STATUSES[row.status], row.detail)
            claims[row.job_id] = claims.get(row.job_id, frozenset()) | {claim}
    return claims


def _write_jobs(
    connection: Connection, project_id: str, mode: str, drafts: Sequence[Draft]
) -> None:
    new, known = [], []
    for draft in drafts:
        job = draft.job
        if job is None:
            continue
        changing = changing_values(job, mode, job.event_count + len(draft.events))
        if draft.before is None:
            new.append((project_id, *fixed_values(job), *changing))
        else:
            known.append((*changing, project_id, job.job_id))
    if new and _INSERT.run_many(connection, new) < len(new):
        raise _OvertakenError
    if known:
        _UPDATE.post_many(connection, known)
    renamed = [
        (draft.job.source_doc_id, project_id, draft.job.job_id)
        for draft in drafts
        if draft.new_document and draft.job is not None
    ]
    if renamed:
        _RENAME.post_many(connection, renamed)


def update_jobs(
    connection: Connection, project_id: str, mode: str, jobs: Iterable[LedgerJob]
) -> None:
    """Write known jobs, whose rows are locked, as they are now."""
    rows = [(*changing_values(job, mode, job.event_count), project_id, job.job_id) for job in jobs]
    if rows:
        _UPDATE.post_many(connection, rows)


_CHANGED = (*CHANGING, "of_project_id", "of_job_id")


def _update(dialect: str) -> Any:
    table = table_of(Job)
    rows = given(dialect, table, _CHANGED)
    here = (table.c.project_id == rows["of_project_id"], table.c.job_id == rows["of_job_id"])
    return update(table).where(*here).ordered_values(*((name, rows[name]) for name in CHANGING))


_RENAMED = ("source_doc_id", "of_project_id", "of_job_id")


def _rename(dialect: str) -> Any:
    """The statement that gives a job another document: alone, for its column is in an index."""
    table = table_of(Job)
    rows = given(dialect, table, _RENAMED)
    here = (table.c.project_id == rows["of_project_id"], table.c.job_id == rows["of_job_id"])
    return update(table).where(*here).values(source_doc_id=rows["source_doc_id"])


_RENAME = Prepared(_rename, _RENAMED)


def _insert(dialect: str) -> Any:
    """New jobs, and how many of them were: Citus counts those too that were there already."""
    made = insertion(dialect, table_of(Job)).on_conflict_do_nothing()
    return made if dialect == "sqlite" else made.returning(Job.job_id)


_INSERT = Prepared(_insert, table_of(Job).c.keys())
_UPDATE = Prepared(_update, _CHANGED)
_ADD_EVENTS = Prepared(
    lambda dialect: insertion(dialect, table_of(Event)), table_of(Event).c.keys()
)


def _write_attempts(connection: Connection, project_id: str, drafts: Sequence[Draft]) -> None:
    rows = [
        (project_id, draft.job.job_id, *state_values(state))
        for draft in drafts
        if draft.changed_attempts and draft.job is not None
        for _, state in sorted(draft.changed_attempts.items())
    ]
    if rows:
        _WRITE_ATTEMPTS.post_many(connection, rows)


def _write_attempt(dialect: str) -> Any:
    statement = insertion(dialect, table_of(Attempt))
    values = {name: statement.excluded[name] for name in STATE_COLUMNS if name != "attempt"}
    key = ("project_id", "job_id", "attempt")
    return statement.on_conflict_do_update(index_elements=key, set_=values)


_WRITE_ATTEMPTS = Prepared(_write_attempt, table_of(Attempt).c.keys())


def _write_events(connection: Connection, project_id: str, drafts: Sequence[Draft]) -> None:
    rows = [
        (
            project_id,
            draft.job.job_id,
            number,
            event.at,
            event.kind.value,
            event.attempt,
            int(event.status),
            event.detail,
        )
        for draft in drafts
        if draft.events and draft.job is not None
        for number, event in enumerate(draft.events, draft.job.event_count)
    ]
    if rows:
        _ADD_EVENTS.post_many(connection, rows)
