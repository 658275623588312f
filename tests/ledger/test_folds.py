"""Errors are folded before the turn to write, and none of a known job again while others wait."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from app.ledger import record as recording
from app.ledger import removal
from app.ledger.audit import verify
from app.ledger.mending import rebuild
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.rules import causes
from app.rules.causes import cause_of
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE, SECOND
from app.store.database import reading, writing
from tests.kit.recording import record

NOW = 1_700_000_000 * SECOND


@pytest.fixture
def project(app: Flask) -> str:
    create_project("p", name="p", mode="kg_vector", now=NOW - HOUR)
    return "p"


@pytest.fixture
def folded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that are folded while others wait for their turn; nothing is known from before."""
    found: list[str] = []
    fold = causes.fold

    def told(line: str) -> str:
        found.append(line)
        return fold(line)

    @contextmanager
    def watched(**how: bool) -> Iterator[Connection]:
        with writing(**how) as connection, monkeypatch.context() as patch:
            cause_of.cache_clear()
            patch.setattr(causes, "fold", told)
            yield connection

    monkeypatch.setattr(recording, "writing", watched)
    monkeypatch.setattr(removal, "writing", watched)
    return found


def failed(job_id: str, error: str | None, at: int = NOW, **more: object) -> Report:
    said = {"source_doc_id": "d", "created_at": NOW - HOUR, "completed_at": at}
    return Report(job_id=job_id, status=JobStatus.FAILED, error_message=error, **(said | more))


def findings() -> list[str]:
    with reading() as connection:
        return [str(found) for found in verify(connection, "p", lambda *_: None)]


def test_no_error_is_folded_while_others_wait(project: str, folded: list[str]) -> None:
    steps = [
        [failed(f"j{number}", f"error number {number} of “{number}”") for number in range(30)],
        [failed("j1", "error number 1 of “1”", chunks_processed=7)],  # merged, its error as it was
        [failed("j2", "another error", NOW + MINUTE)],
        [failed("j3", None, attempt=2)],  # without one
        [Report(job_id="j4", status=JobStatus.RUNNING, attempt=2)],
        [Report(job_id="j5", error_message="noted"), failed("k5", "x"), failed("k5", "y")],
        [Report(job_id="n", source_doc_id="d", error_message="noted"), failed("n", None)],
        # All failures of the document are read again: this success lies between them.
        [Report(job_id="j2", status=JobStatus.COMPLETED, completed_at=NOW + 2 * MINUTE)],
    ]
    for reports in steps:
        record(project, reports, now=NOW + HOUR)
        assert folded == []
        assert findings() == []
    while removal.remove_jobs(project, statuses=(JobStatus.FAILED,), before=NOW, limit=7):
        assert folded == []
        assert findings() == []


def test_an_error_that_was_noted_before_is_folded_once(project: str, folded: list[str]) -> None:
    record(project, [Report(job_id="j", source_doc_id="d", error_message="disk full")], now=NOW)
    record(project, [failed("j", None)], now=NOW)
    assert folded == ["disk full"]
    assert findings() == []


def test_counts_stay_exact_where_older_rules_have_chosen_the_cause(project: str) -> None:
    """What was added by one number is taken away by the same, whatever a newer rule would say."""
    record(project, [failed("j", "\x1b[31mtorn\x1b[0m"), failed("k", "whole")], now=NOW)
    with writing() as connection:
        for table in ("jobs", "documents", "causes", "cause_counts"):
            of = {"new": 7, "old": cause_of("torn")}
            connection.execute(text(f"UPDATE {table} SET cause = :new WHERE cause = :old"), of)
    record(project, [failed("j", "\x1b[31mtorn\x1b[0m", chunks_processed=3)], now=NOW)
    with reading() as connection:
        counted = dict(connection.execute(text("SELECT cause, failed FROM cause_counts")).all())
        assert counted == {7: 1, cause_of("whole"): 1}
    record(project, [Report(job_id="j", status=JobStatus.RUNNING, attempt=2)], now=NOW)
    with reading() as connection:
        left = connection.execute(text("SELECT cause, jobs, documents FROM causes")).all()
        assert [tuple(row) for row in left] == [(cause_of("whole"), 1, 1)]
    assert findings() == []


def test_a_cause_of_older_rules_is_found_and_mended(project: str) -> None:
    record(project, [failed("j", "\x1b[31mtorn\x1b[0m"), failed("k", "whole")], now=NOW)
    with writing() as connection:
        for table in ("jobs", "documents", "causes", "cause_counts"):
            of = {"new": 7, "old": cause_of("torn")}
            connection.execute(text(f"UPDATE {table} SET cause = :new WHERE cause = :old"), of)
    assert [one for one in findings() if one.startswith("jobs j cause: stored 7")]
    assert rebuild(project, lambda *_: None)
    assert findings() == []
