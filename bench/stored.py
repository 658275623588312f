"""`update_hot_share`, `job_*_bytes`: what PostgreSQL makes of a job that is reported many times.

Jobs are reported one by one: begun, three times on their way, completed. A change on the way
touches no index, so that it can be made in its place (HOT).
"""

import time
from collections.abc import Callable

from sqlalchemy import func, select, text

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.ledger.record import record
from app.ledger.report import Report
from app.rules.project import Project
from app.rules.status import JobStatus
from app.store.database import Base, db, reading
from bench.bars import Progress, bar
from bench.databases import SMALL
from bench.measure import Figures, Run

JOBS = 2000
STEPS = 3  # reports of a job on its way
SETTLED = 20.0  # s that the server may take to say what its processes did

_UPDATES = text("SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'jobs'")


def measure(run: Run) -> Figures:
    """The share of changes in their place, and the bytes that a job takes with all of its rows."""
    with (
        run.databases.scratch_postgres(SMALL) as settings,
        create_app(read(settings)).app_context(),
        bar("Stored, PostgreSQL") as progress,
    ):
        project = create_project("stored", name="stored", mode="kg_vector", now=now())
        once = _grown(lambda: _write(project, "once", progress, completed=True))
        begun = _grown(lambda: _write(project, "often", progress, completed=False))
        changed, in_place = _updates()
        on_the_way = _grown(lambda: _go_on(project, progress))
        share = _share(changed, in_place)
        ended = _grown(lambda: _write(project, "often", progress, completed=True))
        db.engine.dispose()
    return {
        "update_hot_share": share,
        "job_often_bytes": begun + on_the_way + ended,
        "job_once_bytes": once,
    }


def _report(kind: str, number: int, *, completed: bool) -> Report:
    at = now()
    return Report(
        job_id=f"{kind}-{number:06}",
        source_doc_id=f"contracts/{kind}-{number:06}.pdf",
        status=JobStatus.COMPLETED if completed else JobStatus.RUNNING,
        started_at=at,
        completed_at=at if completed else None,
        chunks_processed=40 if completed else 0,
        nodes_created=120 if completed else 0,
        edges_created=280 if completed else 0,
    )


def _write(project: Project, kind: str, progress: Progress, *, completed: bool) -> None:
    for number in range(JOBS):
        record(project, [_report(kind, number, completed=completed)], now=now())
        progress(f"{kind}, {'completed' if completed else 'begun'}", number / JOBS)


def _go_on(project: Project, progress: Progress) -> None:
    for step in range(1, STEPS + 1):
        for number in range(JOBS):
            report = Report(job_id=f"often-{number:06}", chunks_processed=10 * step)
            record(project, [report], now=now())
            progress("on their way", ((step - 1) * JOBS + number) / (STEPS * JOBS))


def _grown(write: Callable[[], object]) -> float:
    """By how many bytes the tables and their indexes grow, for each job."""
    before = _bytes()
    write()
    return (_bytes() - before) / JOBS


def _bytes() -> int:
    sizes = (func.pg_total_relation_size(table.name) for table in Base.metadata.sorted_tables)
    with reading() as connection:
        return sum(connection.execute(select(*sizes)).one())


def _updates() -> tuple[int, int]:
    db.engine.dispose()  # whoever leaves says what they did
    with reading() as connection:
        changed, in_place = connection.execute(_UPDATES).one()
    return changed, in_place


def _share(changed: int, in_place: int) -> float:
    """The part of the changes since then that was made in its place."""
    until = time.monotonic() + SETTLED
    while (found := _updates())[0] - changed < STEPS * JOBS and time.monotonic() < until:
        time.sleep(0.2)
    return (found[1] - in_place) / max(1, found[0] - changed)
