"""What PostgreSQL changes in its place (a HOT update: no index is told), and plans once."""

import time

import pytest
from flask import Flask
from sqlalchemy import text

from app.clock import now
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.rules.status import JobStatus
from app.store.database import db, reading
from tests.kit.databases import postgres_only
from tests.kit.recording import record

pytestmark = postgres_only

JOBS = 20
COUNTED = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'jobs'"


PLANNED = """
SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement LIKE '%FOR UPDATE%'
"""


def counted() -> tuple[int, int]:
    """How many rows of jobs were changed, and how many of them in their place."""
    db.engine.dispose()  # whoever leaves says what they did
    with reading() as connection:
        changed, in_place = connection.execute(text(COUNTED)).one()
    return changed, in_place


@pytest.mark.parametrize("progress", [False, True], ids=["a sign of life", "progress"])
def test_a_job_that_goes_on_changes_in_its_place(app: Flask, progress: bool) -> None:
    create_project("p", name="p", mode="kg_vector", now=now())
    jobs = [
        Report(job_id=f"j{number}", source_doc_id="d", status=JobStatus.RUNNING)
        for number in range(JOBS)
    ]
    started = now()
    record("p", jobs, now=started)
    before = counted()
    for minute in range(1, 4):
        again = [
            Report(job_id=one.job_id, **({"chunks_processed": minute} if progress else {}))
            for one in jobs
        ]
        record("p", again, now=started + minute * 60_000_000)
    deadline = time.monotonic() + 10
    while (after := counted())[0] - before[0] < 3 * JOBS and time.monotonic() < deadline:
        time.sleep(0.1)
    assert after[0] - before[0] == 3 * JOBS
    assert after[1] - before[1] >= 0.9 * 3 * JOBS  # but where a page was full for once


def test_no_statement_is_compiled(app: Flask) -> None:
    with reading() as connection:
        assert connection.scalar(text("SHOW jit")) == "off"


def test_what_a_report_seeks_is_not_planned_anew(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=now())
    for number in range(JOBS):
        record("p", [Report(job_id=f"j{number}", source_doc_id="d")], now=now())
    with reading() as connection:
        [(kept, anew)] = connection.execute(text(PLANNED))
    assert anew == 5, "so often PostgreSQL tries whether it pays"
    assert kept > 0
