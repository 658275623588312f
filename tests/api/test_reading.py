"""What the published contract promises to those who read."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import update

from app.api import jobs as views
from app.clock import now
from app.ledger.projects import create_project
from app.models import Job
from app.rules.causes import cause_name, cause_of
from app.rules.times import MINUTE
from app.store.database import writing
from tests.kit.api import Api
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem

SAMPLE = Path(__file__).with_name("list_jobs.json")
MOST = 2**53 - 1
NO_REASON = cause_name(cause_of(""))
FIELDS = list(json.loads(SAMPLE.read_bytes())["jobs"][0])
START = datetime(2026, 3, 1, tzinfo=UTC)
WORDS = ("pending", "running", "completed", "failed")


def at(minutes: float) -> str:
    return (START + timedelta(minutes=minutes)).isoformat()


def fill(api: Api, count: int = 12) -> None:
    """Jobs `j00`, `j01` …, one a minute, whose status goes round; `fig` and `txt` documents."""
    jobs = [
        {
            "job_id": f"j{number:02}",
            "source_doc_id": f"{('fig', 'txt')[number % 3 == 0]}/{number:02}.pdf",
            "status": WORDS[number % 4],
            "created_at": at(number),
            "started_at": at(number),
            "completed_at": at(number + 1),
            "chunks_processed": 1,
        }
        for number in range(count)
    ]
    answer = api.post({"jobs": jobs}, "/bulk")
    assert {one["status"] for one in answer.json["results"]} == {201}


def fall_silent(monkeypatch: pytest.MonkeyPatch, minutes: int = 16) -> None:
    """Let so much time pass without a report."""
    later = now() + minutes * MINUTE
    monkeypatch.setattr(views, "now", lambda: later)


def ids(api: Api, query: str = "") -> list[str]:
    answer = api.get(query)
    assert answer.status_code == 200, answer.data
    return [job["job_id"] for job in answer.json["jobs"]]


def links(answer) -> dict[str, dict[str, list[str]]]:
    """The Link header: per relation its parameters; every target is this list."""
    found = {}
    for target, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers["Link"]):
        url = urlsplit(target)
        assert url.path == answer.request.path
        found[relation] = parse_qs(url.query, keep_blank_values=True, strict_parsing=True)
    return found


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_published_jobs_give_the_published_document(api: Api, order: tuple[int, ...]) -> None:
    api.project = create_project(
        "proj-abc123", name="Sample", mode="kg_vector", now=now()
    ).project_id
    sample = json.loads(SAMPLE.read_bytes())
    answer = api.post({"jobs": [sample["jobs"][place] for place in order]}, "/bulk")
    assert [one["status"] for one in answer.json["results"]] == [201, 201, 201]

    answer = api.get("?limit=50")

    assert answer.data == json.dumps(sample, separators=(",", ":"), ensure_ascii=False).encode()
    assert answer.headers["Content-Type"] == "application/json"
    for job in sample["jobs"]:
        assert api.get(f"/{job['job_id']}").data == json.dumps(job, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    ("query", "limit", "offset"),
    [
        ("", 100, 0),
        ("?limit=1", 1, 0),
        ("?limit=1000", 1000, 0),
        ("?offset=5", 100, 5),
        (f"?limit=7&offset={MOST}", 7, MOST),
    ],
)
def test_limit_and_offset_are_echoed_as_used(api: Api, query: str, limit: int, offset: int) -> None:
    fill(api)
    answer = api.get(query).json
    assert list(answer) == ["jobs", "total", "limit", "offset"]
    assert (answer["limit"], answer["offset"], answer["total"]) == (limit, offset, 12)
    assert len(answer["jobs"]) == min(limit, max(0, 12 - offset))


@sqlite_only
@pytest.mark.parametrize(
    "value",
    [
        "1001", "abc", "-1", "1.0", "%2B1", "+1", "%201", "1%20", "1%0A", "%D9%A1", "", "01",
        "1e2", "0x1", "1_0", "9007199254740992", "9" * 400, "%00", "%FF",
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["limit", "offset"])
def test_a_page_that_cannot_be_is_refused_and_never_clamped(
    refusing: Api, name: str, value: str
) -> None:
    if (name, value) == ("offset", "1001"):
        value = "9007199254740993"
    assert_problem(refusing.get(f"?{name}={value}"), 422, name)


def test_a_limit_of_none_is_refused(api: Api) -> None:
    assert_problem(api.get("?limit=0"), 422, "limit")


def test_every_wrong_parameter_is_named_at_once(api: Api) -> None:
    query = "?limit=0&offset=-1&status=done&since=today&until=2024-01-15T10:30:00&q="
    problem = assert_problem(api.get(query), 422)
    named = {error["field"] for error in problem["errors"]}
    assert named == {"limit", "offset", "status", "since", "until", "q"}


GOOD = {
    "limit": "5",
    "offset": "5",
    "q": "5",
    "since": "2026-03-01T00:00:00Z",
    "until": "2026-03-01T00:00:00Z",
    "finished": "2026-03-01",
    "longer": "90s",
    "document": "5",
    "cause": "0" * 16,
    "stalled": "1",
    "empty": "1",
}


@sqlite_only
@pytest.mark.parametrize("name", GOOD)
def test_a_parameter_given_twice_is_refused(refusing: Api, name: str) -> None:
    value = GOOD[name]
    assert refusing.get(f"?{name}={value}").status_code == 200
    assert_problem(refusing.get(f"?{name}={value}&{name}={value}"), 422, name)


@sqlite_only
@pytest.mark.parametrize(
    "query",
    [
        "status=",
        "status=Failed",
        "status=failed&status=stalled",
        "since=",
        "since=2026-03-01",
        "since=2026-03-01T00:00:00",
        "until=1999-12-31T23:59:59Z",
        "until=2100-01-01T00:00:00Z",
        "since=2026-02-30T00:00:00Z",
        "q=%00",
        f"q={'x' * 1025}",
        "finished=2026-03-01T24",
        "finished=2026-02-30",
        "finished=2026-03-01T3",
        "finished=2026-03-01T03:00",
        "finished=1999-12-31",
        "finished=2100-01-01",
        "finished=",
        "longer=0s",
        "longer=10",
        "longer=1.5h",
        "longer=1w",
        "longer=9999999s",
        "longer=%D9%A1s",
        "document=",
        "document=%00",
        f"document={'x' * 1025}",
        "cause=",
        f"cause={'8' + '0' * 15}",
        f"cause={'A' * 16}",
        "stalled=0",
        "stalled=",
        "empty=true",
    ],
)
def test_a_filter_that_cannot_be_is_refused(refusing: Api, query: str) -> None:
    assert_problem(refusing.get(f"?{query}"), 422, query.partition("=")[0])


def test_the_newest_come_first_and_equals_by_id_byte_by_byte(api: Api) -> None:
    names = ["a", "B", "a.1", "a:1", "a-1", "Z", "b", "a_1", "A", "10", "9", "a1"]
    jobs = [{"job_id": name, "source_doc_id": "d", "created_at": at(5)} for name in names]
    jobs.insert(4, {"job_id": "later", "source_doc_id": "d", "created_at": at(6)})
    jobs.append({"job_id": "older", "source_doc_id": "d", "created_at": at(4)})
    api.post({"jobs": jobs}, "/bulk")

    expected = ["later", *sorted(names, key=str.encode, reverse=True), "older"]

    assert ids(api) == expected
    assert [ids(api, f"?limit=1&offset={place}")[0] for place in range(14)] == expected


def test_a_row_never_moves_while_its_job_runs(api: Api) -> None:
    fill(api)
    before = ids(api)
    api.patch("j00", {"status": "running", "started_at": at(50), "created_at": at(60)})
    api.patch("j05", {"status": "failed", "attempt": 2, "started_at": at(-60)})
    assert ids(api) == before


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("status=failed", [11, 7, 3]),
        ("status=failed&status=pending", [11, 8, 7, 4, 3, 0]),
        ("status=failed&status=failed", [11, 7, 3]),
        ("status=pending&status=running&status=completed&status=failed", list(range(11, -1, -1))),
        ("q=j07", [7]),
        ("q=j0", [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]),
        ("q=J0", []),
        ("q=txt/", [9, 6, 3, 0]),
        ("q=txt/0", [9, 6, 3, 0]),
        ("q=xt/", [9, 6, 3, 0]),
        ("q=TXT/", [9, 6, 3, 0]),
        ("q=%EF%BC%B4%EF%BC%B8%EF%BC%B4/0", [9, 6, 3, 0]),
        ("q=%25", []),
        ("q=txt/&status=failed", [3]),
        ("since=2026-03-01T00:09:00Z", [11, 10, 9]),
        ("since=2026-03-01T00:09:00.000001Z", [11, 10]),
        ("until=2026-03-01T00:02:00Z", [1, 0]),
        ("until=2026-03-01T00:02:00.000001Z", [2, 1, 0]),
        ("since=2026-03-01T00:03:00Z&until=2026-03-01T00:05:00Z", [4, 3]),
        ("since=2026-03-01T01:10:00%2B01:00", [11, 10]),
        ("since=2026-03-01T00:03:00Z&until=2026-03-01T00:03:00Z", []),
        ("since=2026-03-01T00:09:00Z&until=2026-03-01T00:03:00Z", []),
        ("since=2026-03-01T00:02:00Z&until=2026-03-01T00:10:00Z&status=failed", [7, 3]),
        ("since=2026-03-01T00:02:00Z&until=2026-03-01T00:07:00Z&q=txt", [6, 3]),
        ("document=txt/03.pdf", [3]),
        ("document=txt/03", []),
        ("document=txt/03.pdf&status=completed", []),
        ("finished=2026-03-01T00", [11, 10, 7, 6, 3, 2]),
        ("finished=2026-03-01", [11, 10, 7, 6, 3, 2]),
        ("finished=2026-03-01T01", []),
        ("finished=2026-03-01T00&status=failed&q=txt/", [3]),
        ("longer=59s", [11, 10, 7, 6, 3, 2]),
        ("longer=60s", []),
        ("longer=59s&status=failed&since=2026-03-01T00:05:00Z", [11, 7]),
        (f"cause={NO_REASON}", [11, 7, 3]),
        (f"cause={NO_REASON}&document=txt/03.pdf&longer=1s", [3]),
        (f"cause={'0' * 16}", []),
        ("empty=1", [10, 6, 2]),
        ("empty=1&status=failed", []),
        ("empty=1&status=failed&status=completed&longer=1s", [10, 6, 2]),
        ("stalled=1", [9, 5, 1]),
        ("stalled=1&status=failed", []),
        ("stalled=1&q=txt/", [9]),
    ],
)
def test_a_filter_narrows_the_rows_and_the_total_alike(
    api: Api, monkeypatch: pytest.MonkeyPatch, query: str, expected: list[int]
) -> None:
    fill(api)
    if "stalled" in query:
        fall_silent(monkeypatch)
    names = [f"j{number:02}" for number in expected]
    answer = api.get(f"?{query}").json
    assert [job["job_id"] for job in answer["jobs"]] == names
    assert answer["total"] == len(names)
    paged = [
        name for place in range(len(names)) for name in ids(api, f"?{query}&limit=1&offset={place}")
    ]
    assert paged == names
    assert api.get(f"?{query}&limit=1&offset=900").json["total"] == len(names)


@pytest.mark.parametrize(
    ("offset", "expected"),
    [
        (0, {"first": 0, "next": 10, "last": 20}),
        (5, {"first": 0, "prev": 0, "next": 15, "last": 20}),
        (10, {"first": 0, "prev": 0, "next": 20, "last": 20}),
        (20, {"first": 0, "prev": 10, "last": 20}),
        (24, {"first": 0, "prev": 14, "last": 20}),
        (25, {"first": 0, "prev": 15, "last": 20}),
        (4000, {"first": 0, "prev": 20, "last": 20}),
    ],
)
def test_links_lead_to_the_pages_around(api: Api, offset: int, expected: dict[str, int]) -> None:
    fill(api, 25)
    found = links(api.get(f"?limit=10&offset={offset}"))
    assert {query["limit"][0] for query in found.values()} == {"10"}
    told = {
        name: "&".join(f"{one}={query[one][0]}" for one in query) for name, query in found.items()
    }
    led = {name: api.get(f"?{query}").json for name, query in told.items()}
    assert {name: page["offset"] for name, page in led.items()} == expected
    assert {page["total"] for page in led.values()} == {25}
    if "prev" in led and offset < 25:
        assert len(led["prev"]["jobs"]) == min(10, offset)


@pytest.mark.parametrize(("count", "last"), [(0, 0), (1, 0), (10, 0), (11, 10), (20, 10)])
def test_the_last_page_is_never_empty(api: Api, count: int, last: int) -> None:
    if count:
        fill(api, count)
    found = links(api.get("?limit=10"))
    assert int(found["last"]["offset"][0]) == last
    assert ("next" in found) == (count > 10)
    assert "prev" not in found


def test_links_keep_the_filter_and_lead_through_everything_once(api: Api) -> None:
    fill(api, 30)
    query = "?status=failed&status=completed&since=2026-03-01T01:02:00%2B01:00&q=fig/&limit=2"
    expected = ids(api, query.replace("&limit=2", ""))
    assert len(expected) > 6
    answer = api.get(query)
    for relation, order in (("next", 1), ("prev", -1)):
        pages = []
        while True:
            pages.append([job["job_id"] for job in answer.json["jobs"]])
            onward = re.search(rf'<([^>]*)>; rel="{relation}"', answer.headers["Link"])
            if onward is None:
                break
            answer = api.client.get(onward[1], headers=api.headers())
        assert [name for page in pages[::order] for name in page] == expected


def test_links_carry_every_parameter(api: Api) -> None:
    query = "&".join(f"{name}={value}" for name, value in GOOD.items() if name != "offset")
    for query_of_link in links(api.get(f"?{query}&status=failed&status=running")).values():
        query_of_link.pop("offset", query_of_link.pop("cursor", None))
        values = {name: [value] for name, value in GOOD.items() if name != "offset"}
        assert query_of_link == {**values, "status": ["failed", "running"]}


def test_who_stalled_is_asked_anew_each_minute(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(api)
    fall_silent(monkeypatch, minutes=0)
    before = {query: api.get(query) for query in ("?stalled=1", "?status=running")}
    assert before["?stalled=1"].json["total"] == 0
    fall_silent(monkeypatch)
    for query, status in (("?stalled=1", 200), ("?status=running", 304)):
        etag = before[query].headers["ETag"]
        assert api.get(query, **{"If-None-Match": etag}).status_code == status
    assert api.get("?stalled=1").json["total"] == 3


@pytest.mark.parametrize("path", ["jobs?limit=5&status=running", "jobs/j01", "", None])
def test_who_has_the_answer_gets_a_304(api: Api, path: str | None) -> None:
    fill(api)
    url = "/api/v1/projects" if path is None else f"/api/v1/projects/p1/{path}".rstrip("/")
    first = api.client.get(url, headers=api.headers())
    etag = first.headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = api.client.get(url, headers=api.headers(**{"If-None-Match": known}))
        assert (again.status_code, again.data) == (304, b"")
        assert again.headers["ETag"] == etag
        assert again.headers["Vary"] == first.headers["Vary"] == "Authorization, Accept-Encoding"
        assert again.headers["Cache-Control"] == first.headers["Cache-Control"]
    other = api.client.get(url, headers=api.headers(**{"If-None-Match": '"other"'}))
    assert (other.status_code, other.data) == (200, first.data)


def test_a_304_is_no_way_around_the_key(api: Api) -> None:
    fill(api)
    etag = api.get().headers["ETag"]
    headers = {"If-None-Match": etag}
    assert_problem(api.client.get(api.url(), headers=headers), 401)
    foreign = {"Authorization": f"Bearer {api.key('read', 'p1')}", **headers}
    create_project("p2", name="Other", mode="kg_vector", now=now())
    assert_problem(api.client.get("/api/v1/projects/p2/jobs", headers=foreign), 404)


def test_each_page_has_an_etag_of_its_own(api: Api) -> None:
    fill(api)
    queries = ["", "?limit=5", "?offset=5", "?status=failed", "?q=fig", f"?since={at(1)[:19]}Z"]
    assert len({api.get(query).headers["ETag"] for query in queries}) == len(queries)


@pytest.mark.parametrize(
    ("job_id", "body", "later"),
    [
        ("j01", {}, 0),
        ("j01", {}, 600),
        ("j02", {"status": "running"}, 3600),
        ("j02", {"status": "pending", "chunks_processed": 0}, 3600),
        ("j03", {"status": "failed", "completed_at": at(3)}, 3600),
    ],
)
def test_a_report_without_news_keeps_the_etag(
    api: Api, monkeypatch: pytest.MonkeyPatch, job_id: str, body: dict[str, object], later: int
) -> None:
    fill(api)
    before = api.get()
    monkeypatch.setattr(views, "now", lambda: now() + later * 1_000_000)
    answer = api.patch(job_id, body)
    assert answer.headers["X-Job-Merge"] == "stale"
    again = api.get(**{"If-None-Match": before.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("job_id", "body", "merge"),
    [
        ("j01", {"chunks_processed": 2}, "applied"),
        ("j01", {"chunks_total": 9}, "applied"),
        ("j00", {"status": "running"}, "applied"),
        ("j02", {"status": "failed", "completed_at": at(99)}, "conflict"),
        ("j03", {"attempt": 2}, "applied"),
    ],
)
def test_a_report_with_news_changes_the_etag(
    api: Api, job_id: str, body: dict[str, object], merge: str
) -> None:
    fill(api)
    before = api.get().headers["ETag"]
    assert api.patch(job_id, body).headers["X-Job-Merge"] == merge
    assert api.get(**{"If-None-Match": before}).status_code == 200


def test_news_of_another_project_keeps_the_etag(api: Api) -> None:
    fill(api)
    before = api.get().headers["ETag"]
    create_project("p2", name="Other", mode="kg_vector", now=now())
    api.project = "p2"
    fill(api)
    api.project = "p1"
    assert api.get().headers["ETag"] == before


def test_a_project_without_a_graph_shows_no_nodes_and_no_edges(api: Api) -> None:
    create_project("vectors", name="Vectors", mode="vector_only", now=now())
    counts = {"chunks_processed": 3, "nodes_created": 4, "edges_created": 5}
    report = {"job_id": "j", "source_doc_id": "d", "status": "failed", **counts}
    shown = []
    for api.project in ("p1", "vectors"):
        one = api.post(report).json
        assert api.get("/j").json == api.get().json["jobs"][0] == one
        shown.append([one[name] for name in counts])
    assert shown == [[3, 4, 5], [3, 0, 0]]


@pytest.mark.parametrize(
    ("status", "started", "completed", "error"),
    [
        ("pending", None, None, None),
        ("running", "2026-03-01T00:00:00Z", None, None),
        ("completed", "2026-03-01T00:00:00Z", "2026-03-01T00:01:00Z", None),
        ("failed", "2026-03-01T00:00:00Z", "2026-03-01T00:01:00Z", "Out of luck"),
    ],
)
def test_a_status_shows_only_what_belongs_to_it(
    api: Api, status: str, started: str | None, completed: str | None, error: str | None
) -> None:
    report = {
        "job_id": "j",
        "source_doc_id": "d",
        "status": status,
        "chunks_processed": 5,
        "nodes_created": 3,
        "edges_created": 2,
        "started_at": at(0),
        "completed_at": at(1),
        "error_message": "Out of luck",
    }
    expected = {
        **report,
        "project_id": "p1",
        "started_at": started,
        "completed_at": completed,
        "error_message": error,
    }
    posted = api.post(report)
    assert list(posted.json) == FIELDS
    assert posted.json == api.get("/j").json == api.get().json["jobs"][0] == expected


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("2024-01-15T10:30:00Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15t10:30:00z", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00.000Z", "2024-01-15T10:30:00Z"),
        ("2024-01-15T10:30:00.5Z", "2024-01-15T10:30:00.500Z"),
        ("2024-01-15T10:30:00.000001Z", "2024-01-15T10:30:00.000001Z"),
        ("2024-01-15T10:30:00.123456789Z", "2024-01-15T10:30:00.123456Z"),
        ("2024-01-15T10:30:00+05:30", "2024-01-15T05:00:00Z"),
        ("2024-01-01T00:30:00+02:00", "2023-12-31T22:30:00Z"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
        ("2099-12-31T23:59:59.999999Z", "2099-12-31T23:59:59.999999Z"),
    ],
)
def test_times_come_out_in_utc(api: Api, sent: str, shown: str) -> None:
    report = {"job_id": "j", "source_doc_id": "d", "status": "failed", "completed_at": sent}
    assert api.post(report).json["completed_at"] == shown
    assert api.get("/j").json["completed_at"] == shown


def project_page(api: Api, query: str = "") -> tuple[list[str], dict[str, Any], dict[str, str]]:
    """The ids of what is listed, what else the answer says, and where its links lead."""
    answer = api.client.get(f"/api/v1/projects{query}", headers=api.headers("read"))
    assert answer.status_code == 200
    found = re.findall(r'<([^>]*)>; rel="(\w+)"', answer.headers.get("Link", ""))
    body = dict(answer.json)
    ids = [one["project_id"] for one in body.pop("projects")]
    return ids, body, {name: urlsplit(url).query for url, name in found}


def test_projects_are_listed_by_pages(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(6):
        create_project(f"p0-{number}", name="n", mode="kg_vector", now=now())
    every = [*(f"p0-{number}" for number in range(6)), "p1"]
    assert project_page(api) == (every, {}, {})
    place = {"total": 7, "limit": 3, "offset": 3}
    first, last = "limit=3&offset=0", "limit=3&offset=6"
    around = {"first": first, "prev": first, "next": last, "last": last}
    assert project_page(api, "?limit=3&offset=3") == (every[3:6], place, around)
    assert project_page(api, "?offset=9")[:2] == ([], {"total": 7, "limit": 100, "offset": 9})
    wrong = api.client.get("/api/v1/projects?limit=0&offset=x", headers=api.headers("read"))
    assert_problem(wrong, 422)
    assert {one["field"] for one in wrong.json["errors"]} == {"limit", "offset"}
    monkeypatch.setattr("app.api.projects.MOST_WHOLE", 5)
    monkeypatch.setattr("app.api.projects.MAX_LIMIT", 2)
    assert project_page(api) == (every[:5], {}, {"next": "limit=2&offset=5"})


def test_projects_are_listed_and_shown(api: Api) -> None:
    create_project("a-first", name="Vectors", mode="vector_only", now=1_700_000_000_000_000)
    listed = api.client.get("/api/v1/projects", headers=api.headers("read")).json
    assert list(listed) == ["projects"]
    shown = {
        "project_id": "a-first",
        "name": "Vectors",
        "mode": "vector_only",
        "created_at": "2023-11-14T22:13:20Z",
    }
    assert shown in listed["projects"]
    assert {one["project_id"] for one in listed["projects"]} == {"a-first", "p1"}
    one = api.client.get("/api/v1/projects/a-first", headers=api.headers("read"))
    assert one.json == shown
    assert list(one.json) == list(shown)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("GET", "/jobs", None),
        ("GET", "/jobs?limit=0", None),
        ("GET", "/jobs/j01", None),
        ("POST", "/jobs", {"source_doc_id": "d"}),
        ("POST", "/jobs", {"no such": "field"}),
        ("PATCH", "/jobs/j01", {}),
        ("POST", "/jobs/bulk", {"jobs": [{"job_id": "j01"}]}),
    ],
)
@pytest.mark.parametrize("scope", ["read", "write"])
def test_a_foreign_project_looks_like_none(
    api: Api, scope: str, method: str, path: str, body: object
) -> None:
    fill(api)
    create_project("mine", name="Mine", mode="kg_vector", now=now())
    headers = {"Authorization": f"Bearer {api.key(scope, 'mine')}"}
    answers = [
        api.client.open(
            f"/api/v1/projects/{project}{path}", method=method, json=body, headers=headers
        )
        for project in ("p1", "no-such")
    ]
    for answer in answers:
        assert_problem(answer, 404)
    assert answers[0].data == answers[1].data
    assert dict(answers[0].headers) == dict(answers[1].headers)


@pytest.mark.parametrize("job_id", ["none", "%00", "a%00", "%ff", "x" * 5000, "a%2Fb", "a b"])
def test_an_unknown_job_is_a_404(api: Api, job_id: str) -> None:
    fill(api)
    assert_problem(api.get(f"/{job_id}"), 404)


def test_no_job_is_called_bulk_for_that_is_an_address(api: Api) -> None:
    report = {"job_id": "bulk", "source_doc_id": "d"}
    assert_problem(api.post(report), 422, "job_id")
    [result] = api.post({"jobs": [report]}, "/bulk").json["results"]
    assert (result["status"], result["error"]["errors"][0]["field"]) == (422, "job_id")
    for answer in (api.get("/bulk"), api.patch("bulk", {"source_doc_id": "d"})):
        assert_problem(answer, 405)
        assert set(answer.headers["Allow"].split(", ")) == {"OPTIONS", "POST"}
    assert api.get().json["total"] == 0
    for name in ("bulky", "Bulk", "bulk.", "a-bulk"):
        assert api.patch(name, {"source_doc_id": "d"}).status_code == 201
        assert api.get(f"/{name}").json["job_id"] == name


def test_a_job_of_old_that_is_called_bulk_is_still_in_lists(api: Api) -> None:
    api.post({"job_id": "j", "source_doc_id": "d"})
    with writing() as connection:
        connection.execute(update(Job).values(job_id="bulk"))
    assert [job["job_id"] for job in api.get().json["jobs"]] == ["bulk"]
    api.sign_in()
    assert api.client.get("/projects/p1/jobs/bulk").status_code == 200
