"""Recounting: what the counts should say, what differs, and how it is mended."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, func, select, text, update

from app.ledger.counts import Cell, Level, roll_up, tally
from app.ledger.draft import taken_back
from app.ledger.failures import Failures, check_failures
from app.ledger.finding import Finding
from app.ledger.rows import CHANGING, changing_values, ledger_job
from app.ledger.sums import COUNTS, raise_version
from app.models import Cause, Job, Project
from app.models.counts import CREATED_COLUMNS
from app.rules.causes import cause_name
from app.rules.times import format_time

BATCH = 5000
Progress = Callable[[int, int], object]


def verify(connection: Connection, project_id: str, progress: Progress) -> list[Finding]:
    """What differs between the counts of a project and a recount of all its jobs.

    `progress` is called with (jobs done, jobs in all).
    """
    counted, findings, failures = _recount(connection, project_id, progress, mend=False)
    findings += _compare(counted, _stored(connection, project_id))
    return findings + check_failures(connection, project_id, failures, mend=False)


def rebuild(
    connection: Connection, project_id: str, progress: Progress, latest: int | None = None
) -> list[Finding]:
    """Mend the counts from the jobs; gives what was wrong. Needs a writing transaction.

    With `latest` (µs) every receipt that lies after it becomes that: see `draft.taken_back`.
    """
    if latest is not None:
        for seen in (Cause.first_at, Cause.last_at):
            late = update(Cause).where(Cause.project_id == project_id, seen > latest)
            connection.execute(late.values({seen: latest}))
    if connection.dialect.name == "postgresql":
        # Nobody reports between count and mending. On SQLite nobody else writes anyway.
        connection.execute(text("LOCK TABLE jobs IN EXCLUSIVE MODE"))
    counted, findings, failures = _recount(
        connection, project_id, progress, mend=True, latest=latest
    )
    stored = _stored(connection, project_id)
    findings += _compare(counted, stored)
    findings += check_failures(connection, project_id, failures, mend=True)
    if findings:
        counted.subtract(stored)
        raise_version(connection, project_id, Counter(_nonzero(counted)))
    return findings


def _compare(counted: Counter[Cell], stored: Counter[Cell]) -> list[Finding]:
    return [
        Finding(_name(cell), stored[cell], counted[cell])
        for cell in sorted(set(counted) | set(stored))
        if counted[cell] != stored[cell]
    ]


def _nonzero(cells: Counter[Cell]) -> dict[Cell, int]:
    return {cell: amount for cell, amount in cells.items() if amount}


def _recount(
    connection: Connection,
    project_id: str,
    progress: Progress,
    *,
    mend: bool,
    latest: int | None = None,
) -> tuple[Counter[Cell], list[Finding], Failures]:
    """Tally all jobs, in batches by key; also check (or mend) what their rows derive.

    The third is what failed.
    """
    mode = connection.scalar(select(Project.mode).where(Project.project_id == project_id)) or ""
    total = connection.scalar(select(func.count()).where(Job.project_id == project_id)) or 0
    cells: Counter[Cell] = Counter()
    findings: list[Finding] = []
    failures = Failures()
    done, last = 0, ""
    table: Any = Job.__table__
    while True:
        rows = connection.execute(
            select(table)
            .where(table.c.project_id == project_id, table.c.job_id > last)
            .order_by(table.c.job_id)
            .limit(BATCH)
        ).all()
        for row in rows:
            job = ledger_job(row)._replace(cause=None)  # what is kept of it is what is checked
            if latest is not None:
                job = taken_back(job, latest)
            tally(cells, job, mode)
            failures.add(job)
            should = zip(CHANGING, changing_values(job, mode, row.event_count), strict=True)
            wrong = {name: value for name, value in should if getattr(row, name) != value}
            for name, value in wrong.items():
                where = f"jobs {row.job_id} {name}"
                findings.append(Finding(where, int(getattr(row, name) or 0), int(value or 0)))
            if wrong and mend:
                here = (table.c.project_id == project_id) & (table.c.job_id == row.job_id)
                connection.execute(update(table).where(here).values(**wrong))
        done += len(rows)
        progress(done, total)
        if len(rows) < BATCH:
            return roll_up(cells), findings, failures
        last = rows[-1].job_id


def _stored(connection: Connection, project_id: str) -> Counter[Cell]:
    cells: Counter[Cell] = Counter()
    totals = select(*(getattr(Project, name) for name in CREATED_COLUMNS))
    for row in connection.execute(totals.where(Project.project_id == project_id)):
        cells.update({("projects", (), name): getattr(row, name) for name in CREATED_COLUMNS})
    for name, (model, key_columns) in COUNTS.items():
        table = model.__table__
        amounts = [each.name for each in table.columns if each.name not in key_columns]
        amounts.remove("project_id")
        for row in connection.execute(select(table).where(table.c.project_id == project_id)):
            key = tuple(getattr(row, column) for column in key_columns)
            cells.update({(name, key, column): getattr(row, column) for column in amounts})
    return Counter(_nonzero(cells))


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
