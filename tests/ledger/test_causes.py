"""Causes are kept exactly: whatever is reported and removed, they are what the jobs say."""

import itertools
from collections import Counter
from dataclasses import dataclass, field

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.ledger.audit import verify
from app.ledger.projects import create_project
from app.ledger.removal import remove_jobs
from app.ledger.report import Report
from app.models import Cause, CauseCount, Job
from app.rules.causes import cause_of, telling_line
from app.rules.status import JobStatus
from app.rules.times import HOUR, SECOND
from app.store.database import db, reading, table_of
from tests.kit.recording import record
from tests.kit.statements import statements

NOW = 1_700_000_000 * SECOND
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED)
TRACEBACK = "Traceback (most recent call last):\n  File 'a.py', line 3\nValueError: page 7 is torn"
ERRORS = [None, "timeout after 3 s", "timeout after 64 s", "Timeout after 5 s", TRACEBACK]
numbers = itertools.count()

moments = st.integers(-4, 4).map(lambda hours: NOW + hours * HOUR // 2)
reports = st.builds(
    lambda job, status, moment, error, attempt: Report(
        job_id=job,
        source_doc_id="left" if job < "d" else "right",
        status=status,
        created_at=NOW - HOUR,
        completed_at=moment if status is None or status.terminal else None,
        error_message=error,
        attempt=attempt,
    ),
    st.sampled_from("abcdef"),
    st.sampled_from([None, *JobStatus, JobStatus.FAILED, JobStatus.FAILED]),
    moments,
    st.sampled_from(ERRORS),
    st.sampled_from([None, 1, 1, 2, 3]),
)
removals = st.tuples(st.sampled_from([ENDED, ENDED[:1], ENDED[1:]]), st.integers(1, 3))
steps = st.lists(st.lists(reports, min_size=1, max_size=5) | removals, min_size=1, max_size=10)


@dataclass
class Plain:
    """What the causes of a project should be: every job is looked at after every step."""

    project_id: str
    failures: set[tuple[int, str, str]] = field(default_factory=set)
    first: dict[int, int] = field(default_factory=dict)
    last: dict[int, tuple[int, str, str]] = field(default_factory=dict)

    def look(self) -> dict[int, tuple[object, ...]]:
        """The columns of `causes` by cause."""
        with reading() as connection:
            mine = select(table_of(Job)).where(Job.project_id == self.project_id)
            jobs = connection.execute(mine.where(Job.status.in_(ENDED))).all()
        ends = {job.job_id: min(job.ended_at, job.heard_at) for job in jobs}
        failed = [job for job in jobs if job.status == JobStatus.FAILED]
        errors = {one.job_id: one.error_message or one.noted_error or "" for one in failed}
        failures = {(ends[job_id], job_id, error) for job_id, error in errors.items()}
        for at, job_id, error in sorted(failures - self.failures):
            cause = cause_of(error)
            self.first[cause] = min(at, self.first.get(cause, at))
            if (at, job_id) >= self.last.get(cause, (at, job_id))[:2]:
                self.last[cause] = at, job_id, telling_line(error)
        self.failures = failures
        many = Counter(map(cause_of, errors.values()))
        for forgotten in self.first.keys() - many.keys():
            del self.first[forgotten], self.last[forgotten]
        failing: Counter[int] = Counter()
        for document in {job.source_doc_id for job in failed}:
            mine = [job for job in jobs if job.source_doc_id == document]
            bad = sorted((ends[job.job_id], job.job_id) for job in mine if job.job_id in errors)
            good = [ends[job.job_id] for job in mine if job.job_id not in errors]
            if not good or bad[-1][0] >= max(good):
                failing[cause_of(errors[bad[-1][1]])] += 1
        return {
            cause: (line, job_id, many[cause], failing[cause], self.first[cause], at)
            for cause, (at, job_id, line) in self.last.items()
        }


def stored(project_id: str) -> dict[int, tuple[object, ...]]:
    with reading() as connection:
        rows = connection.execute(select(table_of(Cause)).where(Cause.project_id == project_id))
        return {row.cause: tuple(row)[2:] for row in rows}


def findings(project_id: str) -> list[str]:
    with reading() as connection:
        return [str(found) for found in verify(connection, project_id, lambda *_: None)]


@pytest.fixture
def project(app: Flask) -> str:
    create_project("p", name="p", mode="kg_vector", now=NOW - HOUR)
    return "p"


@pytest.mark.slow
@settings(
    max_examples=30,
    deadline=None,
    # Each has its own project. A machine that is busy is slow to think of steps.
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps)
def test_causes_are_what_a_plain_recount_says(app: Flask, steps) -> None:
    project_id = f"p{next(numbers)}"
    create_project(project_id, name="p", mode="kg_vector", now=NOW - HOUR)
    plain = Plain(project_id)
    for number, step in enumerate(steps):
        if isinstance(step, tuple):
            statuses, limit = step
            remove_jobs(project_id, statuses=statuses, before=NOW, limit=limit)
        else:
            record(project_id, step, now=NOW + number * SECOND)
        assert stored(project_id) == plain.look()
        assert findings(project_id) == []


def failure(job_id: str, error: str, at: int = NOW, document: str = "d") -> Report:
    return Report(
        job_id=job_id,
        source_doc_id=document,
        status=JobStatus.FAILED,
        completed_at=at,
        error_message=error,
    )


def test_when_a_cause_was_seen_outlives_the_jobs_that_tell(project: str) -> None:
    record(project, [failure("a", "timeout after 1 s", NOW - 3 * HOUR)], now=NOW - 3 * HOUR)
    record(project, [failure("b", "timeout after 2 s", NOW - 2 * HOUR, "e")], now=NOW)
    record(project, [failure("c", "timeout after 3 s", NOW - HOUR, "f")], now=NOW)
    assert remove_jobs(project, statuses=ENDED, before=NOW, limit=1) == 1
    record(project, [Report(job_id="c", status=JobStatus.RUNNING, attempt=2)], now=NOW)
    [cause] = stored(project).values()
    assert cause == ("timeout after 3 s", "c", 1, 1, NOW - 3 * HOUR, NOW - HOUR)
    assert findings(project) == []


def test_of_failures_at_one_moment_the_last_by_id_tells_as_it_stands(project: str) -> None:
    def tells() -> tuple[object, ...]:
        [(line, job_id, *_)] = stored(project).values()
        return job_id, line

    record(project, [failure("b", "timeout after 1 s")], now=NOW)
    record(project, [failure("a", "timeout after 2 s")], now=NOW)
    assert tells() == ("b", "timeout after 1 s")
    record(project, [failure("c", "timeout after 3 s")], now=NOW)
    assert tells() == ("c", "timeout after 3 s")
    record(project, [failure("c", "timeout after 4 s")], now=NOW)
    assert tells() == ("c", "timeout after 4 s")


def test_a_cause_by_which_nothing_fails_is_forgotten(project: str) -> None:
    record(project, [failure("a", "timeout"), failure("b", "torn page", document="e")], now=NOW)
    record(project, [Report(job_id="a", status=JobStatus.RUNNING, attempt=2)], now=NOW)
    assert [values[0] for values in stored(project).values()] == ["torn page"]
    assert remove_jobs(project, statuses=ENDED, before=NOW + SECOND) == 1
    assert stored(project) == {}
    with reading() as connection:
        counts = connection.execute(select(CauseCount.cause, CauseCount.failed)).all()
    assert counts == [(cause_of("timeout"), 0)], "what a removal touches leaves no zero"


def touching(*reports: Report, later: int = 0) -> list[str]:
    """The statements about causes that these reports cost."""
    with statements(db.engine) as heard:
        record("p", reports, now=NOW + later)
    return [one for one in heard if "causes" in one or "cause_counts" in one]


def test_only_what_fails_or_no_longer_fails_pays_for_causes(project: str) -> None:
    new = Report(job_id="a", source_doc_id="d")
    assert touching(new) == []
    assert touching(Report(job_id="a", status=JobStatus.RUNNING, chunks_processed=4)) == []
    ended = Report(job_id="a", status=JobStatus.COMPLETED, completed_at=NOW - HOUR)
    assert touching(ended) == []
    assert len(touching(failure("b", "timeout"), failure("c", "torn page"))) == 3
    assert touching(failure("b", "timeout")) == []
    assert touching(Report(job_id="b", chunks_processed=9)) == []
    success = Report(
        job_id="e", source_doc_id="d", status=JobStatus.COMPLETED, completed_at=NOW + SECOND
    )
    assert len(touching(success, later=2 * SECOND)) == 2, "one document less"
    assert len(touching(Report(job_id="b", status=JobStatus.RUNNING, attempt=2))) == 3
