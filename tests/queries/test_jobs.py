"""Pages, totals and tabs against the plain answer, however the jobs are spread over time."""

import itertools
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, text

from app.ledger.audit import verify
from app.ledger.mending import rebuild
from app.ledger.projects import create_project
from app.ledger.removal import remove_jobs
from app.ledger.report import Report
from app.models import Job
from app.queries import depth, filters, jobs, looking, pages, parts, search
from app.queries.contract import CONTRACT, fields_of
from app.queries.filters import JobFilter
from app.queries.part import Part
from app.queries.projects import get_project
from app.queries.views import Cursor
from app.rules import formats
from app.rules.alike import alike
from app.rules.causes import cause_of
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND
from app.store.database import db, reading, writing
from tests.kit.api import Api
from tests.kit.databases import sqlite_only
from tests.kit.recording import record

T0 = 1_700_000_000 * SECOND
FAILED = JobStatus.FAILED
NOW = T0 + 400 * DAY
numbers = itertools.count()

spread = st.builds(
    lambda days, hours, minutes, seconds: (
        T0 + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND
    ),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
    st.integers(0, 2),
)
# Many within one minute: their place is sought from its nearer end.
moments = st.one_of(spread, *[st.integers(0, 39).map(lambda seconds: T0 + seconds * SECOND)] * 2)
ERRORS = ["", "Timeout after 31 s on part-7f3a.pdf", "Token limit of 9 % exceeded", "doc-3 broke"]
DOCUMENTS = ["doc-3/3", "doc-3", "long-" * 60, "long-" * 60 + "2"]
sent = st.lists(
    st.builds(
        lambda number, status, created, chunks, nodes, attempt, started, took, error: Report(
            job_id=f"j{number}",
            source_doc_id=DOCUMENTS[number] if number < 4 else f"doc-{number % 7}/{number}",
            status=status,
            created_at=created,
            chunks_processed=chunks,
            nodes_created=nodes,
            started_at=created if started else None,
            completed_at=created + took,
            error_message=error,
            attempt=attempt,
        ),
        st.integers(0, 30),
        st.sampled_from(JobStatus),
        moments,
        st.integers(0, 1),
        st.integers(0, 1),
        st.sampled_from([None, None, 2]),
        st.booleans(),
        st.sampled_from([0, 5 * SECOND, 2 * MINUTE, HOUR]),
        st.sampled_from(ERRORS),
    ),
    max_size=60,
)
removed = st.fixed_dictionaries(
    {
        "statuses": st.sampled_from(
            [[JobStatus.FAILED], [JobStatus.COMPLETED], [JobStatus.COMPLETED, JobStatus.FAILED]]
        ),
        "before": moments,
        "limit": st.integers(1, 30),
    }
)
edges = st.none() | moments | st.builds(lambda moment: moment + 1, moments)
QS = ["doc-3", "doc-", "j7", "long-" * 60, "timeout", "LIMIT exceeded token", "9 %", "_", "no"]
CAUSES = [*map(cause_of, ERRORS), 5]


PARTS = {
    "status": st.frozensets(st.sampled_from(JobStatus), min_size=1),
    "q": st.sampled_from(QS),
    "document": st.sampled_from(DOCUMENTS),
    "since": edges,
    "until": edges,
    "empty": st.just(True),
    "stalled": st.integers(-1, 4).map(lambda hours: NOW + hours * HOUR),
    "cause": st.sampled_from(CAUSES),
    "finished": st.tuples(edges.filter(bool), st.just(T0 + DAY)),
    "longer": st.sampled_from([0, 5 * SECOND - 1, 5 * SECOND, MINUTE]),
}
# Of too many parts at once the answer would be nothing.
any_filter = st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=3, unique=True).flatmap(
    lambda names: st.fixed_dictionaries({name: PARTS[name] for name in names}).map(
        lambda parts: JobFilter(**parts)
    )
)
narrow_times = st.one_of(
    st.builds(
        JobFilter,
        status=st.none() | st.frozensets(st.sampled_from(JobStatus), min_size=1),
        since=edges,
        until=edges,
    ),
    st.builds(JobFilter, empty=st.just(True), since=edges, until=edges),
)
wanted_filters = st.one_of(narrow_times, any_filter, any_filter)


def meant(causes, q: str) -> set[int]:
    """The causes whose line has every word."""
    words = alike(q).split()
    return {cause for cause, line in causes if all(word in alike(line) for word in words)}


def stored(connection, project_id: str):
    """Every job of the project, and the lines of its causes."""
    project = {"p": project_id}
    jobs = text("SELECT * FROM jobs WHERE project_id = :p")
    causes = text("SELECT cause, line FROM causes WHERE project_id = :p")
    return connection.execute(jobs, project).all(), connection.execute(causes, project).all()


def by_time(jobs):
    """Newest first."""
    return sorted(jobs, key=lambda job: (job.created_at, job.job_id), reverse=True)


def plainly(everything, causes, wanted: JobFilter):
    """The matching jobs, newest first, by looking at each."""
    values = {part.name: value for part, value in wanted.parts}
    q = values.pop("q", "")
    by_words = meant(causes, q)
    words = alike(q).split()

    def is_meant(job: Any) -> bool:
        error = alike(job.error_message or job.noted_error or "") if job.status == FAILED else ""
        return (
            job.job_id.startswith(q)
            or alike(q) in alike(job.source_doc_id)
            or job.cause in by_words
            or all(word in error for word in words)
        )

    found = [
        job
        for job in everything
        if all(MATCHES[name](job, value) for name, value in values.items())
        and (not q or is_meant(job))
    ]
    return by_time(found)


def without_kinds(wanted: JobFilter) -> JobFilter:
    """The same without status, stalled and empty."""
    values = {part.name: value for part, value in wanted.parts}
    kinds = ("status", "stalled", "empty")
    return JobFilter(**{name: value for name, value in values.items() if name not in kinds})


def ended_in(job, start: int, end: int) -> bool:
    return JobStatus(job.status).terminal and start <= job.completed_at < end


def took_longer(job, span: int) -> bool:
    return (
        JobStatus(job.status).terminal
        and job.started_at is not None
        and not job.started_filled
        and job.completed_at - job.started_at > span
    )


def is_empty(job) -> bool:
    return job.status == JobStatus.COMPLETED and job.chunks_processed > 0 == job.nodes_created


def is_silent(job, since: int) -> bool:
    return job.status == JobStatus.RUNNING and job.heard_at <= since


# Of each part whether a job matches its value, told from what was reported.
MATCHES: dict[str, Callable[[Any, Any], bool]] = {
    "status": lambda job, statuses: job.status in statuses,
    "since": lambda job, moment: job.created_at >= moment,
    "until": lambda job, moment: job.created_at < moment,
    "finished": lambda job, period: ended_in(job, *period),
    "longer": took_longer,
    "document": lambda job, document: job.source_doc_id == document,
    "cause": lambda job, cause: job.cause == cause,
    "stalled": is_silent,
    "empty": lambda job, _: is_empty(job),
}


def assert_plain(project_id: str, filters: list[JobFilter], offsets: list[int], now: int) -> None:
    """Pages, totals and tabs are what one finds by looking at every job; so are the counts."""
    with reading() as connection:
        project = get_project(connection, project_id)
        everything, causes = stored(connection, project_id)
        assert verify(connection, project_id, lambda *_: None) == []
        for one in filters:
            plain = [job.job_id for job in plainly(everything, causes, one)]
            for offset in offsets:
                page = jobs.list_jobs(
                    connection, project, one, limit=5, offset=offset, now=now, reading=jobs.WHOLE
                )
                fields = jobs.list_jobs(
                    connection, project, one, limit=5, offset=offset, now=now, reading=CONTRACT
                )
                assert fields.rows == [fields_of(job) for job in page.rows]
                assert page.total == len(plain)
                assert [job.job_id for job in page.rows] == plain[offset : offset + 5]
            held = jobs.list_jobs(
                connection, project, one, limit=5, now=now, reading=jobs.WHOLE, anchor=(T0, "")
            )
            newer = [job for job in everything if job.created_at >= T0 and job.job_id in set(plain)]
            assert (held.total, held.new) == (len(plain), len(newer))
            assert_beside(connection, project, one, by_time(everything), plain, offsets[0], now)
            for job in page.rows[:1]:
                assert job == jobs.get_job(connection, project, job.job_id, now)
            plain = plainly(everything, causes, without_kinds(one))
            expected = {
                status.word: sum(job.status == status for job in plain) for status in JobStatus
            }
            expected["empty"] = sum(map(is_empty, plain))
            expected["stalled"] = sum(is_silent(job, now - HOUR) for job in plain)
            assert jobs.count_jobs(connection, project, one, now - HOUR) == expected


def assert_beside(connection, project, wanted, everything, plain, place: int, now: int) -> None:
    """Beside any key, whether or not it is one of the list, is what one finds by looking."""
    keys = [(job.created_at, job.job_id) for job in everything]
    known = set(plain)
    matching = [key for key in keys if key[1] in known]
    for key in (*keys[place : place + 1], (T0 + place % 3 * DAY, "j2-")):
        older, newer = ([one for one in matching if test(one)] for test in (key.__gt__, key.__lt__))
        for cursor, expected, offset in (
            (Cursor(key), older[:5], len(plain) - len(older)),
            (Cursor(key, newer=True), newer[-5:], max(0, len(newer) - 5)),
        ):
            page = jobs.list_jobs(
                connection, project, wanted, limit=5, now=now, reading=jobs.WHOLE, cursor=cursor
            )
            assert [job.key for job in page.rows] == expected
            assert (page.total, page.offset) == (len(plain), offset)
            assert page.ends == ((expected[0], expected[-1]) if expected else None)


def assert_taken(project_id: str, filters: list[JobFilter], most: int, passed: int) -> None:
    """What a search takes matches, is in order, is all there is where it says so."""
    with reading() as connection:
        everything, causes = stored(connection, project_id)
        for one in filters:
            if one.columns is not None:
                continue
            plain = [job.job_id for job in plainly(everything, causes, one)]
            found = search.find(connection, project_id, one)
            names = [key.job_id for key in found.keys]
            assert names == [name for name in plain if name in set(names)]
            assert len(names) <= most
            if not found.capped:
                assert names == plain
            newest = [job.job_id for job in by_time(everything)[:passed]]
            known = one.get("document") or one.get("cause")
            if found.capped.split(" ")[0] in ("newest", "some") and one.get("q") and not known:
                recent = [name for name in plain if name in newest][:most]
                assert names[: len(recent)] == recent


@pytest.mark.slow
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    first=sent,
    steps=st.lists(st.one_of(sent, removed), max_size=3),
    filters=st.lists(wanted_filters, min_size=6, max_size=6),
    offsets=st.lists(st.integers(0, 40), min_size=2, max_size=2),
)
def test_pages_totals_and_tabs_equal_the_plain_answer_after_every_step(
    app: Flask, monkeypatch, first, steps, filters, offsets
) -> None:
    monkeypatch.setattr(depth, "SHALLOW", 2)  # so that small lists go the deep way too
    project_id = f"p{next(numbers)}"
    create_project(project_id, name="p", mode="kg_vector", now=T0)
    # Reports come late, out of order and again: the jobs are few and the moments any.
    for hours, step in enumerate([first, *steps]):
        if isinstance(step, dict):
            remove_jobs(project_id, **step)
        elif step:
            record(project_id, step, now=NOW + hours * HOUR)
        assert_plain(project_id, filters, offsets, NOW + hours * HOUR)


def crowd(amount: int) -> list[Report]:
    """Jobs of every kind, always the same ones."""
    rng = random.Random(7)
    return [
        Report(
            job_id=f"j{number}",
            source_doc_id=rng.choice([*DOCUMENTS, f"doc-{number % 7}/{number}"]),
            status=rng.choice([*JobStatus, JobStatus.FAILED]),
            created_at=(created := T0 + rng.randrange(3) * DAY + rng.randrange(40) * SECOND),
            chunks_processed=1,
            nodes_created=rng.randrange(2),
            started_at=rng.choice([created, None]),
            completed_at=created + rng.choice([0, 5 * SECOND, 2 * MINUTE]),
            error_message=rng.choice(ERRORS),
        )
        for number in range(amount)
    ]


VALUES: dict[str, list] = {
    "status": [
        frozenset({JobStatus.FAILED}),
        frozenset({JobStatus.COMPLETED, JobStatus.RUNNING}),
    ],
    "q": QS,
    "document": DOCUMENTS[:2],
    "since": [T0 + DAY, T0 + DAY + 20 * SECOND + 1],
    "until": [T0 + DAY],
    "empty": [True],
    "stalled": [NOW],
    "cause": CAUSES[:2],
    "finished": [(T0 + 20 * SECOND, T0 + DAY + 20 * SECOND)],
    "longer": [0, 5 * SECOND],
}
PAIRS = [
    JobFilter(**{one: first, other: second})
    for one, other in itertools.combinations(VALUES, 2)
    for first in VALUES[one]
    for second in VALUES[other]
]

TRIPLES = [
    JobFilter(**{name: VALUES[name][0] for name in names})
    for names in itertools.combinations(VALUES, 3)
]


def test_these_values_and_answers_are_of_every_part() -> None:
    names = {part.name for part in parts.PARTS}
    assert names == set(PARTS) == set(VALUES) == {"q", *MATCHES}


@pytest.mark.parametrize("wanted", [PAIRS, TRIPLES], ids=["two", "three"])
def test_any_parts_of_a_filter_narrow_together(
    app: Flask, monkeypatch: pytest.MonkeyPatch, wanted: list[JobFilter]
) -> None:
    create_project("p", name="p", mode="kg_vector", now=T0)
    record("p", crowd(200), now=NOW)
    assert_plain("p", wanted, [0], NOW)
    for most, passed in ((20, 40), (5, 10)):
        monkeypatch.setattr(search, "MOST_FOUND", most)
        monkeypatch.setattr(looking, "MOST_DOCUMENTS", passed)
        assert_taken("p", wanted, most, passed)


def test_a_part_that_no_index_knows_is_sought_among_the_newest(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = Part(
        name="nodes",
        help="Only jobs that made at least so many nodes.",
        example="1",
        format=formats.whole(1, 1000),
        condition=lambda least: [Job.nodes_created >= least],
        index=None,
        counted=False,
        label="at least {} nodes".format,
        offered=None,
    )
    monkeypatch.setattr(filters, "PARTS", (*parts.PARTS, nodes))
    monkeypatch.setitem(parts.PART_OF, "nodes", nodes)
    monkeypatch.setitem(MATCHES, "nodes", lambda job, least: job.nodes_created >= least)
    wanted = [JobFilter(nodes=1), JobFilter(nodes=1, q="doc-"), JobFilter(nodes=1, until=T0 + DAY)]
    create_project("p", name="p", mode="kg_vector", now=T0)
    record("p", crowd(200), now=NOW)
    assert_plain("p", wanted, [0], NOW)
    monkeypatch.setattr(search, "MOST_FOUND", 20)
    assert_taken("p", wanted, 20, 20)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(batch=sent, filters=st.lists(any_filter, min_size=8, max_size=8))
def test_of_too_much_a_search_takes_what_matches_and_says_that_it_is_not_all(
    app: Flask, monkeypatch, batch, filters
) -> None:
    most, passed = 4, 8
    monkeypatch.setattr(search, "MOST_FOUND", most)
    monkeypatch.setattr(looking, "MOST_DOCUMENTS", passed)
    project_id = f"c{next(numbers)}"
    create_project(project_id, name="p", mode="kg_vector", now=T0)
    record(project_id, batch, now=NOW)
    assert_taken(project_id, filters, most, passed)


@pytest.mark.parametrize(
    "statuses", [[], [JobStatus.FAILED], [JobStatus.RUNNING, JobStatus.FAILED]]
)
def test_every_place_in_a_crowded_minute_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch, statuses: list[JobStatus]
) -> None:
    monkeypatch.setattr(depth, "SHALLOW", 2)
    create_project("p", name="p", mode="kg_vector", now=T0)
    crowd = [
        Report(
            job_id=f"j{number:02}",
            source_doc_id="d",
            status=JobStatus(number % 4),
            created_at=T0 + number // 3 * SECOND,
        )
        for number in range(60)
    ]
    around = [
        Report(job_id=name, source_doc_id="d", status=JobStatus.FAILED, created_at=moment)
        for name, moment in (("before", T0 - MINUTE), ("after", T0 + MINUTE))
    ]
    record("p", crowd + around, now=NOW)
    wanted = [
        JobFilter(status=frozenset(statuses) or None, since=since, until=until)
        for since in (None, T0 + 3 * SECOND)
        for until in (None, T0 + 15 * SECOND + 1)
    ]
    assert_plain("p", wanted, list(range(0, 63, 2)), NOW)


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
    wanted = JobFilter(status=status or None)
    known = {report.job_id for report in batch}
    fresh = [
        replace(report, job_id=f"new-{report.job_id}", created_at=NOW - DAY)
        for report in later
        if report.job_id not in known
    ]
    record(project_id, batch, now=NOW)
    with reading() as connection:
        project = get_project(connection, project_id)
        before = jobs.list_jobs(
            connection, project, wanted, limit=5, offset=2, now=NOW, reading=jobs.WHOLE
        )
        newest = jobs.list_jobs(
            connection, project, wanted, limit=1, offset=0, now=NOW, reading=jobs.WHOLE
        ).rows
        anchor = newest[0].key if newest else None
    record(project_id, fresh, now=NOW)
    with reading() as connection:
        project = get_project(connection, project_id)
        after = jobs.list_jobs(
            connection,
            project,
            wanted,
            limit=5,
            offset=2,
            now=NOW,
            reading=jobs.WHOLE,
            anchor=anchor,
        )
    if anchor is not None:
        assert list(after.rows) == list(before.rows)
        assert after.total - after.new == before.total


LIMITED = "X-Search-Limited"


def find_few(api: Api, monkeypatch: pytest.MonkeyPatch, matches: int) -> None:
    """A store with so many documents that a search finds, of which it takes five."""
    monkeypatch.setattr(search, "MOST_FOUND", 5)
    reports = [
        Report(
            job_id=f"j{number}",
            source_doc_id=f"{'wanted' if number < matches else 'other'}-{number}",
            status=JobStatus.FAILED if number % 2 else JobStatus.RUNNING,
            created_at=T0 + number * SECOND,
        )
        for number in (3, 1, 4, 0, 7, 6, 5, 2, 9, 8)
    ]
    record("p1", reports, now=NOW)


def ids(answer) -> list[str]:
    return [job["job_id"] for job in answer.json["jobs"]]


def test_a_search_that_finds_too_much_takes_the_newest_and_says_so(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_few(api, monkeypatch, matches=8)
    found = api.get("?q=wanted&limit=3")
    assert (found.json["total"], ids(found)) == (5, ["j7", "j6", "j5"])
    assert found.headers[LIMITED] == "some 5"
    assert ids(api.get("?q=wanted&limit=3&offset=3")) == ["j4", "j3"]
    failed = api.get("?q=wanted&status=failed")
    assert (ids(failed), LIMITED in failed.headers) == (["j7", "j5", "j3", "j1"], False)
    assert ids(api.get("?q=wanted&until=2023-11-14T22:13:26Z")) == ["j5", "j4", "j3", "j2", "j1"]
    assert LIMITED not in api.get().headers
    # Again from the cache, and where the words are a job's id too.
    assert api.get("?q=wanted&limit=3").headers[LIMITED] == "some 5"
    record("p1", [Report(job_id="wanted", source_doc_id="d", created_at=T0 + MINUTE)], now=NOW)
    assert ids(api.get("?q=wanted")) == ["wanted", "j7", "j6", "j5", "j4"]


def test_a_search_that_finds_just_as_much_as_it_takes_is_not_limited(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_few(api, monkeypatch, matches=5)
    found = api.get("?q=wanted")
    assert (found.json["total"], ids(found)) == (5, ["j4", "j3", "j2", "j1", "j0"])
    assert LIMITED not in found.headers


def test_a_search_held_at_an_anchor_does_not_move_when_jobs_arrive(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_few(api, monkeypatch, matches=4)
    monkeypatch.setattr(search, "MOST_FOUND", 10)
    wanted = JobFilter(q="wanted", status=frozenset({JobStatus.FAILED, JobStatus.RUNNING}))

    def page(anchor):
        with reading() as connection:
            project = get_project(connection, "p1")
            return jobs.list_jobs(
                connection,
                project,
                wanted,
                limit=2,
                offset=1,
                now=NOW,
                reading=jobs.WHOLE,
                anchor=anchor,
            )

    before = page(None)
    anchor = (T0 + 3 * SECOND, "j3")
    assert page(anchor) == before
    assert [job.job_id for job in before.rows] == ["j2", "j1"]
    fresh = [
        Report(job_id=name, source_doc_id=document, status=status, created_at=T0 + 3 * SECOND)
        for name, document, status in (
            ("j30", "wanted-too", JobStatus.FAILED),  # the same moment: the id decides
            ("j4-other", "other", JobStatus.FAILED),
            ("j4-ended", "wanted", JobStatus.COMPLETED),
            ("j2-below", "wanted", JobStatus.PENDING),
        )
    ]
    record("p1", fresh, now=NOW)
    after = page(anchor)
    assert (after.new, after.total, after.capped) == (1, 5, "")
    assert after.rows == before.rows


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
    assert rebuild("p", lambda *_: None)
    with reading() as connection:
        assert verify(connection, "p", lambda *_: None) == []
        assert connection.scalar(text("SELECT version FROM projects")) > before


def plan(statement: str, **values: object) -> str:
    """SQLite's plan for a statement."""
    with db.engine.connect() as connection:
        rows = connection.execute(text("EXPLAIN QUERY PLAN " + statement), values)
        return " | ".join(row.detail for row in rows)


@sqlite_only
@pytest.mark.parametrize("has_before", [False, True])
@pytest.mark.parametrize("from_start", [False, True])
@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("beside", ["", "older", "newer"])
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
    app: Flask,
    kinds: tuple,
    index: str,
    has_before: bool,
    from_start: bool,
    skips: bool,
    beside: str,
) -> None:
    statement = pages.statement(
        "sqlite",
        jobs.WHOLE.columns,
        kinds,
        has_before=has_before or from_start,
        has_since=False,
        from_start=from_start,
        skips=skips,
        beside=beside,
    )
    sql = str(statement.compile(db.engine)).replace("?", "1")
    lines = plan(sql).split(" | ")
    seeks = [line for line in lines if line.startswith("SEARCH jobs")]
    assert all(index in line or "sqlite_autoindex_jobs_1" in line for line in seeks), lines
    assert sum(index in line for line in seeks) >= len(kinds), lines
    assert not [line for line in lines if line.startswith("SCAN jobs")], lines
    if from_start or has_before or beside:
        assert "created_at" in " ".join(line for line in seeks if index in line), lines
    if len(kinds) == 1 and not skips:
        assert "TEMP B-TREE" not in " ".join(lines), lines


@sqlite_only
@pytest.mark.parametrize(
    ("wanted", "indexes"),
    [
        (JobFilter(stalled=5), "ix_jobs_running"),
        (
            JobFilter(q="doc"),
            "sqlite_autoindex_jobs_1 ix_jobs_document ix_causes_last ix_jobs_created ix_jobs_ended",
        ),
        (JobFilter(document="doc"), "ix_jobs_document"),
        (JobFilter(cause=5, since=5), "ix_jobs_cause ix_jobs_created"),
        (JobFilter(finished=(5, 6)), "ix_jobs_ended"),
        (JobFilter(longer=5), "ix_jobs_took"),
        (
            JobFilter(longer=5, status=frozenset({JobStatus.COMPLETED, JobStatus.FAILED})),
            "ix_jobs_took ix_jobs_status",
        ),
        (JobFilter(longer=5, empty=True), "ix_jobs_took ix_jobs_empty"),
    ],
    ids=str,
)
def test_what_a_search_reads_is_in_an_index(
    app: Flask, monkeypatch: pytest.MonkeyPatch, wanted: JobFilter, indexes: str
) -> None:
    create_project("p", name="p", mode="kg_vector", now=T0)
    heard: list[tuple[str, tuple]] = []

    def hear(_connection, _cursor, statement, parameters, *_) -> None:
        heard.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", hear)
    with reading() as connection:
        search.find(connection, "p", wanted)
        if wanted.get("q"):  # what it asks of the jobs where there are causes with these words
            monkeypatch.setattr("app.queries.looking.find_causes", lambda *_: ([1, 2, 3], 0))
            search.find(connection, "p", wanted)
            indexes += " ix_jobs_cause"
    event.remove(db.engine, "before_cursor_execute", hear)
    lines = []
    with db.engine.connect() as connection:
        for statement, parameters in heard:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            lines += [row.detail for row in plan]
    seeks = [line for line in lines if line.startswith("SEARCH")]
    seeks = [line for line in seeks if "former_causes USING PRIMARY KEY (cause=?)" not in line]
    assert not [line for line in lines if line.startswith(("SCAN jobs", "SCAN causes"))], lines
    for index in indexes.split():
        assert [line for line in seeks if f"INDEX {index} (" in line], (index, lines)
    assert not [line for line in seeks if not any(name in line for name in indexes.split())], lines
