"""The documents that ever failed as rows: kept in the transaction that changes their jobs.

Only behind `sums.raise_version`, where the writers of a project queue: so no two of them look at
the jobs of one document at once, and each sees what the one before has done.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, bindparam, delete, select

from app.ledger.counts import Cell
from app.ledger.job import LedgerJob
from app.ledger.rows import ledger_job
from app.ledger.standing import Finish, Standing, advance, finish_of, key_of, standing_of
from app.ledger.sums import add_failing
from app.models import Document, Job
from app.models.job import KEY_LENGTH, document_key
from app.rules.times import HOUR, floor
from app.store.database import table_of
from app.store.prepared import Prepared, insertion
from app.store.seeks import listed, seek_listed


def keep_documents(
    connection: Connection,
    project_id: str,
    before: Iterable[LedgerJob | None],
    after: Iterable[LedgerJob | None],
) -> Counter[int]:
    """Let the documents of some jobs stand as they do when these jobs go from before to after.

    The jobs must be written already. Gives by cause how many more (or fewer) documents still fail.
    """
    gone, came = _by_document(before), _by_document(after)
    changed = {
        document
        for document in gone.keys() | came.keys()
        if gone.get(document) != came.get(document)
    }
    if not changed:
        return Counter()
    known = load_standings(connection, project_id, changed)
    now: dict[str, Standing | None] = {}
    for document in changed & known.keys():
        standing = advance(known[document], gone.get(document, ()), came.get(document, ()))
        if standing is not None:
            now[document] = standing
    unknown = {
        document
        for document in changed - now.keys()
        if document in known or any(one.error is not None for one in came.get(document, ()))
    }
    now |= count_standings(connection, project_id, unknown)
    return by_cause(change_standings(connection, project_id, known, now))


def change_standings(
    connection: Connection,
    project_id: str,
    known: Mapping[str, Standing],
    now: Mapping[str, Standing | None],
) -> Counter[Cell]:
    """Write how documents stand, and add to the counts of those that still fail; gives what."""
    _write_standings(connection, project_id, known, now)
    cells = failing(now.values())
    cells.subtract(failing(known.get(document) for document in now))
    cells = Counter({cell: more for cell, more in cells.items() if more})
    add_failing(connection, project_id, cells)
    return cells


def failing(standings: Iterable[Standing | None]) -> Counter[Cell]:
    """What the documents that stand like this add to the counts of those that still fail."""
    cells: Counter[Cell] = Counter()
    for one in standings:
        if one is not None and one.failing_since is not None:
            hour = floor(one.failed_at, HOUR)
            cells["cause_counts", (one.cause, hour), "failing"] += 1
            cells["finished_counts", (hour,), "failing"] += 1
            cells["projects", (), "failing"] += 1
    return cells


def by_cause(cells: Mapping[Cell, int]) -> Counter[int]:
    """How many documents that is, by cause."""
    causes: Counter[int] = Counter()
    for (table, key, _), amount in cells.items():
        if table == "cause_counts":
            causes[key[0]] += amount
    return causes


def _by_document(jobs: Iterable[LedgerJob | None]) -> dict[str, set[Finish]]:
    finishes: dict[str, set[Finish]] = {}
    for job in jobs:
        if job is not None and (one := finish_of(job)) is not None:
            finishes.setdefault(job.source_doc_id, set()).add(one)
    return finishes


def load_standings(
    connection: Connection, project_id: str, documents: Collection[str]
) -> dict[str, Standing]:
    """How these documents are known to stand; without those that never failed."""
    keys = {key_of(document): document for document in documents}
    wanted = listed(keys)
    rows = _STORED.each(connection, of_project=project_id, of_keys=wanted)
    return {keys[key]: Standing(*standing) for key, *standing in rows}


def count_standings(
    connection: Connection, project_id: str, documents: Collection[str]
) -> dict[str, Standing | None]:
    """How these documents stand by all their jobs; None for one that never failed."""
    if not documents:
        return {}
    starts = {document[:KEY_LENGTH] for document in documents}
    wanted = listed(starts)
    finishes: dict[str, list[Finish]] = {document: [] for document in documents}
    for job in map(ledger_job, _JOBS.each(connection, of_project=project_id, of_starts=wanted)):
        if job.source_doc_id in finishes:  # and not only begins like one of them
            ended = finish_of(job)
            if ended is not None:
                finishes[job.source_doc_id].append(ended)
    return {document: standing_of(ends) for document, ends in finishes.items()}


def _write_standings(
    connection: Connection,
    project_id: str,
    known: Mapping[str, Standing],
    now: Mapping[str, Standing | None],
) -> None:
    """Write how documents stand where that is not what is known of them."""
    rows, no_more = [], []
    for document, standing in sorted(now.items()):
        if standing is None:
            no_more.append(key_of(document))
        elif standing != known.get(document):
            rows.append((project_id, key_of(document), *standing))
    if rows:
        _WRITE.post_many(connection, rows)
    if no_more:
        mine = (Document.project_id == project_id, Document.document.in_(no_more))
        connection.execute(delete(Document).where(*mine))


def _stored(dialect: str) -> Any:
    """How the documents of a list are known to stand, by their keys."""
    columns = [getattr(Document, name) for name in ("document", *Standing._fields)]
    mine = select(*columns).where(Document.project_id == bindparam("of_project"))
    return seek_listed(dialect, mine, Document.document, "of_keys")


def _jobs(dialect: str) -> Any:
    """The jobs of the documents that begin like one of a list."""
    mine = select(table_of(Job)).where(Job.project_id == bindparam("of_project"))
    return seek_listed(dialect, mine, document_key(Job.source_doc_id), "of_starts")


def _write(dialect: str) -> Any:
    statement = insertion(dialect, table_of(Document))
    return statement.on_conflict_do_update(
        index_elements=("project_id", "document"),
        set_={name: statement.excluded[name] for name in Standing._fields},
    )


_STORED = Prepared(_stored)
_JOBS = Prepared(_jobs)
_WRITE = Prepared(_write, table_of(Document).c.keys())
