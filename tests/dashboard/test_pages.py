"""Pages by address alone: what makes no sense in a URL is left out, never an error."""

import csv
import io
import re
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.sessions import create_link
from app.clock import now
from app.ledger.projects import change_project, create_project
from app.ledger.report import Report
from app.queries import search
from app.rules.causes import cause_name, cause_of
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE, SECOND
from app.rules.words import NBSP
from app.store.database import writing
from tests.kit.recording import record


@pytest.fixture
def signed_in(app: Flask) -> FlaskClient:
    create_project("p", name="P", mode="kg_vector", now=now())
    with writing() as connection:
        token = create_link(connection, now())
    client = app.test_client()
    form = re.search(r'csrf_token" value="([^"]+)', client.get("/sign-in").text)
    assert form is not None
    sent = {"csrf_token": form[1], "token": token}
    assert client.post("/sign-in", data=sent).status_code == 303
    return client


@pytest.mark.parametrize(
    "query",
    [
        "page=" + "9" * 5000,
        "page=-1",
        "page=%D9%A1",
        "at=1~a%00b",
        "at=" + "9" * 40 + "~x",
        "at=~",
        "q=%00",
        "q=" + "x" * 5000,
        "since=yesterday&until=2026",
        "status=none&stalled=2&empty=x",
        "status=failed&status=running",
    ],
)
def test_nonsense_in_the_address_is_left_out(signed_in: FlaskClient, query: str) -> None:
    answer = signed_in.get(f"/projects/p?{query}")
    assert answer.status_code == 200
    assert signed_in.get(f"/?{query}").status_code == 200


def test_an_unchanged_part_is_a_304_and_a_page_never_is(signed_in: FlaskClient, still: int) -> None:
    part = signed_in.get("/projects/p", headers={"HX-Request-Type": "partial"})
    known = {"If-None-Match": part.headers["ETag"]}
    again = signed_in.get("/projects/p", headers={"HX-Request-Type": "partial", **known})
    assert again.status_code == 304
    assert signed_in.get("/projects/p", headers=known).status_code == 200


MISSING = "LLM API timeout after {} retries"


def told(number: int, status: JobStatus, at: int, **more: object) -> Report:
    """A finished job of one of three documents."""
    return Report(
        **{
            "job_id": f"j{number}",
            "source_doc_id": f"docs/{number % 3}.pdf",
            "status": status,
            "created_at": at - 30 * SECOND,
            "started_at": at - 20 * SECOND,
            "completed_at": at,
            "chunks_processed": 10,
            "nodes_created": 5 + number,
            **more,
        }
    )


@pytest.fixture
def busy(signed_in: FlaskClient) -> FlaskClient:
    """A project with some history, in which two documents fail by one cause."""
    at = now()
    fine = [told(number, JobStatus.COMPLETED, at - HOUR) for number in range(6)]
    failed = [
        told(6, JobStatus.FAILED, at - MINUTE, error_message=MISSING.format(3)),
        told(7, JobStatus.FAILED, at - 2 * MINUTE, error_message=MISSING.format(5)),
        told(8, JobStatus.COMPLETED, at - 3 * MINUTE),
    ]
    record("p", fine + failed, now=at)
    running = Report(
        job_id="run",
        source_doc_id="docs/long.pdf",
        status=JobStatus.RUNNING,
        started_at=at,
        chunks_processed=1,
        chunks_total=100,
    )
    record("p", [running], now=at)
    return signed_in


def test_a_bar_leads_to_the_jobs_that_finished_in_it(busy: FlaskClient) -> None:
    page = busy.get("/projects/p").text
    links = set(re.findall(r'href="(/projects/p\?finished=[^"]+)" tabindex="-1"', page))
    assert links
    assert links == set(
        re.findall(r'<th scope="row"><a href="(/projects/p\?finished=[^"]+)"', page)
    )
    shown = "".join(busy.get(unescape(link)).text for link in links)
    assert {f"row-j{number}" for number in range(9)} <= set(re.findall(r'id="(row-[^"]+)"', shown))
    month = busy.get("/projects/p?chart=30d").text
    assert re.search(r'href="/projects/p\?finished=\d{4}-\d\d-\d\d&amp;chart=30d"', month)


def test_a_cause_is_called_by_what_its_errors_say(busy: FlaskClient) -> None:
    cause = cause_name(cause_of(MISSING.format(3)))
    page = unescape(busy.get(f"/projects/p?cause={cause}").text)
    assert f"Remove: </span><bdi>cause “{MISSING.format(3)}”</bdi>" in page
    assert (
        f"Remove: </span><bdi>cause {'0' * 16}</bdi>"
        in busy.get(f"/projects/p?cause={'0' * 16}").text
    )


def test_what_runs_and_what_went_wrong_is_spoken(busy: FlaskClient) -> None:
    [say] = re.findall('data-say="([^"]+)"', busy.get("/projects/p").text)
    assert say.endswith(", 1 running, 2 failed, 0 stalled")


def test_a_page_says_how_much_of_too_much_it_shows(
    busy: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def limits(path: str) -> list[str]:
        return re.findall(r'<p class="limit">.*?</svg> (.*?)</p>', busy.get(path).text)

    assert limits("/projects/p?longer=2s") == limits("/projects/p/document?id=docs/2.pdf") == []
    monkeypatch.setattr(search, "MOST_FOUND", 2)
    more = "More jobs may match than are looked at: these are among "
    assert limits("/projects/p?longer=1s") == [f"{more}the 2 longest."]
    assert limits("/projects/p?q=docs/1") == [f"{more}2 of them."]
    assert limits("/projects/p/document?id=docs/1.pdf") == [
        "This document has more jobs than are looked at: these are the 2 newest."
    ]


def test_a_running_job_says_what_is_left_where_the_history_tells(busy: FlaskClient) -> None:
    for path in ("/projects/p", "/projects/p/jobs/run"):
        assert re.search(r"≈ [23]\Wmin left", busy.get(path).text)
    assert "left</span>" not in busy.get("/projects/p/jobs/j0").text


def test_a_running_job_that_does_not_go_on_promises_no_end(busy: FlaskClient) -> None:
    started = now() - HOUR
    begun = {"status": JobStatus.RUNNING, "started_at": started, "chunks_total": 120}
    record(
        "p", [Report(job_id="st", source_doc_id="st", **begun, chunks_processed=31)], now=started
    )
    assert re.search(r"≈ \S+ left", busy.get("/projects/p/jobs/st").text) is None  # it is silent
    record("p", [Report(job_id="st")], now=now())
    row = re.search(r'<tr id="row-st".*?</tr>', busy.get("/projects/p").text, re.DOTALL)
    assert row is not None
    for told in (row[0], busy.get("/projects/p/jobs/st").text):
        assert "no progress" in told
        assert "left</span>" not in told
    assert "tone--stalled" in row[0]
    record("p", [Report(job_id="st", chunks_processed=32)], now=now())
    assert "no progress" not in busy.get("/projects/p").text


def test_causes_gather_what_fails_alike_with_the_contracts_remedy(busy: FlaskClient) -> None:
    page = busy.get("/projects/p/causes").text
    assert page.count('class="row cause') == 1
    assert MISSING.format(3) in page
    assert "Run the job again" in page
    assert page.count("/projects/p/document?id=docs/") == 2
    cause = re.search(r"/projects/p\?cause=([0-9a-f]{16})", page)
    assert cause is not None
    jobs = busy.get(f"/projects/p?cause={cause[1]}").text
    assert set(re.findall(r'id="(row-[^"]+)"', jobs)) == {"row-j6", "row-j7"}
    assert "Remove: </span><bdi>cause" in jobs


def test_a_document_tells_what_changed_from_job_to_job(busy: FlaskClient) -> None:
    page = busy.get("/projects/p/document?id=docs/0.pdf").text
    assert re.findall(r'id="(row-[^"]+)"', page) == ["row-j6", "row-j3", "row-j0"]
    assert "failed after a success" in page
    assert "+3" in page
    for unknown in ("docs/9.pdf", "", "%00", "x" * 2000):
        assert busy.get(f"/projects/p/document?id={unknown}").status_code == 404


def test_a_job_leads_to_its_cause_its_document_and_elsewhere(busy: FlaskClient) -> None:
    change_project("p", {"logs_link": "https://logs.example/?q={job_id}"})
    page = busy.get("/projects/p/jobs/j6").text
    assert re.search(r'href="/projects/p\?cause=[0-9a-f]{16}"', page)
    assert re.search(r'href="/projects/p/causes/[0-9a-f]{16}"', page)
    assert 'href="/projects/p/document?id=docs/0.pdf"' in page
    assert 'href="https://logs.example/?q=j6"' in page
    assert "&#34;job_id&#34;: &#34;j6&#34;" in page
    assert "The model was not available" in page


def test_a_duration_that_nobody_measured_is_said_to_be_none(signed_in: FlaskClient) -> None:
    """A job that was reported as ended, and never as started."""
    ended = Report(
        job_id="b1",
        source_doc_id="b1.pdf",
        status=JobStatus.FAILED,
        error_message="x",
        completed_at=now() - 5 * HOUR,
    )
    record("p", [ended], now=now())
    page = signed_in.get("/projects/p/jobs/b1").text
    assert '<dt>Duration</dt><dd><span class="quiet">not measured</span></dd>' in page
    assert ">(the end)<" in page
    assert "(receipt)" not in page
    assert ", after" not in page
    for path in ("/projects/p", "/projects/p/document?id=b1.pdf"):
        assert "not measured" in signed_in.get(path).text
    [row] = csv.DictReader(io.StringIO(signed_in.get("/projects/p/jobs.csv").text))
    assert row["duration_seconds"] == ""
    assert "row-b1" not in signed_in.get("/projects/p?longer=1s").text


def test_a_time_that_was_filled_by_the_receipt_says_so(signed_in: FlaskClient) -> None:
    for status in (JobStatus.RUNNING, JobStatus.COMPLETED):
        record("p", [Report(job_id="b2", source_doc_id="b2.pdf", status=status)], now=now())
    page = signed_in.get("/projects/p/jobs/b2").text
    assert page.count(">(receipt)<") == 2
    assert "not measured" in page


def test_a_clock_that_is_off_is_said_on_its_job_and_once_on_its_project(busy: FlaskClient) -> None:
    words = ("clock is 8 h ahead", "Is local time sent as UTC?")
    paths = ("/projects/p", "/projects/p/jobs/ahead", "/projects/p/jobs/j0")
    at = now()
    record("p", [told(0, JobStatus.COMPLETED, at, job_id="ahead")], now=at)
    for off, expected in ((0, [0, 0, 0]), (8 * HOUR, [1, 1, 0])):
        again = told(0, JobStatus.COMPLETED, at + off, job_id="ahead", attempt=2)
        record("p", [again], now=at)
        pages = [unescape(busy.get(path).text).replace(NBSP, " ") for path in paths]
        for word in words:
            assert [page.count(word) for page in pages] == expected
