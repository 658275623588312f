"""Checking what is kept of failures, the documents and their causes; and mending it.

What is mended is worked out anew behind `sums.raise_version`, where the writers of a project queue:
of what was found before only the names are of use by then.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select

from app.ledger.causes import CauseSum, CauseSums, write_causes
from app.ledger.counts import Cell
from app.ledger.documents import (
    by_cause,
    change_standings,
    count_standings,
    failing,
    load_standings,
)
from app.ledger.finding import Finding, is_there
from app.ledger.job import LedgerJob
from app.ledger.standing import Finish, Standing, finish_of, key_of
from app.ledger.sums import add_failing, drop_zeros
from app.models import Cause, CauseCount, Document
from app.rules.causes import cause_name
from app.store.database import table_of

DOCUMENTS = 500  # whose jobs are looked at together
_when = attrgetter("at", "job_id")


class Failures:
    """The failed jobs of a project, as a recount comes by them."""

    def __init__(self) -> None:
        self.documents: set[str] = set()
        self.causes: CauseSums = defaultdict(CauseSum)
        self.doubtful: set[int] = set()

    def add(self, job: LedgerJob) -> None:
        """Take notice of a job, if it failed."""
        if not job.state.status.failure:
            return
        self.documents.add(job.source_doc_id)
        failure = finish_of(job)
        if failure is not None:
            self.causes[failure.cause].see(failure)

    def doubt(self, *jobs: LedgerJob) -> None:
        """Take notice of a job whose row is wrong, as it is and as it should be.

        What is kept of its causes may be right although the row is not: then mending the row makes
        it wrong.
        """
        self.doubtful |= {job.failed_by for job in jobs if job.state.status.failure}


@dataclass(slots=True)
class WrongFailures:
    """What to mend: documents, rows of documents that have no failed job, and causes.

    Of the causes, what was counted of those that had failed jobs when that was looked at. `kept` is
    what the rows of documents add to the counts of those that still fail, `right` what they should.
    """

    documents: list[str] = field(default_factory=list)
    strays: list[Row[Any]] = field(default_factory=list)
    causes: dict[int, CauseSum | None] = field(default_factory=dict)
    kept: Counter[Cell] = field(default_factory=Counter)
    right: Counter[Cell] = field(default_factory=Counter)


def check_failures(
    connection: Connection, project_id: str, failures: Failures, latest: int | None = None
) -> tuple[list[Finding], WrongFailures]:
    """Check how the documents stand and what their causes count, by all failed jobs.

    With `latest` (µs), that no cause was seen after it.
    """
    wrong = WrongFailures()
    findings = _check_documents(connection, project_id, failures, wrong)
    findings += _check_causes(connection, project_id, failures, wrong, latest)
    return findings, wrong


def _check_documents(
    connection: Connection, project_id: str, failures: Failures, wrong: WrongFailures
) -> list[Finding]:
    """Check the documents; those that still fail are added to their causes."""
    findings: list[Finding] = []
    documents = sorted(failures.documents)
    for first in range(0, len(documents), DOCUMENTS):
        batch = documents[first : first + DOCUMENTS]
        known = load_standings(connection, project_id, batch)
        counted = count_standings(connection, project_id, batch)
        for document in batch:
            stored, should = known.get(document), counted[document]
            if found := _differences(document, stored, should):
                findings += found
                wrong.documents.append(document)
                failures.doubtful |= _causes_of(stored, should)
        wrong.kept.update(failing(known.values()))
        wrong.right.update(failing(counted.values()))
    for cause, amount in by_cause(wrong.right).items():
        failures.causes[cause].documents += amount
    mine = table_of(Document).c.project_id == project_id
    right = {key_of(document) for document in documents}
    keys = sorted(set(connection.scalars(select(Document.document).where(mine))) - right)
    for first in range(0, len(keys), DOCUMENTS):
        batch = keys[first : first + DOCUMENTS]
        strays = _rows_of(connection, project_id, batch)
        wrong.kept.update(failing(map(_standing, strays)))
        wrong.strays += strays
        findings += [Finding(f"documents {key}", "a row", "none") for key in batch]
    failures.doubtful |= {row.cause for row in wrong.strays}
    return findings


def _causes_of(*standings: Standing | None) -> set[int]:
    return {one.cause for one in standings if one is not None}


def _rows_of(connection: Connection, project_id: str, keys: Collection[str]) -> list[Row[Any]]:
    table = table_of(Document)
    here = (table.c.project_id == project_id, table.c.document.in_(keys))
    return list(connection.execute(select(table).where(*here).order_by(table.c.document)))


def _differences(document: str, stored: Standing | None, counted: Standing | None) -> list[Finding]:
    where = f"documents {document}"
    if stored is None or counted is None:
        missing = stored is not counted
        return [Finding(where, is_there(stored), is_there(counted))] if missing else []
    return [
        Finding(f"{where} {name}", was, should)
        for name, was, should in zip(Standing._fields, stored, counted, strict=True)
        if was != should
    ]


def _check_causes(
    connection: Connection,
    project_id: str,
    failures: Failures,
    wrong: WrongFailures,
    latest: int | None,
) -> list[Finding]:
    findings: list[Finding] = []
    counted = failures.causes
    mine = table_of(Cause).c.project_id == project_id
    stored = {row.cause: row for row in connection.execute(select(table_of(Cause)).where(mine))}
    for cause in sorted(stored.keys() | counted.keys() | failures.doubtful):
        row, should = stored.get(cause), counted.get(cause)
        found = _wrong(cause, row, should, latest)
        if found or cause in failures.doubtful:
            wrong.causes[cause] = should
        findings += found
    return findings


def _wrong(
    cause: int, row: Row[Any] | None, counted: CauseSum | None, latest: int | None
) -> list[Finding]:
    """What is wrong of a row of `causes`; of when it was seen it may know more than the jobs."""
    where = f"causes {cause_name(cause)}"
    if row is None and counted is None:
        return []
    if row is None or counted is None or counted.last is None:
        return [Finding(where, is_there(row), is_there(counted))]
    # What was seen last may be gone: an earlier attempt of the same job too.
    same = (row.last_at, row.job_id) == (counted.last.at, counted.last.job_id)
    should = {
        "line": counted.last.line if same else row.line,
        "jobs": counted.jobs,
        "documents": counted.documents,
        "first_at": min(_not_after(latest, row.first_at), counted.first_at),
        "last_at": max(_not_after(latest, row.last_at), counted.last.at),
    }
    return [
        Finding(f"{where} {name}", getattr(row, name), value)
        for name, value in should.items()
        if getattr(row, name) != value
    ]


def mend_documents(connection: Connection, project_id: str, documents: Collection[str]) -> set[int]:
    """Let documents stand by their jobs as they are now; gives the causes that concerns."""
    known = load_standings(connection, project_id, documents)
    now = count_standings(connection, project_id, documents)
    drop_zeros(connection, project_id, change_standings(connection, project_id, known, now))
    return _causes_of(*known.values(), *now.values())


def remove_strays(connection: Connection, project_id: str, strays: Collection[Row[Any]]) -> None:
    """Remove rows of documents that have no failed job, but for those that changed meanwhile."""
    known = {tuple(row) for row in strays}
    rows = _rows_of(connection, project_id, [row.document for row in strays])
    same = [row.document for row in rows if tuple(row) in known]
    here = (Document.project_id == project_id, Document.document.in_(same))
    connection.execute(delete(Document).where(*here))
    gone = failing(_standing(row) for row in rows if row.document in same)
    fewer = Counter({cell: -amount for cell, amount in gone.items()})
    add_failing(connection, project_id, fewer)
    drop_zeros(connection, project_id, fewer)


def _standing(row: Row[Any]) -> Standing:
    return Standing(*(getattr(row, name) for name in Standing._fields))


def mend_causes(
    connection: Connection,
    project_id: str,
    causes: Mapping[int, CauseSum | None],
    latest: int | None = None,
) -> None:
    """Write causes anew, by the counts by hour and the documents, which must be right.

    When they were seen first and last is what was counted, and what their rows have heard since.
    """
    table = table_of(Cause)
    here = (table.c.project_id == project_id, table.c.cause.in_(causes))
    rows = {row.cause: row for row in connection.execute(select(table).where(*here))}
    jobs = _sums(connection, project_id, causes, CauseCount, func.sum(CauseCount.failed))
    failing_now = Document.failing_since.is_not(None)
    documents = _sums(connection, project_id, causes, Document, func.count(), failing_now)
    connection.execute(delete(table).where(*here))
    should = {}
    for cause, counted in causes.items():
        seen = _with_history(rows.get(cause), counted, latest)
        if jobs.get(cause) and seen is not None:
            should[cause] = replace(seen, jobs=jobs[cause], documents=documents.get(cause, 0))
    write_causes(connection, project_id, should)


def _sums(
    connection: Connection,
    project_id: str,
    causes: Collection[int],
    model: Any,
    amount: Any,
    *conditions: Any,
) -> dict[int, int]:
    """An amount of the rows of a table, by cause."""
    here = (model.project_id == project_id, model.cause.in_(causes), *conditions)
    query = select(model.cause, amount).where(*here).group_by(model.cause)
    return {cause: int(number) for cause, number in connection.execute(query)}


def _with_history(
    row: Row[Any] | None, counted: CauseSum | None, latest: int | None
) -> CauseSum | None:
    """What was counted of a cause, and what its row knows of failures that are gone or new."""
    known = counted if counted is not None and counted.last is not None else None
    if row is None:
        return known
    first_at, last_at = (_not_after(latest, at) for at in (row.first_at, row.last_at))
    last = Finish(last_at, row.job_id, row.line, row.cause, row.line)
    if known is None or known.last is None:
        return CauseSum(first_at=first_at, last=last)
    return replace(
        known, first_at=min(first_at, known.first_at), last=max(known.last, last, key=_when)
    )


def _not_after(latest: int | None, at: int) -> int:
    return at if latest is None else min(at, latest)
