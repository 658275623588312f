"""The causes of a project, and the documents that still fail by them."""

import pytest
from flask import Flask

from app.ledger.projects import create_project
from app.ledger.removal import remove_jobs
from app.ledger.report import Report
from app.queries import causes
from app.queries.causes import get_cause, list_causes, list_failing
from app.queries.projects import get_project
from app.queries.views import CausePage, FailingDocument
from app.rules.causes import NO_REASON, cause_of
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.store.database import db, reading
from tests.kit.recording import record
from tests.kit.statements import statements

NOW = 1_700_000_000 * SECOND
TIMEOUT, TORN, SILENT = cause_of("LLM API timeout after 3 retries"), cause_of("torn"), cause_of("")


@pytest.fixture
def project(app: Flask) -> str:
    create_project("p", name="p", mode="kg_vector", now=NOW - 30 * DAY)
    create_project("other", name="other", mode="kg_vector", now=NOW - 30 * DAY)
    return "p"


def failure(job: str, error: str | None, ago: int, document: str = "") -> Report:
    return Report(
        job_id=job,
        source_doc_id=document or f"of-{job}",
        status=JobStatus.FAILED,
        created_at=NOW - ago,
        completed_at=NOW - ago,
        error_message=error,
    )


def success(job: str, document: str, ago: int) -> Report:
    return Report(
        job_id=job,
        source_doc_id=document,
        status=JobStatus.COMPLETED,
        created_at=NOW - ago,
        completed_at=NOW - ago,
    )


def page(project_id: str = "p", now: int = NOW) -> CausePage:
    with reading() as connection:
        project = get_project(connection, project_id)
        assert project is not None
        return list_causes(connection, project, now)


def failing(*wanted: int, most: int = 5) -> dict[int, list[FailingDocument]]:
    with reading() as connection:
        return list_failing(connection, "p", wanted, most)


def fill() -> None:
    """Two timeouts and one silence today, three torn pages the days before; one is well again."""
    reports = [
        failure("a", "LLM API timeout after 3 retries", 5 * HOUR),
        failure("b", "LLM API timeout after 30 retries", MINUTE),
        failure("c", None, 2 * HOUR),
        *(failure(f"t{days}", "torn", days * DAY) for days in (2, 3, 4)),
        success("w", "of-t3", DAY),
    ]
    record("p", reports, now=NOW)
    record("other", [failure("x", "torn", HOUR)], now=NOW)


def test_causes_come_by_how_often_they_struck_of_late(project: str) -> None:
    fill()
    lines = page().lines
    assert [line.cause for line in lines] == [TIMEOUT, SILENT, TORN]
    timeout, silent, torn = lines
    assert (timeout.line, timeout.job_id) == ("LLM API timeout after 30 retries", "b")
    assert (timeout.jobs, timeout.documents, timeout.day, timeout.share) == (2, 2, 2, 2 / 3)
    assert (timeout.first_at, timeout.last_at) == (NOW - 5 * HOUR, NOW - MINUTE)
    assert timeout.remedy == "The model was not available. Run the job again."
    assert {hour.start: hour.failed for hour in timeout.hours if hour.failed} == {
        floor(NOW - 5 * HOUR, HOUR): 1,
        floor(NOW - MINUTE, HOUR): 1,
    }
    assert len(timeout.hours) == 24
    assert (silent.line, silent.day, silent.remedy) == (NO_REASON, 1, None)
    assert (torn.jobs, torn.documents, torn.day, torn.share) == (3, 2, 0, 0)
    assert page("other").total == 1


def test_a_day_later_nothing_struck_of_late(project: str) -> None:
    fill()
    lines = page(now=NOW + DAY).lines
    assert [(line.day, line.share) for line in lines] == [(0, 0)] * 3
    assert [line.cause for line in lines] == [TIMEOUT, SILENT, TORN], "the last seen comes first"


def test_a_project_without_failures_has_no_causes(project: str) -> None:
    record("p", [success("w", "d", HOUR)], now=NOW)
    assert page() == CausePage([], 0, 0, 0, most=10_000)
    assert failing(TORN) == {}


def test_of_many_causes_the_newest_are_listed_and_all_are_counted(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "MOST_CAUSES", 3)
    causes._newest.cache_clear()
    record("p", [failure(f"j{n}", "x" * (n + 1), n * MINUTE) for n in range(7)], now=NOW)
    shown = page()
    causes._newest.cache_clear()
    assert shown.total == 7
    assert [line.line for line in shown.lines] == ["x", "xx", "xxx"]


def test_one_cause_is_found_by_its_number(project: str) -> None:
    fill()
    with reading() as connection:
        found = get_cause(connection, "p", TORN)
        assert get_cause(connection, "p", 7) is None
        assert get_cause(connection, "other", TIMEOUT) is None
    assert found is not None
    assert (found.line, found.job_id, found.jobs, found.documents) == ("torn", "t2", 3, 2)
    assert found.name == f"{TORN:016x}"


def test_the_job_that_tells_is_one_that_is_there(project: str) -> None:
    fill()
    record("p", [Report(job_id="b", status=JobStatus.RUNNING, attempt=2)], now=NOW)
    assert next(line.job_id for line in page().lines if line.cause == TIMEOUT) == "a"
    record("p", [failure("z", "torn", 9 * DAY)], now=NOW)
    while remove_jobs("p", statuses=[JobStatus.FAILED], before=NOW - 5 * HOUR, limit=1):
        pass
    assert [(line.cause, line.job_id) for line in page().lines] == [(TIMEOUT, "a"), (SILENT, "c")]


def test_what_still_fails_is_listed_by_cause_the_newest_first(project: str) -> None:
    fill()
    found = failing(TORN, SILENT)
    assert found == {
        TORN: [
            FailingDocument("of-t2", "t2", NOW - 2 * DAY, NOW - 2 * DAY, 1),
            FailingDocument("of-t4", "t4", NOW - 4 * DAY, NOW - 4 * DAY, 1),
        ],
        SILENT: [FailingDocument("of-c", "c", NOW - 2 * HOUR, NOW - 2 * HOUR, 1)],
    }
    assert [one.job_id for one in failing(TORN, TIMEOUT, most=1)[TORN]] == ["t2"]
    record("p", [failure("t5", "torn", DAY // 2, "of-t2")], now=NOW)
    again = FailingDocument("of-t2", "t5", NOW - DAY // 2, NOW - 2 * DAY, 2)
    assert failing(TORN)[TORN][0] == again


def test_a_long_document_is_named_in_full(project: str) -> None:
    document = "Ordner/" + "長" * 1000
    record("p", [failure("a", "torn", HOUR, document)], now=NOW)
    assert [one.document for one in failing(TORN)[TORN]] == [document]


def test_few_and_many_causes_take_as_many_statements(project: str) -> None:
    def count() -> int:
        with reading() as connection:
            shown = get_project(connection, "p")
            assert shown is not None
            with statements(db.engine) as heard:
                found = list_causes(connection, shown, NOW)
                list_failing(connection, "p", [line.cause for line in found.lines])
        return len(heard)

    numbers = [count()]
    fill()
    numbers.append(count())
    record("p", [failure(f"j{n}", "x" * (n + 1), n * MINUTE) for n in range(250)], now=NOW)
    numbers.append(count())
    assert numbers == [5, 5, 5]
