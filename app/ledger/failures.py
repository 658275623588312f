"""Checking what is kept of failures, the documents and their causes; and mending it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, select

from app.ledger.causes import CauseSum, CauseSums, write_causes
from app.ledger.documents import count_standings, failing, load_standings, write_standings
from app.ledger.draft import LedgerJob
from app.ledger.finding import Finding, is_there
from app.ledger.standing import Finish, Standing, finish_of, key_of
from app.models import Cause, Document
from app.rules.causes import cause_name, cause_of
from app.store.database import table_of

DOCUMENTS = 500  # whose jobs are looked at together


class Failures:
    """The failed jobs of a project, as a recount comes by them."""

    def __init__(self) -> None:
        self.documents: set[str] = set()
        self.causes: CauseSums = defaultdict(CauseSum)

    def add(self, job: LedgerJob) -> None:
        """Take notice of a job, if it failed."""
        if not job.state.status.failure:
            return
        self.documents.add(job.source_doc_id)
        failure = finish_of(job)
        if failure is not None:
            self.causes[failure.cause].see(failure)


def check_failures(
    connection: Connection, project_id: str, failures: Failures, *, mend: bool
) -> list[Finding]:
    """Check (or mend) how the documents stand and what their causes count, by all failed jobs."""
    findings = _check_documents(connection, project_id, failures, mend=mend)
    return findings + _check_causes(connection, project_id, failures.causes, mend=mend)


def _check_documents(
    connection: Connection, project_id: str, failures: Failures, *, mend: bool
) -> list[Finding]:
    """Check (or mend) the documents; those that still fail are added to their causes."""
    findings = []
    documents = sorted(failures.documents)
    for first in range(0, len(documents), DOCUMENTS):
        batch = documents[first : first + DOCUMENTS]
        known = load_standings(connection, project_id, batch)
        counted = count_standings(connection, project_id, batch)
        for document in batch:
            findings += _differences(document, known.get(document), counted[document])
        for cause, amount in failing(counted.values()).items():
            failures.causes[cause].documents += amount
        if mend:
            write_standings(connection, project_id, known, counted)
    rows = connection.scalars(select(Document.document).where(Document.project_id == project_id))
    for key in sorted(set(rows) - {key_of(document) for document in documents}):
        findings.append(Finding(f"documents {key}", "a row", "none"))
        if mend:
            here = (Document.project_id == project_id, Document.document == key)
            connection.execute(delete(Document).where(*here))
    return findings


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
    connection: Connection, project_id: str, counted: Mapping[int, CauseSum], *, mend: bool
) -> list[Finding]:
    findings = []
    mine = table_of(Cause).c.project_id == project_id
    stored = {row.cause: row for row in connection.execute(select(table_of(Cause)).where(mine))}
    for cause in sorted(stored.keys() | counted.keys()):
        row, should = stored.get(cause), counted.get(cause)
        wrong = _wrong(cause, row, should)
        if wrong and mend:
            here = (Cause.project_id == project_id, Cause.cause == cause)
            connection.execute(delete(Cause).where(*here))
            if should is not None:
                write_causes(connection, project_id, {cause: _with_history(row, should)})
        findings += wrong
    return findings


def _wrong(cause: int, row: Row[Any] | None, counted: CauseSum | None) -> list[Finding]:
    """What is wrong of a row of `causes`; of when it was seen it may know more than the jobs."""
    where = f"causes {cause_name(cause)}"
    if row is None or counted is None or counted.last is None:
        return [Finding(where, is_there(row), is_there(counted))]
    sound = cause_of(row.line) == cause
    should = {
        "line": row.line if sound else counted.last.line,
        "jobs": counted.jobs,
        "documents": counted.documents,
        "first_at": min(row.first_at, counted.first_at),
        "last_at": max(row.last_at, counted.last.at),
    }
    return [
        Finding(f"{where} {name}", getattr(row, name), value)
        for name, value in should.items()
        if getattr(row, name) != value
    ]


def _with_history(row: Row[Any] | None, counted: CauseSum) -> CauseSum:
    """What was counted of a cause, and what its row knows of failures that are gone."""
    if row is None or counted.last is None or cause_of(row.line) != row.cause:
        return counted
    last = max(counted.last, Finish(row.last_at, row.job_id, row.line, row.cause))
    return replace(counted, first_at=min(row.first_at, counted.first_at), last=last)
