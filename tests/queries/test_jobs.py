"""Pages, totals and tabs against the plain answer, however the jobs are spread over time."""

import itertools
from dataclasses import replace

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from app.database import db, reading, writing
from app.ledger.audit import rebuild, verify
from app.ledger.projects import create_project
from app.ledger.record import record
from app.ledger.report import Report
from app.models import Job
from app.queries import depth, jobs, search
from app.queries.filters import JobFilter
from app.queries.projects import get_project
from app.status import JobStatus
from app.times import DAY, HOUR, MINUTE, SECOND
from tests.conftest import sqlite_only

T0 = 1_700_000_000 * SECOND
NOW = T0 + 400 * DAY
numbers = itertools.count()

moments = st.builds(
    lambda days, hours, minutes, seconds: (
        T0 + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND
    ),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
)
sent = st.lists(
    st.builds(
        lambda number, status, created, chunks, nodes, attempt: Report(
            job_id=f"j{number}",
            source_doc_id=f"doc-{number % 7}/{number}",
            status=status,
            created_at=created,
            chunks_processed=chunks,
            nodes_created=nodes,
            completed_at=created + 5 * SECOND,
            attempt=attempt,
        ),
        st.integers(0, 30),
        st.sampled_from(JobStatus),
        moments,
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from([None, None, 2]),
    ),
    max_size=60,
)
edges = st.none() | moments | st.builds(lambda moment: moment + 1, moments)
wanted_filters = st.one_of(
    st.builds(
        JobFilter,
        statuses=st.frozensets(st.sampled_from(JobStatus)),
        since=edges,
        until=edges,
        q=st.sampled_from(["", "", "doc-3", "j7"]),
    ),
    st.builds(JobFilter, empty=st.just(True), since=edges, until=edges),
)


def plainly(everything, wanted: JobFilter):
    """The matching jobs, newest first, by looking at each."""
    found = [
        job
        for job in everything
        if (not wanted.statuses or job.status in wanted.statuses)
        and (wanted.since is None or job.created_at >= wanted.since)
        and (wanted.until is None or job.created_at < wanted.until)
        and (not wanted.empty or job.state.name == "empty")
        and (not wanted.q or job.job_id == wanted.q or job.source_doc_id.startswith(wanted.q))
    ]
    return sorted(found, key=lambda job: (job.created_at, job.job_id), reverse=True)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    batches=st.lists(sent, min_size=1, max_size=3),
    wanted=st.lists(wanted_filters, min_size=4, max_size=4),
    offsets=st.lists(st.integers(0, 40), min_size=3, max_size=3),
)
def test_pages_totals_and_tabs_equal_the_plain_answer(
    app: Flask, monkeypatch, batches, wanted, offsets
) -> None:
    monkeypatch.setattr(depth, "SHALLOW", 2)  # so that small lists go the deep way too
    project_id = f"p{next(numbers)}"
    create_project(project_id, name="p", mode="kg_vector", now=T0)
    for batch in batches:
        if batch:
            record(project_id, batch, now=NOW)
    with reading() as connection:
        project = get_project(connection, project_id)
        everything = [
            jobs.get_job(connection, project, row.job_id, NOW)
            for row in connection.execute(
                text("SELECT job_id FROM jobs WHERE project_id = :p"), {"p": project_id}
            )
        ]
        assert verify(connection, project_id, lambda *_: None) == []
        for one, offset in itertools.product(wanted, offsets):
            plain = plainly(everything, one)
            page = jobs.list_jobs(connection, project, one, limit=5, offset=offset, now=NOW)
            assert page.total == len(plain)
            assert list(page.rows) == plain[offset : offset + 5]
        for one in wanted:
            kinds = replace(one, statuses=frozenset(), empty=False)
            plain = plainly(everything, kinds)
            counts = jobs.count_jobs(connection, project, one, NOW - HOUR)
            for status in JobStatus:
                assert counts[status.word] == sum(job.status is status for job in plain)
            assert counts["empty"] == sum(job.state.name == "empty" for job in plain)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batch=sent, later=sent, status=st.frozensets(st.sampled_from(JobStatus), max_size=2))
def test_a_page_held_at_an_anchor_does_not_move_when_jobs_arrive(
    app: Flask, monkeypatch, batch, later, status
) -> None:
    monkeypatch.setattr(depth, "SHALLOW", 2)
    project_id = f"a{next(numbers)}"
    create_project(project_id, name="p", mode="kg_vector", now=T0)
    wanted = JobFilter(statuses=status)
    known = {report.job_id for report in batch}
    fresh = [
        replace(report, job_id=f"new-{report.job_id}", created_at=NOW - DAY)
        for report in later
        if report.job_id not in known
    ]
    record(project_id, batch, now=NOW)
    with reading() as connection:
        project = get_project(connection, project_id)
        before = jobs.list_jobs(connection, project, wanted, limit=5, offset=2, now=NOW)
        newest = jobs.list_jobs(connection, project, wanted, limit=1, offset=0, now=NOW).rows
        anchor = newest[0].key if newest else None
    record(project_id, fresh, now=NOW)
    with reading() as connection:
        project = get_project(connection, project_id)
        after = jobs.list_jobs(
            connection, project, wanted, limit=5, offset=2, now=NOW, anchor=anchor
        )
    if anchor is not None:
        assert list(after.rows) == list(before.rows)
        assert after.total - after.new == before.total


def test_verify_says_what_differs_and_rebuild_mends_it(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=T0)
    reports = [
        Report(
            job_id=f"j{number}",
            source_doc_id="d",
            status=JobStatus(number % 4),
            started_at=T0,
            completed_at=T0 + number * SECOND,
            chunks_processed=3,
        )
        for number in range(40)
    ]
    record("p", reports, now=NOW)
    with writing() as connection:
        connection.execute(text("UPDATE created_counts SET failed = failed + 3 WHERE level = 1"))
        connection.execute(text("DELETE FROM duration_counts"))
        connection.execute(text("UPDATE jobs SET empty = NOT empty WHERE job_id = 'j3'"))
    with reading() as connection:
        before = connection.scalar(text("SELECT version FROM projects"))
        found = [str(finding) for finding in verify(connection, "p", lambda *_: None)]
    assert any(line.startswith("created_counts hour 2023-11-14T22:00:00Z failed") for line in found)
    assert any(line.startswith("duration_counts") for line in found)
    assert any(line.startswith("jobs j3 empty") for line in found)
    with writing() as connection:
        assert rebuild(connection, "p", lambda *_: None)
    with reading() as connection:
        assert verify(connection, "p", lambda *_: None) == []
        assert connection.scalar(text("SELECT version FROM projects")) == before + 1


def plan(statement: str, **values: object) -> str:
    """SQLite's plan for a statement."""
    with db.engine.connect() as connection:
        rows = connection.execute(text("EXPLAIN QUERY PLAN " + statement), values)
        return " | ".join(row.detail for row in rows)


@sqlite_only
@pytest.mark.parametrize("has_before", [False, True])
@pytest.mark.parametrize("from_start", [False, True])
@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize(
    ("kinds", "index"),
    [
        (("every",), "ix_jobs_created"),
        ((JobStatus.FAILED,), "ix_jobs_status"),
        ((JobStatus.RUNNING, JobStatus.FAILED), "ix_jobs_status"),
        (("empty",), "ix_jobs_empty"),
    ],
)
def test_every_page_is_read_in_the_order_of_an_index(
    app: Flask, kinds: tuple, index: str, has_before: bool, from_start: bool, skips: bool
) -> None:
    statement = jobs._page(kinds, has_before or from_start, False, from_start, skips)
    sql = str(statement.compile(db.engine)).replace("?", "1")
    lines = plan(sql).split(" | ")
    seeks = [line for line in lines if line.startswith("SEARCH jobs")]
    assert all(index in line or "sqlite_autoindex_jobs_1" in line for line in seeks), lines
    assert sum(index in line for line in seeks) >= len(kinds), lines
    assert not [line for line in lines if line.startswith("SCAN jobs")], lines
    if from_start or has_before:
        assert "created_at" in " ".join(line for line in seeks if index in line), lines
    if len(kinds) == 1 and not skips:
        assert "TEMP B-TREE" not in " ".join(lines), lines


@sqlite_only
def test_what_a_search_and_the_stalled_tab_ask_is_in_an_index(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=T0)
    for wanted, index in (
        (JobFilter(silent_since=5), "ix_jobs_running"),
        (JobFilter(q="doc"), "ix_jobs_document"),
    ):
        with reading() as connection:
            found = search.find(connection, "p", wanted)
        sql = str(
            search.page(found, [Job.job_id], "p", wanted, skip=0, limit=50).compile(
                db.engine, compile_kwargs={"literal_binds": True}
            )
        )
        assert index in plan(sql)
        assert "SCAN jobs" not in plan(sql)
