"""What fails since a verdict began: every number is of all there are, or says "at least"."""

import pytest
from flask import Flask

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries import blame
from app.queries.projects import get_project, list_lines
from app.rules import verdicts
from app.rules.causes import cause_of
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.rules.verdicts import Verdict
from app.store.database import db, reading
from tests.kit.recording import record
from tests.kit.statements import statements

NOW = floor(1_700_000_000 * SECOND, HOUR) + 30 * MINUTE


@pytest.fixture(autouse=True)
def project(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=NOW - 30 * DAY)


def failure(number: int, error: str, ago: int, document: str | None = None) -> Report:
    return Report(
        job_id=f"j{number}",
        source_doc_id=document or f"folder/d{number}.pdf",
        status=JobStatus.FAILED,
        created_at=NOW - ago,
        completed_at=NOW - ago,
        error_message=error,
    )


def success(job: str, ago: int) -> Report:
    return Report(
        job_id=job,
        source_doc_id=job,
        status=JobStatus.COMPLETED,
        created_at=NOW - ago,
        completed_at=NOW - ago,
    )


def judged() -> Verdict:
    with reading() as connection:
        [line] = list_lines(connection, NOW)
    return line.verdict


def failing() -> int:
    with reading() as connection:
        shown = get_project(connection, "p")
    assert shown is not None
    return shown.failing


WORDS = [f"{one}{other}" for one in "abcdefghijklmnopqrstuvwxyz" for other in "jklmnopqrstuvwxyz"]


def test_three_thousand_failures_with_texts_of_their_own_are_three_thousand_documents() -> None:
    for first in range(0, 3000, 1000):
        record(
            "p",
            [
                failure(n, f"cannot read page {WORDS[n % 400]} of {WORDS[n // 400]}", MINUTE)
                for n in range(first, first + 1000)
            ],
            now=NOW,
        )
    verdict = judged()
    assert (verdict.state, verdict.count, verdict.at_least) == (verdicts.FAILING, 3000, False)
    assert (verdict.cause_count, verdict.each_its_own, verdict.causes) == (1, True, 0)
    assert failing() == 3000


def test_the_commonest_of_many_causes_is_named_however_long_ago_it_was() -> None:
    record("p", [failure(n, "LLM API timeout", 50 * MINUTE + n) for n in range(9)], now=NOW)
    others = [failure(100 + n, f"no {WORDS[n]} in it", 40 * MINUTE - n) for n in range(30)]
    record("p", others, now=NOW)
    verdict = judged()
    assert (verdict.count, verdict.cause_count) == (39, 9)
    assert verdict.cause == "LLM API timeout"


def test_what_failed_in_the_same_hour_before_a_success_is_not_of_this_trouble() -> None:
    record("p", [success(f"s{n}", 2 * HOUR) for n in range(40)], now=NOW)
    record(
        "p",
        [failure(1, "torn page here", 29 * MINUTE), failure(2, "no text in it", 25 * MINUTE)],
        now=NOW,
    )
    record("p", [success(f"t{n}", 20 * MINUTE) for n in range(40)], now=NOW)
    record("p", [failure(n, "no text in it", 10 * MINUTE - n) for n in range(3, 7)], now=NOW)
    verdict = judged()
    assert (verdict.state, verdict.since) == (verdicts.FAILING, NOW - 10 * MINUTE + 3)
    assert (verdict.count, verdict.cause_count, verdict.causes) == (4, 4, 1)
    assert failing() == 6


def test_where_too_many_failed_before_the_number_is_at_least(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blame, "MOST_BEFORE", 3)
    blame._failing.cache_clear()
    early = NOW - HOUR - 10 * MINUTE  # within an hour that is over
    ago = NOW - early
    record("p", [failure(n, "no text in it", ago + 5 * MINUTE) for n in range(5)], now=NOW)
    record("p", [success(f"s{n}", ago + MINUTE) for n in range(40)], now=NOW)
    record("p", [failure(n, "no text in it", ago - n) for n in range(10, 13)], now=NOW)
    record("p", [failure(n, "no text in it", 10 * MINUTE) for n in range(20, 22)], now=NOW)
    verdict = judged()
    blame._failing.cache_clear()
    assert verdict.state is verdicts.FAILING
    assert (verdict.count, verdict.at_least, verdict.cause_count) == (2, True, 2)


def test_one_poisoned_document_is_no_failing_project_and_is_named() -> None:
    record("p", [success("s", 3 * HOUR)], now=NOW)
    poisoned = [failure(n, "the page is torn", n * MINUTE, "a/poison.pdf") for n in range(1, 6)]
    record("p", poisoned, now=NOW)
    verdict = judged()
    assert verdict.state is verdicts.SOME_FAILURES
    assert (verdict.count, verdict.document, verdict.times) == (1, "a/poison.pdf", 5)
    record("p", [failure(9, "the page is torn", MINUTE, "b.pdf")], now=NOW)
    verdict = judged()
    assert (verdict.state, verdict.count, verdict.document) == (verdicts.FAILING, 2, None)


def test_each_project_names_its_own_document() -> None:
    create_project("q", name="q", mode="kg_vector", now=NOW - 30 * DAY)
    for project_id, document, ago in (("p", "of-p.pdf", 5), ("q", "of-q.pdf", 50)):
        poisoned = [failure(ago + n, "the page is torn", ago * MINUTE, document) for n in range(3)]
        record(project_id, poisoned, now=NOW)
    with reading() as connection:
        named = {line.facts.project_id: line.verdict for line in list_lines(connection, NOW)}
    assert {one: verdict.document for one, verdict in named.items()} == {
        "p": "of-p.pdf",
        "q": "of-q.pdf",
    }
    assert {verdict.times for verdict in named.values()} == {3}


def test_failures_that_were_mended_since_are_of_several_documents_too() -> None:
    record("p", [failure(n, "no answer came", 20 * MINUTE) for n in range(4)], now=NOW)
    well = [success(f"folder/d{n}.pdf", 10 * MINUTE) for n in range(4)]
    record("p", well, now=NOW)
    verdict = judged()
    assert (verdict.state, verdict.count, failing()) == (verdicts.FAILING, 0, 0)


def test_no_more_is_asked_where_more_fails() -> None:
    def asked() -> int:
        with statements(db.engine) as heard:
            judged()
        return len(heard)

    record("p", [failure(n, "no text in it", 10 * MINUTE) for n in range(3)], now=NOW)
    few = asked()
    record("p", [failure(n, f"no {WORDS[n]} in it", MINUTE) for n in range(3, 400)], now=NOW)
    assert asked() == few
    assert cause_of("no text in it") != cause_of("no ab in it")
