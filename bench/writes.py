"""`write_*`: new jobs recorded by the ledger per second, over plain inserts of the same rows.

A round is a fixed number of jobs, made ready beforehand, written by all writers at once. Rounds of
the ledger and of the plain inserts take turns in one database, each side in a project of its own.
"""

import gc
import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing.synchronize import Barrier
from statistics import median
from typing import Any

from sqlalchemy import bindparam, insert, update

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.draft import Draft
from app.ledger.projects import create_project
from app.ledger.record import record
from app.ledger.report import Report
from app.ledger.rows import changing_values, fixed_values
from app.models import Job
from app.queries.projects import list_projects
from app.rules.project import Project
from app.rules.status import JobStatus
from app.store.database import db, reading, table_of
from bench.bars import Progress, bar
from bench.databases import SMALL, Settings
from bench.measure import Figures, Run

ROUNDS = 5
MODE = "kg_vector"
STARTS_WITHIN = 60  # s: 8 writers import the app on two cores

Step = Callable[[], object]
"""One transaction."""


@dataclass(frozen=True, slots=True)
class Round:
    """What each writer does in a round: `transactions` times `batch` jobs."""

    name: str
    way: str
    transactions: int
    batch: int = 1
    life: bool = False

    @property
    def jobs(self) -> int:
        """How many jobs one writer writes."""
        return self.transactions * self.batch


def measure(run: Run) -> Figures:
    """SQLite with one writer, PostgreSQL with eight."""
    with run.databases.scratch_sqlite(SMALL) as settings, bar("Writes, SQLite") as progress:
        figures = _compare(settings, 1, "sqlite", progress)
    with run.databases.scratch_postgres(SMALL) as settings, bar("Writes, PostgreSQL") as progress:
        return figures | _compare(settings, 8, "postgres_8", progress)


def _compare(settings: Settings, writers: int, suffix: str, progress: Progress) -> Figures:
    """The ledger's jobs per second over those of plain inserts, in each way to write."""
    with create_app(read(settings)).app_context():
        for way in WAYS:
            create_project(way, name=way, mode=MODE, now=now())
        db.engine.dispose()
    kinds = {
        f"write_single_{suffix}": Round("", "", 400 // min(writers, 4)),
        f"write_batch100_{suffix}": Round("", "", 40 // min(writers, 4), batch=100),
        f"write_life_{suffix}": Round("", "", 150 // min(writers, 4), life=True),
    }
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(writers)
    figures = {}
    with context.Pool(writers, _open, (settings, barrier)) as pool:
        for place, (kind, wanted) in enumerate(kinds.items()):
            rates: dict[str, list[float]] = {way: [] for way in WAYS}
            for turn in range(ROUNDS + 1):  # the first only warms up
                progress(kind, (place + turn / (ROUNDS + 1)) / len(kinds))
                for way, of_way in rates.items():
                    rounds = [
                        replace(wanted, way=way, name=f"{kind}-{turn}-{writer}")
                        for writer in range(writers)
                    ]
                    spans = pool.map(_write, rounds, chunksize=1)
                    took = max(end for _, end in spans) - min(begin for begin, _ in spans)
                    if turn:
                        of_way.append(sum(one.jobs for one in rounds) / took)
            figures[kind] = median(rates["ledger"]) / median(rates["plain"])
            figures[f"{kind}_per_s"] = median(rates["ledger"])
    return figures


def _open(settings: Settings, barrier: Barrier) -> None:
    """In a writer's process: reach the database, and know the other writers."""
    global _together  # noqa: PLW0603 – the state of this process
    create_app(read(settings)).app_context().push()
    with reading() as connection:
        _projects.extend(list_projects(connection, "ledger"))
    _together = barrier


_together: Barrier
_projects: list[Project] = []


def _write(wanted: Round) -> tuple[float, float]:
    """Write one writer's part of a round; gives when it began and ended (s, on one clock)."""
    steps = list(WAYS[wanted.way](wanted))
    gc.collect()
    gc.freeze()  # as in a worker of gunicorn.conf.py: what was there before is not looked through
    _together.wait(STARTS_WITHIN)
    began = time.monotonic()
    for step in steps:
        step()
    return began, time.monotonic()


def _reports(wanted: Round) -> Iterator[list[Report]]:
    """A batch of new, running jobs for each transaction."""
    for number in range(wanted.transactions):
        yield [
            Report(
                job_id=f"{wanted.name}-{number}-{item}",
                source_doc_id=f"contracts/lease-{number * wanted.batch + item:07}.pdf",
                status=JobStatus.RUNNING,
                started_at=now(),
                chunks_total=40,
            )
            for item in range(wanted.batch)
        ]


def _later(report: Report) -> list[Report]:
    """How such a job goes on and ends."""
    progress = replace(report, chunks_processed=20, nodes_created=60, edges_created=140)
    end = replace(
        report,
        status=JobStatus.COMPLETED,
        chunks_processed=40,
        nodes_created=120,
        edges_created=280,
        completed_at=now(),
    )
    return [progress, end]


def _ledger_steps(wanted: Round) -> Iterator[Step]:
    for reports in _reports(wanted):
        yield partial(_record, reports)
        if wanted.life:
            for later in _later(reports[0]):
                yield partial(_record, [later])


def _record(reports: list[Report]) -> None:
    record(_projects[0], reports, now=now())


def _plain_steps(wanted: Round) -> Iterator[Step]:
    for reports in _reports(wanted):
        rows = [_row(report) for report in reports]
        yield partial(_in_transaction, insert(Job), rows)
        if wanted.life:
            for later in _later(reports[0]):
                row = _row(later)
                row |= {"of_project": row.pop("project_id"), "of_job": row.pop("job_id")}
                yield partial(_in_transaction, _BY_KEY, [row])


_TABLE = table_of(Job)
_BY_KEY = update(_TABLE).where(
    _TABLE.c.project_id == bindparam("of_project"), _TABLE.c.job_id == bindparam("of_job")
)


def _in_transaction(statement: Any, rows: list[dict[str, Any]]) -> None:
    with db.engine.begin() as connection:
        connection.execute(statement, rows)


def _row(report: Report) -> dict[str, Any]:
    """The row that the ledger would write for this report alone."""
    job = Draft().apply(report, now(), None).job
    if job is None:
        raise ValueError(f"{report.job_id} cannot be made of {report}")
    values = ("plain", *fixed_values(job), *changing_values(job, MODE, 0))
    return dict(zip(_TABLE.c.keys(), values, strict=True))


WAYS: dict[str, Callable[[Round], Iterator[Step]]] = {
    "ledger": _ledger_steps,
    "plain": _plain_steps,
}
