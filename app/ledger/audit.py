"""Recounting: what the counts should say, what differs, and how it is mended."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, select, update

from app.ledger.counts import Cell, is_empty, tally
from app.ledger.merge import outcome_of
from app.ledger.record import COUNTS, add_to_counts, facts_of, ledger_job, raise_version
from app.models import Job, Project
from app.times import format_time

BATCH = 5000
Progress = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class Finding:
    """One number that is not what the jobs say."""

    where: str
    stored: int
    counted: int

    def __str__(self) -> str:
        return f"{self.where}: stored {self.stored}, counted {self.counted}"


def verify(connection: Connection, project_id: str, progress: Progress) -> list[Finding]:
    """What differs between the counts of a project and a recount of all its jobs.

    `progress` is called with (jobs done, jobs in all).
    """
    counted, findings = _recount(connection, project_id, progress)
    stored = _stored(connection, project_id)
    for cell in sorted(set(counted) | set(stored)):
        if counted[cell] != stored[cell]:
            findings.append(Finding(_name(cell), stored[cell], counted[cell]))
    return findings


def rebuild(connection: Connection, project_id: str, progress: Progress) -> list[Finding]:
    """Write the counts anew from the jobs; gives what was wrong. Needs a writing transaction."""
    # The row of the project is the gate of its writers: nobody reports between count and write.
    gate = select(Project.mode).where(Project.project_id == project_id).with_for_update()
    connection.execute(gate)
    findings = verify(connection, project_id, progress)
    if not findings:
        return findings
    counted, _ = _recount(connection, project_id, lambda done, total: None, mend=True)
    for model, _keys in COUNTS.values():
        connection.execute(delete(model).where(model.project_id == project_id))
    add_to_counts(connection, project_id, counted)
    raise_version(connection, project_id)
    return findings


def _recount(
    connection: Connection, project_id: str, progress: Progress, *, mend: bool = False
) -> tuple[Counter[Cell], list[Finding]]:
    """Tally all jobs, in batches by key; also check (or mend) what their rows derive."""
    mode = connection.scalar(select(Project.mode).where(Project.project_id == project_id)) or ""
    total = connection.scalar(select(func.count()).where(Job.project_id == project_id)) or 0
    cells: Counter[Cell] = Counter()
    findings: list[Finding] = []
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
            job = ledger_job(row)
            cells.update(tally(facts_of(job, mode)))
            derived = {
                "ended_at": outcome_of(job.state).completed_at,
                "empty": is_empty(job.state, mode),
            }
            wrong = {name: value for name, value in derived.items() if getattr(row, name) != value}
            for name, value in wrong.items():
                where = f"jobs {row.job_id} {name}"
                findings.append(Finding(where, int(getattr(row, name) or 0), int(value or 0)))
            if wrong and mend:
                here = (table.c.project_id == project_id) & (table.c.job_id == row.job_id)
                connection.execute(update(table).where(here).values(**wrong))
        done += len(rows)
        progress(done, total)
        if len(rows) < BATCH:
            return Counter({cell: amount for cell, amount in cells.items() if amount}), findings
        last = rows[-1].job_id


def _stored(connection: Connection, project_id: str) -> Counter[Cell]:
    cells: Counter[Cell] = Counter()
    for name, (model, key_columns) in COUNTS.items():
        table = model.__table__
        for row in connection.execute(select(table).where(table.c.project_id == project_id)):
            key = tuple(getattr(row, column) for column in key_columns)
            for column in (each.name for each in table.columns):
                if column not in ("project_id", *key_columns) and getattr(row, column):
                    cells[Cell(name, key, column)] = getattr(row, column)
    return cells


def _name(cell: Cell) -> str:
    if cell.table == "created_counts":
        level, bucket = cell.key
        where = f"{('day', 'hour', 'minute')[level]} {format_time(bucket)}"
    elif cell.table == "finished_counts":
        where = f"hour {format_time(cell.key[0])}"
    else:
        where = f"hour {format_time(cell.key[0])} step {cell.key[1]}"
    return f"{cell.table} {where} {cell.column}"
