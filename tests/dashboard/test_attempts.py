"""Of a job that was tried again: which attempt it is, and what was reported of each."""

import re
from html import unescape

import pytest

from app.rules.words import NBSP
from tests.kit.api import Api
from tests.kit.databases import sqlite_only

pytestmark = sqlite_only  # what is shown does not depend on the engine


@pytest.fixture
def pages(api: Api) -> Api:
    api.sign_in()
    return api


def part(api: Api, path: str, begin: str, end: str) -> str:
    """A part of a page."""
    found = re.search(f"{begin}(.*?){end}", unescape(api.client.get(path).text), re.S)
    assert found is not None
    return found[1]


def plain(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", "", html).replace(NBSP, " ").split())


def story(api: Api, job_id: str) -> list[str]:
    """What was reported of a job, line by line as its page says it."""
    told = part(api, f"/projects/p1/jobs/{job_id}", "What was reported</h2></header>", "</ol>")
    return [plain(line) for line in re.findall(r"<li .*?<p>(.*?)</p>", told, re.S)]


def report(api: Api, *reports: dict[str, object]) -> None:
    jobs = [{"job_id": "j1", "source_doc_id": "lease.pdf", **one} for one in reports]
    assert api.post({"jobs": jobs}, "/bulk").status_code == 200


def test_what_one_request_tells_of_two_attempts_reads_in_their_order(pages: Api) -> None:
    report(pages, {"status": "running"})
    report(
        pages,
        {"status": "failed", "error_message": "no such file"},
        {"status": "pending", "attempt": 2},
        {"status": "completed", "attempt": 2},
    )
    assert story(pages, "j1") == [
        "Attempt 2 now completed",
        "Attempt 2 began, pending",
        "Attempt 1 now failed",
        "First report, of attempt 1: running",
    ]


def test_what_is_told_late_of_an_earlier_attempt_stands_with_it(pages: Api) -> None:
    report(pages, {"status": "completed"})
    report(pages, {"status": "running"})
    report(pages, {"status": "completed", "attempt": 2}, {"status": "running", "attempt": 2})
    first = story(pages, "j1")
    assert [line[:11] for line in first] == [
        "A report of",
        "Attempt 2 b",
        "A report of",
        "First repor",
    ]
    assert "attempt 2 said running" in first[0]
    assert "attempt 1 said running" in first[2]


def test_of_a_single_attempt_no_line_counts_it(pages: Api) -> None:
    report(pages, {"status": "running"}, {"status": "completed"})
    assert story(pages, "j1") == ["Now completed", "First report: running"]


@pytest.mark.parametrize(
    "report_of",
    [
        {"status": "completed"},
        {"status": "failed", "error_message": "no such file"},
        {"status": "running", "chunks_processed": 1, "chunks_total": 2},
        {"status": "pending"},
    ],
)
def test_a_row_says_which_attempt_it_is_unless_it_is_the_first(
    pages: Api, report_of: dict[str, object]
) -> None:
    report(pages, report_of, {**report_of, "job_id": "j2", "attempt": 2})
    for path in ("/projects/p1?status=all", "/projects/p1/document?id=lease.pdf"):
        assert "attempt" not in plain(part(pages, path, '(?=<tr id="row-j1")', "</tr>"))
        assert "attempt 2" in plain(part(pages, path, '(?=<tr id="row-j2")', "</tr>"))
