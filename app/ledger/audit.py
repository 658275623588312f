"""Recounting: what the counts should say by the jobs, and what differs."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from app.ledger.counts import Cell, Level, roll_up, tally
from app.ledger.failures import Failures, WrongFailures, check_failures
from app.ledger.finding import Finding
from app.ledger.job import LedgerJob, taken_back
from app.ledger.rows import CHANGING, changing_values, ledger_job
from app.ledger.sums import COUNTS, TOTALS
from app.models import Job, Project
from app.rules.causes import cause_name
from app.rules.times import format_time
from app.store.database import table_of

BATCH = 5000
Progress = Callable[[int, int], object]
Clock = Callable[[], int]
"""What tells the time (µs)."""

_CAUSE = CHANGING.index("cause")


@dataclass(frozen=True, slots=True)
class Recount:
    """What is wrong in a project at one moment, and what it takes to mend that.

    `missing` is what the counts lack by the jobs as their rows are. Whoever changes a job adds the
    difference to the counts, so this stays the same however much is reported meanwhile. `jobs` are
    those whose rows are wrong.
    """

    findings: list[Finding]
    missing: Counter[Cell]
    jobs: list[str]
    failures: WrongFailures


def verify(connection: Connection, project_id: str, progress: Progress) -> list[Finding]:
    """What differs between the counts of a project and a recount of all its jobs.

    `progress` is called with (jobs done, jobs in all).
    """
    return recount(connection, project_id, progress).findings


def recount(
    connection: Connection, project_id: str, progress: Progress, clock: Clock | None = None
) -> Recount:
    """Look at all jobs of a project, in batches by key; needs one snapshot.

    With a clock every receipt that lies after now is wrong: see `draft.taken_back`.
    """
    mode = mode_of(connection, project_id)
    total = connection.scalar(select(func.count()).where(Job.project_id == project_id)) or 0
    latest = clock() if clock else None  # the snapshot is older
    kept: Counter[Cell] = Counter()
    moved: Counter[Cell] = Counter()
    findings: list[Finding] = []
    wrong_jobs: list[str] = []
    failures = Failures()
    done, last = 0, ""
    table = table_of(Job)
    while True:
        rows = connection.execute(
            select(table)
            .where(table.c.project_id == project_id, table.c.job_id > last)
            .order_by(table.c.job_id)
            .limit(BATCH)
        ).all()
        for row in rows:
            job, right = ledger_job(row), corrected(row, mode, latest)
            tally(kept, job, mode)
            failures.add(right)
            should = zip(CHANGING, changing_values(right, mode, row.event_count), strict=True)
            wrong = {name: value for name, value in should if getattr(row, name) != value}
            if not wrong:
                continue
            wrong_jobs.append(row.job_id)
            failures.doubt(job, right)
            tally(moved, job, mode, -1)
            tally(moved, right, mode)
            for name, value in wrong.items():
                where = f"jobs {row.job_id} {name}"
                findings.append(Finding(where, int(getattr(row, name) or 0), int(value or 0)))
        done += len(rows)
        progress(done, total)
        if len(rows) < BATCH:
            break
        last = rows[-1].job_id
    found, wrong_failures = check_failures(connection, project_id, failures, latest)
    stored = _stored(connection, project_id)
    missing = roll_up(kept)
    counted = Counter(missing)
    counted.update(roll_up(moved))
    counted.update(wrong_failures.right)
    missing.update(wrong_failures.kept)
    missing.subtract(stored)
    findings += _compare(counted, stored)
    return Recount(findings + found, _nonzero(missing), wrong_jobs, wrong_failures)


def mode_of(connection: Connection, project_id: str) -> str:
    """The mode of a project, which never changes; "" where there is no such project."""
    return connection.scalar(select(Project.mode).where(Project.project_id == project_id)) or ""


def corrected(row: Row[Any], mode: str, latest: int | None = None) -> LedgerJob:
    """The job in a row of `jobs`, with what the row should derive; see `recount` for `latest`."""
    job = ledger_job(row)._replace(cause=None)  # what is kept of it is what is checked
    if latest is not None:
        job = taken_back(job, latest)
    return job._replace(cause=changing_values(job, mode, row.event_count)[_CAUSE])


def _compare(counted: Counter[Cell], stored: Counter[Cell]) -> list[Finding]:
    return [
        Finding(_name(cell), stored[cell], counted[cell])
        for cell in sorted(set(counted) | set(stored))
        if counted[cell] != stored[cell]
    ]


def _nonzero(cells: Counter[Cell]) -> Counter[Cell]:
    return Counter({cell: amount for cell, amount in cells.items() if amount})


def _stored(connection: Connection, project_id: str) -> Counter[Cell]:
    cells: Counter[Cell] = Counter()
    totals = select(*(getattr(Project, name) for name in TOTALS))
    for row in connection.execute(totals.where(Project.project_id == project_id)):
        cells.update({("projects", (), name): getattr(row, name) for name in TOTALS})
    for name, (model, key_columns) in COUNTS.items():
        table = model.__table__
        amounts = [each.name for each in table.columns if each.name not in key_columns]
        amounts.remove("project_id")
        for row in connection.execute(select(table).where(table.c.project_id == project_id)):
            key = tuple(getattr(row, column) for column in key_columns)
            cells.update({(name, key, column): getattr(row, column) for column in amounts})
    return _nonzero(cells)


def _name(cell: Cell) -> str:
    table, key, column = cell
    if table == "projects":
        return f"projects {column}"
    if table == "created_counts":
        level, bucket = key
        where = f"{Level(level).name.lower()} {format_time(bucket)}"
    elif table == "finished_counts":
        where = f"hour {format_time(key[0])}"
    elif table == "cause_counts":
        where = f"cause {cause_name(key[0])} hour {format_time(key[1])}"
    else:
        where = f"hour {format_time(key[0])} step {key[1]}"
    return f"{table} {where} {column}"
