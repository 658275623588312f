"""The page of one cause, and the documents that still fail as a file."""

import re
from html import unescape

import orjson
import pytest

from app.dashboard import causes
from app.queries import failing
from app.rules.causes import cause_name, cause_of
from tests.kit.api import Api

ERROR = "the page is torn"
CAUSE = cause_name(cause_of(ERROR))


def fail(api: Api, job: str, document: str, error: str = ERROR, day: int = 3) -> None:
    report = {
        "job_id": job,
        "source_doc_id": document,
        "status": "failed",
        "error_message": error,
        "completed_at": f"2026-03-{day:02}T02:{int(job[1:]) % 60:02}:00Z",
    }
    assert api.post(report).status_code == 201


@pytest.fixture
def torn(api: Api) -> Api:
    """Seven documents that fail by one cause, one of them twice, and one by another."""
    for number in range(7):
        fail(api, f"j{number}", f"scans/batch 7/page {number}.pdf")
    fail(api, "j10", "scans/batch 7/page 0.pdf", day=4)
    fail(api, "j11", "other.md", "no answer came in time")
    api.sign_in()
    return api


def text(api: Api, path: str) -> str:
    answer = api.client.get(path)
    assert answer.status_code == 200, path
    plain = re.sub(r"<[^>]+>", "", answer.text)
    return re.sub(r"\s+", " ", unescape(plain))


def test_it_says_how_many_fail_how_often_and_what_they_share(torn: Api) -> None:
    page = text(torn, f"/projects/p1/causes/{CAUSE}")
    assert "7 documents still fail. 8 jobs failed by it since" in page
    assert (
        "Of the 7 documents, 7 are in scans/batch 7/, 7 end in .pdf and 7 failed last between"
        in page
    )
    assert "between 02:00 UTC and 03:00 UTC." in page
    assert page.count("1 time") == 6
    assert page.count("2 times") == 1
    assert "other.md" not in page


def test_of_very_many_the_newest_are_listed_and_it_says_so(
    torn: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "LISTED", 2)
    monkeypatch.setattr(causes, "COMPARED", 6)
    page = text(torn, f"/projects/p1/causes/{CAUSE}")
    assert "The 2 documents that failed last, of 7. The export has all of them." in page
    assert "Of the 6 documents that failed last, 6 are in" in page
    assert "Copy these 2" in page


def test_a_cause_that_is_none_or_is_not_there_is_not_found(torn: Api) -> None:
    for name in ("x", "0" * 16, CAUSE.upper() if CAUSE.upper() != CAUSE else "F" * 16):
        assert torn.client.get(f"/projects/p1/causes/{name}").status_code == 404


def test_where_all_came_right_it_says_so(torn: Api) -> None:
    for number in range(7):
        torn.post(
            {
                "source_doc_id": f"scans/batch 7/page {number}.pdf",
                "status": "completed",
                "completed_at": "2026-03-05T00:00:00Z",
            }
        )
    page = text(torn, f"/projects/p1/causes/{CAUSE}")
    assert "Every document that failed like this has succeeded since" in page
    assert "No document fails by this any more." in page


def test_the_list_of_causes_leads_there_and_names_the_newest_documents(torn: Api) -> None:
    page = torn.client.get("/projects/p1/causes").text
    assert f'href="/projects/p1/causes/{CAUSE}"' in page
    plain = text(torn, "/projects/p1/causes")
    assert "page 0.pdf 2 times" in plain
    assert "All 7" in plain


@pytest.mark.parametrize("batch", [500, 3])
def test_what_still_fails_is_exported_whole(
    torn: Api, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(failing, "BATCH", batch)
    answer = torn.client.get("/projects/p1/failing.txt")
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="p1-failing-')
    names = answer.text.splitlines()
    assert names[0] == "scans/batch 7/page 0.pdf", "it failed last"
    assert sorted(names) == sorted([f"scans/batch 7/page {n}.pdf" for n in range(7)] + ["other.md"])
    rows = torn.client.get(f"/projects/p1/failing.ndjson?cause={CAUSE}").data.splitlines()
    found = [orjson.loads(row) for row in rows]
    assert len(found) == 7
    assert found[0] == {
        "source_doc_id": "scans/batch 7/page 0.pdf",
        "failures": 2,
        "failing_since": "2026-03-03T02:00:00Z",
        "failed_at": "2026-03-04T02:10:00Z",
        "job_id": "j10",
        "cause": CAUSE,
    }


def test_an_id_with_a_line_break_stays_one_line(api: Api) -> None:
    names = ["a\nb.pdf", 'say "yes".pdf', '"quoted".pdf', "é.pdf"]
    for number, name in enumerate(names):
        fail(api, f"j{number}", name)
    api.sign_in()
    lines = api.client.get("/projects/p1/failing.txt").data.decode().rstrip("\n").split("\n")
    told = [orjson.loads(line) if line.startswith('"') else line for line in lines]
    assert sorted(told) == sorted(names)


def test_a_failed_jobs_page_begins_with_why_and_what_to_do(api: Api) -> None:
    frames = 'Traceback (most recent call last):\n  File "a.py", line 1\n'
    error = f"{frames}OSError: [Errno 28] No space left"
    fail(api, "j1", "d.pdf", error)
    api.sign_in()
    page = text(api, "/projects/p1/jobs/j1")
    why = page.index("Why it failed")
    line = page.index("OSError: [Errno 28] No space left", why)
    assert why < line < page.index("disk", line) < page.index("Traceback (most recent", line)
