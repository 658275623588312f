"""Sorted lists: in the order of what their rows show, and among which jobs where those are many."""

import pytest
from flask import Flask

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries import sorts
from app.queries.filters import JobFilter
from app.queries.jobs import WHOLE, list_jobs
from app.queries.projects import get_project
from app.queries.sorts import SORTS, Order
from app.queries.views import JobPage
from app.rules.job import Job
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE, SECOND
from app.store.database import reading
from tests.kit.recording import record

T0 = 1_700_000_000 * SECOND
NOW = T0 + HOUR
DONE, FAILED = JobStatus.COMPLETED, JobStatus.FAILED
ENDED = JobFilter(status=frozenset({DONE, FAILED}))


def job(name: str, status: JobStatus, created: int, took: int | None = None, **more) -> Report:
    times = (
        {} if took is None else {"started_at": T0 + created, "completed_at": T0 + created + took}
    )
    return Report(
        job_id=name, source_doc_id=name, status=status, created_at=T0 + created, **times | more
    )


# From the oldest on; `late` started after its successor, the last of them waits.
JOBS = [
    job("long", DONE, 0, 20 * MINUTE, chunks_processed=5),
    job(
        "late",
        FAILED,
        MINUTE,
        2 * MINUTE,
        started_at=T0 + 9 * MINUTE,
        completed_at=T0 + 11 * MINUTE,
    ),
    job("short", DONE, 2 * MINUTE, SECOND, chunks_processed=70),
    job("unmeasured", DONE, 3 * MINUTE, completed_at=T0 + 4 * MINUTE, chunks_processed=6),
    job("runs", JobStatus.RUNNING, 5 * MINUTE, started_at=T0 + 5 * MINUTE, chunks_processed=7),
    job("waits", JobStatus.PENDING, 6 * MINUTE),
]


@pytest.fixture(autouse=True)
def _jobs(app: Flask) -> None:
    create_project("p", name="P", mode="kg_vector", now=T0)
    record("p", JOBS, now=T0 + 30 * MINUTE)


def listed(
    sort: str, wanted: JobFilter | None = None, *, least: bool = False, **page
) -> JobPage[Job]:
    with reading() as connection:
        project = get_project(connection, "p")
        assert project is not None
        options = {"limit": 50, "now": NOW, "reading": WHOLE, "order": Order(SORTS[sort], least)}
        return list_jobs(connection, project, wanted or JobFilter(), **options | page)


def names(page: JobPage[Job]) -> list[str]:
    return [one.job_id for one in page.rows]


@pytest.mark.parametrize(
    ("sort", "greatest_first"),
    [
        ("started", "late runs unmeasured short long"),
        ("duration", "runs long late short"),
        ("chunks", "short runs unmeasured long late"),
    ],
)
def test_rows_come_in_the_order_of_what_they_show(sort: str, greatest_first: str) -> None:
    known = greatest_first.split()
    rest = [one.job_id for one in reversed(JOBS) if one.job_id not in known]
    assert names(listed(sort)) == known + rest
    assert names(listed(sort, least=True)) == known[::-1] + rest


def test_a_sorted_list_has_pages_and_is_narrowed_like_any_other() -> None:
    page = listed("duration", ENDED, limit=2, offset=1)
    assert (names(page), page.total, page.capped) == (["late", "short"], 4, "")
    assert names(listed("chunks", JobFilter(document="short"))) == ["short"]
    assert names(listed("started", JobFilter(status=frozenset({JobStatus.RUNNING})))) == ["runs"]


@pytest.mark.parametrize("wanted", [JobFilter(), ENDED], ids=str)
def test_of_too_many_the_longest_are_those_of_all(
    monkeypatch: pytest.MonkeyPatch, wanted: JobFilter
) -> None:
    monkeypatch.setattr(sorts, "MOST_SORTED", 2)
    page = listed("duration", wanted)
    assert (names(page), page.total, page.capped) == (["long", "late"], 2, "longest 2")


@pytest.mark.parametrize(
    ("sort", "wanted", "least", "expected"),
    [
        ("started", JobFilter(), False, "runs waits"),
        ("chunks", ENDED, False, "short unmeasured"),
        ("duration", ENDED, True, "short unmeasured"),
        ("duration", JobFilter(until=T0 + 3 * MINUTE), False, "late short"),
        ("duration", JobFilter(status=frozenset({DONE})), False, "short unmeasured"),
    ],
    ids=str,
)
def test_of_too_many_else_the_newest_are_sorted(
    monkeypatch: pytest.MonkeyPatch, sort: str, wanted: JobFilter, least: bool, expected: str
) -> None:
    monkeypatch.setattr(sorts, "MOST_SORTED", 2)
    page = listed(sort, wanted, least=least)
    assert (names(page), page.capped) == (expected.split(), "newest 2")
