"""Rebuilding: whatever is wrong is mended, in short transactions, while others write."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

import pytest
from flask import Flask
from sqlalchemy import Engine, event, text

from app.ledger import mending
from app.ledger.audit import verify
from app.ledger.mending import rebuild
from app.ledger.projects import create_project
from app.ledger.removal import remove_jobs
from app.ledger.report import Report
from app.rules.causes import cause_of
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE, SECOND
from app.store.alone import alone
from app.store.database import BusyError, db, reading, writing
from tests.kit.recording import record

NOW = 1_770_000_000 * SECOND
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED)
ERRORS = ("timeout after 3 s", "the page is torn", "no such table", None)
LONG = "d" * 300  # a document whose key is a hash

WRONG = (
    "UPDATE created_counts SET failed = failed + 3 WHERE bucket % 3 = 0",
    "DELETE FROM created_counts WHERE level = 2 AND bucket % 7 = 0",
    "DELETE FROM duration_counts",
    "UPDATE finished_counts SET chunks = chunks - 5, completed = 1",
    "UPDATE projects SET running = running + 2, empty = 0",
    "UPDATE jobs SET empty = NOT empty, took = 1 WHERE job_id LIKE '%3'",
    "UPDATE jobs SET ended_at = NULL WHERE job_id LIKE '%7'",
    "UPDATE jobs SET cause = 7 WHERE cause IS NOT NULL AND job_id LIKE '%1'",
    "UPDATE jobs SET cause = NULL WHERE job_id LIKE '%5'",
    "UPDATE cause_counts SET failed = failed + 1",
    "INSERT INTO cause_counts VALUES ('p', 9, 0, 4, 2)",
    "UPDATE cause_counts SET failing = failing + 2",
    "UPDATE finished_counts SET failing = 3",
    "UPDATE projects SET failing = failing + 1",
    "UPDATE causes SET jobs = 1, documents = documents + 5",
    "UPDATE causes SET line = 'something else', first_at = last_at, last_at = 1",
    "DELETE FROM causes WHERE cause = (SELECT min(cause) FROM causes)",
    "INSERT INTO causes VALUES ('p', 11, 'nobody', 'none', 3, 2, 1, 1)",
    "DELETE FROM documents WHERE document LIKE 'd1%'",
    "UPDATE documents SET failing_since = NULL, succeeded_at = failed_at, cause = 7"
    " WHERE document LIKE 'd2%'",
    "UPDATE documents SET failures = failures + 2 WHERE failures > 0",
    "UPDATE documents SET failed_at = 1, error = 'x' WHERE document LIKE 'd3%'",
    "INSERT INTO documents (project_id, document, failed_at, job_id, error, cause, failing_since)"
    f" VALUES ('p', 'stray', 1, 'none', 'e', 9, 1), ('p', '{LONG[:256]}', 1, 'none', 'e', 9, 1)",
)
"""Every kind of what is kept, wrong."""


def document_of(number: int) -> str:
    """The document of a job: some are so long that their key is a hash."""
    return f"d{number % 37}" + "-" * (300 if number % 37 % 5 == 0 else 0)


def some_reports(dice: random.Random, number: int, jobs: int = 400) -> list[Report]:
    reports = []
    for _ in range(number):
        job, status = dice.randrange(jobs), JobStatus(dice.randrange(4))
        reports.append(
            Report(
                job_id=f"j{job}",
                source_doc_id=document_of(job),
                status=status,
                attempt=dice.choice((None, 1, 2, 3)),
                completed_at=NOW - dice.randrange(3 * HOUR) if status.terminal else None,
                error_message=dice.choice(ERRORS) if status.failure else None,
                chunks_processed=dice.randrange(5),
            )
        )
    return reports


def fill(jobs: int = 400) -> None:
    every = [
        Report(
            job_id=f"j{number}",
            source_doc_id=document_of(number),
            status=JobStatus(number % 4),
            created_at=NOW - number * MINUTE,
            started_at=NOW - number * MINUTE,
            completed_at=NOW - number * MINUTE + number % 100 * SECOND,
            error_message=ERRORS[number // 4 % 4] if number % 4 == JobStatus.FAILED else None,
            chunks_processed=number % 3,
        )
        for number in range(jobs)
    ]
    record("p", every, now=NOW)
    record("p", some_reports(random.Random(1), 100, jobs), now=NOW)


def spoil(*kinds: str) -> None:
    with writing() as connection:
        for kind in kinds:
            assert connection.execute(text(kind)).rowcount > 0, kind


def findings() -> list[str]:
    with reading() as connection:
        return [str(found) for found in verify(connection, "p", lambda *_: None)]


@pytest.fixture
def project(app: Flask) -> str:
    create_project("p", name="p", mode="kg_vector", now=NOW - HOUR)
    return "p"


@pytest.mark.parametrize("kind", WRONG)
def test_each_kind_is_found_and_mended_in_one_recount(project: str, kind: str) -> None:
    fill()
    assert findings() == []
    spoil(kind)
    found = findings()
    assert found
    assert [str(one) for one in rebuild(project, lambda *_: None)] == found
    assert findings() == []


@pytest.mark.parametrize("seed", range(2))
def test_it_mends_while_others_report_and_prune(app: Flask, project: str, seed: int) -> None:
    """Between a recount and each step of the mending much is changed, of what is wrong too."""
    fill()
    spoil(*WRONG)
    ended, rounds = threading.Event(), [0, 0, 0, 0]
    raised: list[BaseException] = []

    def beside(number: int, step: Callable[[random.Random], object]) -> threading.Thread:
        def run() -> None:
            dice = random.Random(10 * seed + number)
            try:
                with app.app_context():
                    while not ended.is_set():
                        step(dice)
                        rounds[number] += 1
            except BaseException as error:  # so that the test says so
                raised.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def report(dice: random.Random) -> None:
        record(project, some_reports(dice, 6), now=NOW + MINUTE)

    def prune(dice: random.Random) -> None:
        moment = NOW - dice.randrange(400) * MINUTE
        remove_jobs(project, statuses=ENDED, before=moment, limit=3)

    threads = [beside(number, report) for number in range(3)] + [beside(3, prune)]
    try:
        assert rebuild(project, lambda *_: None)
    finally:
        ended.set()
        for thread in threads:
            thread.join(60)
    assert not raised
    assert all(rounds), "each of them had its turn meanwhile"
    assert findings() == []


def test_what_changes_between_the_recount_and_its_mending_is_not_counted_twice(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every step of the mending has somebody before it who changes the very same."""
    fill()
    spoil(*WRONG)
    dice, others = random.Random(3), count()
    write = mending.writing

    @contextmanager
    def overtaken() -> Iterator[object]:
        if next(others) < 100:
            record(project, some_reports(dice, 25), now=NOW + MINUTE)
            remove_jobs(project, statuses=ENDED, before=NOW - 200 * MINUTE, limit=5)
        with write() as connection:
            yield connection

    monkeypatch.setattr(mending, "BATCH", 60)
    monkeypatch.setattr(mending, "writing", overtaken)
    assert rebuild(project, lambda *_: None)
    assert next(others) > 5
    assert findings() == []


def test_a_job_of_a_wrong_cause_that_is_gone_before_it_is_mended_leaves_nothing(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is counted by the cause that its row has: so the counts lack nothing of the right one."""
    failed = Report(job_id="j", source_doc_id="d", status=JobStatus.FAILED, error_message="torn")
    record(project, [failed], now=NOW)
    old = {"new": 7, "old": cause_of("torn")}
    with writing() as connection:
        for table in ("jobs", "documents", "causes", "cause_counts"):
            connection.execute(text(f"UPDATE {table} SET cause = :new WHERE cause = :old"), old)
    mend = mending._mend

    def pruned_before(*words: object) -> None:
        remove_jobs(project, statuses=ENDED, before=NOW + HOUR)
        mend(*words)

    monkeypatch.setattr(mending, "_mend", pruned_before)
    monkeypatch.setattr(mending, "MOST_RECOUNTS", 1)  # a second one would mend what this one spoils
    assert rebuild(project, lambda *_: None)
    with reading() as connection:
        for table in ("documents", "causes", "cause_counts"):
            assert connection.scalar(text(f"SELECT count(*) FROM {table}")) == 0, table
    assert findings() == []


@contextmanager
def written(engine: Engine) -> Iterator[list[int]]:
    """How many rows each transaction writes that writes some."""
    amounts: list[int] = []

    def begin(_connection: object) -> None:
        amounts.append(0)

    def hear(_connection, cursor, statement, *_rest) -> None:
        if statement.split()[0] in ("INSERT", "UPDATE", "DELETE"):
            amounts[-1] += cursor.rowcount

    event.listen(engine, "begin", begin)
    event.listen(engine, "after_cursor_execute", hear)
    try:
        yield amounts
    finally:
        event.remove(engine, "begin", begin)
        event.remove(engine, "after_cursor_execute", hear)


def test_no_transaction_writes_more_however_much_is_wrong(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mending, "BATCH", 20)
    monkeypatch.setattr(mending, "CAUSES", 2)
    most = []
    for jobs in (100, 500):
        fill(jobs)
        spoil(
            "UPDATE jobs SET took = 1 WHERE job_id LIKE '%3'",
            "UPDATE jobs SET cause = 7 WHERE cause IS NOT NULL",
            *WRONG[:5],
            *WRONG[9:],
        )
        with written(db.engine) as amounts:
            assert rebuild(project, lambda *_: None)
        assert findings() == []
        short = [amount for amount in amounts if amount]
        most.append((max(short), len(short)))
    (small, few), (big, many) = most
    assert many > 2 * few, "there was more to mend"
    # A job is a row, and may change 7 counts, a document and two causes, of which each is in two.
    assert max(small, big) <= 20 * 10 + 1


def test_what_is_right_costs_nobody_a_turn(project: str) -> None:
    fill()
    with written(db.engine) as amounts:
        assert rebuild(project, lambda *_: None) == []
    assert sum(amounts) == 0


def test_two_at_once_do_not_add_the_same_twice(app: Flask, project: str) -> None:
    """By two connections, as of two hosts."""
    fill()
    spoil(*WRONG)
    refused: list[BusyError] = []

    def other() -> None:
        with app.app_context(), pytest.raises(BusyError, match="rebuild") as caught:
            rebuild(project, lambda *_: None)
        refused.append(caught.value)

    with alone(db.engine, "rebuild"):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(60)
    assert refused
    assert rebuild(project, lambda *_: None), "whoever comes later is not refused"
    assert findings() == []


def test_a_clock_that_was_ahead_is_taken_back_while_others_report(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is received meanwhile lies after the recount, and is right."""
    ahead = NOW + 24 * HOUR
    record(
        project,
        [Report(job_id=f"j{n}", source_doc_id="d", status=JobStatus.FAILED) for n in range(40)],
        now=ahead,
    )
    ticks = count(NOW, SECOND)
    write = mending.writing

    @contextmanager
    def overtaken() -> Iterator[object]:
        late = Report(job_id="j7", source_doc_id="d", status=JobStatus.FAILED, attempt=2)
        record(project, [late], now=next(ticks))
        with write() as connection:
            yield connection

    monkeypatch.setattr(mending, "BATCH", 10)
    monkeypatch.setattr(mending, "writing", overtaken)
    assert rebuild(project, lambda *_: None, lambda: next(ticks))
    assert findings() == []
    latest = next(ticks)
    with reading() as connection:
        for where in ("jobs WHERE heard_at", "causes WHERE last_at", "documents WHERE failed_at"):
            later = connection.scalar(text(f"SELECT count(*) FROM {where} > :at"), {"at": latest})
            assert later == 0, where
