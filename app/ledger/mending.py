"""Mending what a recount found: in short transactions, while others report and prune.

The recount needs a snapshot and keeps nobody waiting. What the counts lack is added to them, for
that stays the same whatever is reported meanwhile; rows, documents and causes are worked out anew
where the writers of a project queue. Where somebody's change met what was still wrong, a later
recount may find something more: so it is counted again until nothing is wrong.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from sqlalchemy import select

from app.ledger.audit import Clock, Progress, Recount, corrected, mode_of, recount
from app.ledger.causes import keep_causes, keep_former
from app.ledger.counts import Cell, difference
from app.ledger.documents import keep_documents
from app.ledger.failures import mend_causes, mend_documents, remove_strays
from app.ledger.finding import Finding
from app.ledger.record import update_jobs
from app.ledger.removal import BATCH
from app.ledger.rows import ledger_job
from app.ledger.sums import drop_zeros, raise_version
from app.models import Job
from app.store.alone import alone
from app.store.database import db, reading, table_of, writing

CAUSES = 50  # the same of causes, each of which is summed up from the hours in which jobs failed
MOST_RECOUNTS = 5

Item = TypeVar("Item")


def rebuild(project_id: str, progress: Progress, clock: Clock | None = None) -> list[Finding]:
    """Mend the counts of a project from its jobs; gives what was wrong.

    `progress` is called with (jobs done, jobs in all), for each recount anew. With a clock every
    receipt that lies after now becomes now: see `draft.taken_back`. It may be broken off at any
    time and run again. Raises BusyError where the store is being mended already, for the same must
    not be added twice.
    """
    findings: list[Finding] = []
    with alone(db.engine, "rebuild"):
        for _ in range(MOST_RECOUNTS):
            with reading() as connection:
                found = recount(connection, project_id, progress, clock)
            if not found.findings:
                break
            findings += found.findings
            _mend(project_id, found, clock)
    return findings


def _mend(project_id: str, found: Recount, clock: Clock | None) -> None:
    for cells in _cell_batches(found.missing):
        with writing() as connection:
            raise_version(connection, project_id, cells)
            drop_zeros(connection, project_id, cells)
    for jobs in _batches(found.jobs, BATCH):
        derive_anew(project_id, jobs, clock)
    causes = found.failures.causes
    for documents in _batches(found.failures.documents, BATCH):
        with writing() as connection:
            raise_version(connection, project_id, Counter())
            for cause in mend_documents(connection, project_id, documents):
                causes.setdefault(cause, None)
    for strays in _batches(found.failures.strays, BATCH):
        with writing() as connection:
            raise_version(connection, project_id, Counter())
            remove_strays(connection, project_id, strays)
    for some in _batches(sorted(causes), CAUSES):
        with writing() as connection:
            raise_version(connection, project_id, Counter())
            latest = clock() if clock else None
            mend_causes(connection, project_id, {one: causes[one] for one in some}, latest)


def derive_anew(project_id: str, ids: Sequence[str], clock: Clock | None = None) -> None:
    """Write what the rows of some jobs should derive, as any other change of these jobs."""
    with writing() as connection:
        mode = mode_of(connection, project_id)
        rows = connection.execute(
            select(table_of(Job))
            .where(Job.project_id == project_id, Job.job_id.in_(ids))
            .order_by(Job.job_id)
            .with_for_update()
        ).all()
        latest = clock() if clock else None  # nobody reports them any more
        before = [ledger_job(row) for row in rows]
        after = [corrected(row, mode, latest) for row in rows]
        update_jobs(connection, project_id, mode, after)
        cells = difference(before, after, mode)
        raise_version(connection, project_id, cells)
        documents = keep_documents(connection, project_id, before, after)
        keep_causes(connection, project_id, before, after, documents)
        keep_former(connection, before, after)
        drop_zeros(connection, project_id, cells)


def _batches(items: Sequence[Item], size: int) -> Iterator[Sequence[Item]]:
    for first in range(0, len(items), size):
        yield items[first : first + size]


def _cell_batches(cells: Counter[Cell]) -> Iterator[Counter[Cell]]:
    """The cells of so many rows each."""
    rows = [list(row) for _, row in groupby(sorted(cells), key=lambda cell: cell[:2])]
    for batch in _batches(rows, BATCH):
        yield Counter({cell: cells[cell] for row in batch for cell in row})
