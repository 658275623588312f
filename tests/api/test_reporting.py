"""What the contract promises to those who report."""

import gzip
import json
import re
import sqlite3
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from app.api import jobs as views
from app.store.database import db, writing
from tests.kit.api import Api
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem

MOST = 2**53 - 1
JOB = {"job_id": "j", "source_doc_id": "d"}
T1, T2, T3 = (f"2026-03-01T00:0{minute}:00Z" for minute in (1, 2, 3))
ZERO = {"chunks_processed": 0, "nodes_created": 0, "edges_created": 0}


def ahead(seconds: float) -> str:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()


def results(answer) -> list[tuple[Any, ...]]:
    """Per item of a bulk its job, its status and what its report did."""
    assert answer.status_code == 200, answer.data
    found = answer.json["results"]
    assert [one["index"] for one in found] == list(range(len(found)))
    for one in found:
        assert ("error" in one) == (one["status"] >= 400)
        assert ("merge" in one) == (one["status"] == 200)
    return [(one["job_id"], one["status"], one.get("merge")) for one in found]


# New and known jobs


def test_a_new_job_is_a_201_that_says_where_it_is(api: Api) -> None:
    answer = api.post({"job_id": "a.b:c_d-1", "source_doc_id": "d"}, scope="write")
    assert answer.status_code == 201
    assert "X-Job-Merge" not in answer.headers
    there = api.client.get(answer.headers["Location"], headers=api.headers("read"))
    assert there.json == answer.json
    assert answer.json == {
        "job_id": "a.b:c_d-1",
        "project_id": "p1",
        "source_doc_id": "d",
        "status": "pending",
        **ZERO,
        "started_at": None,
        "completed_at": None,
        "error_message": None,
    }


def test_a_job_without_a_name_gets_a_new_one_each_time(api: Api) -> None:
    made = [api.post({"source_doc_id": "d", "job_id": given}) for given in (None, None)]
    names = {answer.json["job_id"] for answer in made}
    assert [answer.status_code for answer in made] == [201, 201]
    assert len(names) == 2
    for name in names:
        assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._:+@=~-]{0,249}", name)


def test_a_known_job_is_a_200_that_says_what_the_report_did(api: Api) -> None:
    ended = {**JOB, "status": "completed", "started_at": T1, "completed_at": T2}
    steps = [
        ({**JOB, "status": "running", "started_at": T1}, 201, None),
        ({**JOB, "status": "running", "started_at": T1}, 200, "stale"),
        ({**JOB, "chunks_processed": 4}, 200, "applied"),
        ({**JOB, "chunks_processed": 3}, 200, "stale"),
        (ended, 200, "applied"),
        (ended, 200, "stale"),
        ({**JOB, "status": "failed", "completed_at": T1}, 200, "conflict"),
        ({**JOB, "status": "failed", "completed_at": T3, "error_message": "b"}, 200, "conflict"),
        ({**JOB, "status": "failed", "completed_at": T3, "error_message": "a"}, 200, "conflict"),
        (ended, 200, "conflict"),
    ]
    for report, status, merge in steps:
        answer = api.post(report)
        assert (answer.status_code, answer.headers.get("X-Job-Merge")) == (status, merge), report
        assert "Location" not in answer.headers or status == 201
        assert answer.json == api.get("/j").json
    assert answer.json["status"] == "failed"
    assert (answer.json["completed_at"], answer.json["error_message"]) == (T3, "b")
    assert answer.json["chunks_processed"] == 4


def test_a_late_start_never_reopens_a_finished_job_but_its_counts_count(api: Api) -> None:
    api.post({**JOB, "status": "completed", "started_at": T2, "completed_at": T3})
    late = {"status": "running", "started_at": T1, "chunks_processed": 7}
    answer = api.patch("j", late)
    assert answer.headers["X-Job-Merge"] == "applied"
    assert answer.json | {} == {
        **answer.json,
        "status": "completed",
        "started_at": T1,
        "completed_at": T3,
        "chunks_processed": 7,
    }


def test_a_given_time_replaces_a_filled_one(api: Api) -> None:
    assert api.post({**JOB, "status": "running"}).json["started_at"] > "2026-03-02"
    filled = api.patch("j", {"status": "completed"}).json
    assert filled["completed_at"] > "2026-03-02"
    given = api.patch("j", {"status": "completed", "started_at": T1, "completed_at": T2}).json
    assert (given["started_at"], given["completed_at"]) == (T1, T2)


def test_a_known_job_of_another_document_is_refused(
    api: Api, stored: Callable[[], dict[str, int]]
) -> None:
    api.post(JOB)
    before = stored()
    other = {"source_doc_id": "other", "status": "failed"}
    assert_problem(api.post({"job_id": "j", **other}), 422, "source_doc_id")
    assert_problem(api.patch("j", other), 422, "source_doc_id")
    bulk = api.post({"jobs": [{"job_id": "j", **other}]}, "/bulk")
    assert results(bulk) == [("j", 422, None)]
    assert stored() == before
    assert api.get("/j").json["status"] == "pending"


@pytest.mark.parametrize("body", [{}, {"status": "running"}, {"source_doc_id": None}])
def test_a_patch_of_an_unknown_job_without_its_document_keeps_nothing(
    api: Api, stored: Callable[[], dict[str, int]], body: dict[str, object]
) -> None:
    api.key("admin")
    before = stored()
    assert_problem(api.patch("j", body), 404)
    assert stored() == before
    assert_problem(api.get("/j"), 404)


def test_a_patch_of_an_unknown_job_with_its_document_makes_it(api: Api) -> None:
    answer = api.patch("j", {"source_doc_id": "d", "status": "running", "started_at": T1})
    assert answer.status_code == 201
    assert answer.headers["Location"] == api.url("/j")
    assert "X-Job-Merge" not in answer.headers
    assert api.get("/j").json == answer.json


def test_a_heartbeat_is_a_200_with_the_job(api: Api) -> None:
    known = api.post({**JOB, "status": "running", "started_at": T1}).json
    answer = api.patch("j", {})
    assert (answer.status_code, answer.headers["X-Job-Merge"]) == (200, "stale")
    assert answer.json == known


def test_a_job_that_is_reported_as_it_was_read_stays_as_it_is(api: Api) -> None:
    known = api.post({**JOB, "status": "failed", "started_at": T1, "completed_at": T2}).json
    for answer in (api.post(known), api.patch("j", known)):
        assert (answer.headers["X-Job-Merge"], answer.json) == ("stale", known)


@sqlite_only
@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {"job_id": "j"}, "source_doc_id"),
        ("", {"job_id": "j", "source_doc_id": None}, "source_doc_id"),
        ("", {**JOB, "project_id": "p2"}, "project_id"),
        ("", {**JOB, "chunk_count": 1}, "chunk_count"),
        ("/j", {"job_id": "k"}, "job_id"),
        ("/j", {"project_id": "p2"}, "project_id"),
    ],
)
def test_what_contradicts_its_place_is_refused(
    api: Api, path: str, body: dict[str, object], field: str
) -> None:
    api.post(JOB)
    answer = api.patch("j", body) if path else api.post(body)
    assert_problem(answer, 422, field)


# Names

SCHEDULED = "scheduled__2026-11-24T00:00:00+00:00"


@pytest.mark.parametrize(
    "name", ["a", "9", "A" * 250, "a.b_c:d-e", "x--", "bulk-", "a@b=c~d", SCHEDULED]
)
def test_a_name_is_the_clients_choice(api: Api, name: str) -> None:
    assert api.post({"job_id": name, "source_doc_id": "d"}).json["job_id"] == name
    assert api.patch(name, {"status": "running"}).json["status"] == "running"
    assert api.get(f"/{name}").json["job_id"] == name


@sqlite_only
@pytest.mark.parametrize(
    "name",
    [
        "",
        "A" * 251,
        "-a",
        ".a",
        "_a",
        ":a",
        "a b",
        "a/b",
        "ä",
        "a\n",
        "\na",
        "a\0",
        "٣",
        5,
        True,
        [],
        {},
    ],
)
def test_a_name_that_cannot_be_is_refused(refusing: Api, name: object) -> None:
    assert_problem(refusing.post({"job_id": name, "source_doc_id": "d"}), 422, "job_id")
    new = {"project_id": name, "name": "n", "mode": "kg_vector"}
    answer = refusing.client.post("/api/v1/projects", json=new, headers=refusing.headers())
    assert_problem(answer, 422, "project_id")


def test_the_same_idempotency_key_gives_the_same_job(api: Api) -> None:
    def send(key: str, **more: object):
        return api.post({"source_doc_id": "d", **more}, **{"Idempotency-Key": key})

    first, again = send("one"), send("one", status="running")
    assert (first.status_code, again.status_code) == (201, 200)
    name = first.json["job_id"]
    assert again.json["job_id"] == name
    assert uuid.UUID(name.removeprefix("job-")).version == 5
    assert send("two").json["job_id"] != name
    assert send("one", job_id="mine").json["job_id"] == "mine"
    assert send("ä" * 255).status_code == 201
    assert api.get().json["total"] == 4
    headers = api.headers()
    new = {"project_id": "p2", "name": "n", "mode": "kg_vector"}
    api.client.post("/api/v1/projects", json=new, headers=headers)
    api.project = "p2"
    assert send("one").json["job_id"] != name


@pytest.mark.parametrize("key", ["", "k" * 256])
def test_an_idempotency_key_that_cannot_be_is_refused(api: Api, key: str) -> None:
    answer = api.post({"source_doc_id": "d"}, **{"Idempotency-Key": key})
    assert_problem(answer, 422, "Idempotency-Key")
    assert api.get().json["total"] == 0


# Attempts


def test_a_higher_attempt_replaces_a_lower_one_whole_and_a_lower_one_is_stale(api: Api) -> None:
    first = {**JOB, "status": "failed", "chunks_processed": 9, "completed_at": T2}
    api.post({**first, "started_at": T1, "error_message": "Out of luck"})
    second = api.patch("j", {"attempt": 2, "status": "running", "started_at": T3})
    assert second.headers["X-Job-Merge"] == "applied"
    assert second.json == {
        "job_id": "j",
        "project_id": "p1",
        "source_doc_id": "d",
        "status": "running",
        **ZERO,
        "started_at": T3,
        "completed_at": None,
        "error_message": None,
    }
    earlier = {"status": "failed", "started_at": T1, "completed_at": T2}
    for late in ({"attempt": 1, "chunks_processed": 99}, {"attempt": 1, **earlier}, earlier, {}):
        answer = api.patch("j", late)
        assert (answer.headers["X-Job-Merge"], answer.json) == ("stale", second.json)
    jump = api.patch("j", {"attempt": MOST, "status": "completed", "completed_at": T3})
    assert (jump.headers["X-Job-Merge"], jump.json["status"]) == ("applied", "completed")


# The moment of creation, seen through the filters


def created(api: Api) -> str:
    """The second in which `j` was created, found by bisection through `since`."""
    low, high = 946_684_800, 4_102_444_799
    while low < high:
        middle = (low + high + 1) // 2
        since = datetime.fromtimestamp(middle, UTC).isoformat()[:19] + "Z"
        if api.get(f"?since={since}").json["total"]:
            low = middle
        else:
            high = middle - 1
    return datetime.fromtimestamp(low, UTC).isoformat()[:19] + "Z"


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ({"created_at": T2, "started_at": T1}, T2),
        ({"started_at": T1, "completed_at": T3}, T1),
        ({"completed_at": T1}, None),
        ({"created_at": "2099-01-01T00:00:00Z", "started_at": T1}, None),
        ({"started_at": "2099-01-01T00:00:00Z"}, None),
    ],
)
def test_creation_is_fixed_by_the_first_report_and_never_after_its_receipt(
    api: Api, first: dict[str, str], expected: str | None
) -> None:
    before = ahead(-1)
    api.post({**JOB, "status": "failed", **first})
    after = ahead(1)

    fixed = created(api)

    assert fixed == expected if expected else before[:19] <= fixed[:19] <= after[:19]
    api.patch("j", {"created_at": "2001-01-01T00:00:00Z", "started_at": "2001-01-01T00:00:00Z"})
    api.patch("j", {"attempt": 2, "created_at": "2001-01-01T00:00:00Z"})
    assert created(api) == fixed


# Clocks


@pytest.mark.parametrize(
    ("offset", "expected"), [(0, None), (115, None), (-115, None), (300, 300), (-86400, -86400)]
)
def test_a_clock_that_is_off_is_told(api: Api, offset: int, expected: int | None) -> None:
    answers = [
        api.post({**JOB, "sent_at": ahead(offset)}),
        api.patch("j", {"sent_at": ahead(offset)}),
        api.post({"sent_at": ahead(offset), "jobs": [JOB]}, "/bulk"),
    ]
    for answer in answers:
        told = answer.headers.get("X-Clock-Skew")
        if expected is None:
            assert told is None
        else:
            assert abs(int(told) - expected) <= 5


@pytest.mark.parametrize("field", ["created_at", "started_at", "completed_at"])
def test_a_time_ahead_tells_that_a_clock_is_off(api: Api, field: str) -> None:
    late = {"job_id": "k", "source_doc_id": "d", field: ahead(-28_800)}
    for offset, expected in ((115, None), (28_800, 28_800)):
        report = {**JOB, field: ahead(offset)}
        bulk = {"sent_at": ahead(-600), "jobs": [late, {**report, "attempt": 2}, late]}
        answers = [
            api.post(report),
            api.patch("j", {field: ahead(offset)}),
            api.post(bulk, "/bulk"),
        ]
        told = [int(answer.headers.get("X-Clock-Skew", 0)) for answer in answers]
        sizes = [expected or 0, expected or 0, expected or -600]
        assert all(abs(found - size) <= 5 for found, size in zip(told, sizes, strict=True)), told


# Limits


def accepts(api: Api, field: str, value: object) -> bool:
    """Whether a report with this value is taken, the same way by POST, PATCH and bulk."""
    report = {**JOB, field: value}
    posted = api.post(report)
    patched = api.patch("j", {"source_doc_id": "d", field: value})
    [(_, status, _)] = results(api.post({"jobs": [report]}, "/bulk"))
    verdicts = {posted.status_code < 400, patched.status_code < 400, status < 400}
    assert len(verdicts) == 1, "POST, PATCH and bulk disagree"
    if posted.status_code >= 400:
        assert_problem(posted, 422, field)
        assert_problem(patched, 422, field)
    return verdicts.pop()


COUNTERS = ["chunks_processed", "chunks_total", "nodes_created", "edges_created", "attempt"]
TIMES = ["created_at", "started_at", "completed_at", "sent_at"]


@pytest.mark.parametrize("field", COUNTERS)
def test_a_counter_is_a_whole_number(api: Api, field: str) -> None:
    bad = [True, False, 1.0, 0.5, 1e3, "1", "", -1, 2**53, 2**63, 2**64, [], [1], {}]
    if field == "attempt":
        bad.append(0)
    assert [value for value in bad if accepts(api, field, value)] == []
    assert api.get().json["total"] == 0
    for value in (1, 2, MOST, None):
        assert accepts(api, field, value), value
    assert api.get("/j").json.get(field, MOST) == MOST


@pytest.mark.parametrize("field", TIMES)
def test_a_time_has_an_offset_and_is_of_this_century(api: Api, field: str) -> None:
    bad = [
        "2026-03-01T00:00:00",
        "2026-03-01",
        "2026-03-01T00:00Z",
        "1999-12-31T23:59:59.999999Z",
        "1999-12-31T23:59:59-00:01",
        "2100-01-01T00:00:00Z",
        "2100-01-01T00:00:00+00:01",
        "2026-03-01T23:59:60Z",
        "2026-03-01T00:00:00+01:60",
        "2026-02-29T00:00:00Z",
        "2026-03-01T24:00:00Z",
        "2026-03-01T00:00:00+24:00",
        "2026-03-01T00:00:00+0100",
        "٢026-03-01T00:00:00Z",
        " 2026-03-01T00:00:00Z",
        "2026-03-01T00:00:00Z\n",
        "now",
        "",
        1772323200,
        True,
        [],
        {},
    ]
    assert [value for value in bad if accepts(api, field, value)] == []
    assert api.get().json["total"] == 0
    for value in (
        "2000-01-01T00:00:00Z",
        "2099-12-31T23:59:59.999999Z",
        "2026-03-01T00:00:00-11:00",
        None,
    ):
        assert accepts(api, field, value), value


@pytest.mark.parametrize(
    ("letter", "most"),
    [
        ("x", 1024),
        ("ä", 1024),
        ("長", 682),
        ("🧱", 512),
        ("e\u0301", 512),  # two characters of three bytes; one of two
        ("\u0958", 341),  # in NFC two, of six
        ("\U0001d160", 170),  # in NFC three, of twelve
    ],
)
def test_a_document_has_1_to_1024_characters_and_2048_bytes_in_either_form(
    api: Api, letter: str, most: int
) -> None:
    for number, length in enumerate((0, most + 1, 1, most)):
        document = letter * length
        answer = api.post({"job_id": f"j{number}", "source_doc_id": document})
        if 1 <= length <= most:
            assert answer.status_code == 201
            assert api.get(f"/j{number}").json["source_doc_id"] == document
            assert api.get("?" + urlencode({"document": document})).json["total"] == 1
        else:
            assert_problem(answer, 422, "source_doc_id")
    assert api.get().json["total"] == 2


@pytest.mark.parametrize("letter", ["x", "ä", "€", "🧱"])
@pytest.mark.parametrize("over", [0, 1, 5000])
def test_an_error_keeps_its_start_and_its_end_within_8_kib(
    api: Api, letter: str, over: int
) -> None:
    middle = letter * ((8192 - 10) // len(letter.encode()) + over)
    error = f"START{middle}THEND"
    whole = len(error.encode()) <= 8192
    assert whole == (over == 0)
    report = {**JOB, "status": "failed", "error_message": error, "completed_at": T1}
    kept = api.post(report).json["error_message"]
    assert (kept == error) == whole
    assert 8192 - 16 <= len(kept.encode()) <= 8192
    assert kept.startswith("START" + letter)
    assert kept.endswith(letter + "THEND")
    again = api.post(report)
    assert (again.headers["X-Job-Merge"], again.json["error_message"]) == ("stale", kept)


@pytest.mark.parametrize("field", ["source_doc_id", "error_message"])
def test_nul_is_nowhere(api: Api, field: str) -> None:
    assert not accepts(api, field, "a\0b")
    assert accepts(api, field, "d")


# Bulk


def test_a_bulk_of_1000_is_taken_whole_and_of_1001_not_at_all(api: Api) -> None:
    jobs = [
        {"job_id": f"j{number}", "source_doc_id": f"d{number}", "status": "completed"}
        for number in range(1001)
    ]
    assert_problem(api.post({"jobs": jobs}, "/bulk"), 422, "jobs")
    assert api.get().json["total"] == 0
    taken = results(api.post({"sent_at": ahead(0), "jobs": jobs[:1000]}, "/bulk"))
    assert taken == [(job["job_id"], 201, None) for job in jobs[:1000]]
    assert api.get("?status=completed").json["total"] == 1000


@sqlite_only
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"jobs": []}, "jobs"),
        ({"jobs": {}}, "jobs"),
        ({"jobs": None}, "jobs"),
        ({}, "jobs"),
        ([], ""),
        ([JOB], ""),
        ("jobs", ""),
        ({"jobs": [JOB], "more": 1}, "more"),
        ({"jobs": [JOB], "sent_at": "now"}, "sent_at"),
        ({"jobs": [JOB], "sent_at": 1772323200}, "sent_at"),
        ({"jobs": [JOB], "sent_at": False}, "sent_at"),
    ],
)
def test_a_bulk_of_another_shape_is_refused_whole(refusing: Api, body: object, field: str) -> None:
    assert_problem(refusing.post(body, "/bulk"), 422, field)
    assert refusing.get().json["total"] == 0


def test_the_valid_items_of_a_bulk_are_kept_and_the_others_say_why(api: Api) -> None:
    api.post({"job_id": "known", "source_doc_id": "d", "status": "running", "started_at": T1})
    items = [
        {"job_id": "new", "source_doc_id": "d"},
        {"job_id": "known", "status": "completed", "completed_at": T2},
        {"job_id": "known", "status": "running"},
        {"job_id": "known", "status": "failed", "completed_at": T1},
        {"job_id": "known", "source_doc_id": "other"},
        {"job_id": "nobody", "status": "failed"},
        {"source_doc_id": "d"},
        {"job_id": "-", "source_doc_id": "d", "nodes_created": -1},
        {"job_id": 7},
        "text",
        None,
        {"job_id": "foreign", "source_doc_id": "d", "project_id": "p2"},
    ]
    answer = api.post({"jobs": items}, "/bulk")
    assert results(answer) == [
        ("new", 201, None),
        ("known", 200, "applied"),
        ("known", 200, "stale"),
        ("known", 200, "conflict"),
        ("known", 422, None),
        ("nobody", 404, None),
        (None, 422, None),
        ("-", 422, None),
        (None, 422, None),
        (None, 422, None),
        (None, 422, None),
        ("foreign", 422, None),
    ]
    named = [
        sorted(error["field"] for error in one["error"].get("errors", ()))
        for one in answer.json["results"]
        if "error" in one
    ]
    assert named == [
        ["source_doc_id"], [], ["job_id"], ["job_id", "nodes_created"], ["job_id"], [""], [""],
        ["project_id"],
    ]  # fmt: skip
    for one in answer.json["results"]:
        if "error" in one:
            assert one["error"]["status"] == one["status"]
            assert {"type", "title", "status", "detail"} <= set(one["error"])
    assert {job["job_id"] for job in api.get().json["jobs"]} == {"new", "known"}
    assert api.get("/known").json["status"] == "completed"


def test_the_same_job_twice_in_a_bulk_merges_in_order(api: Api) -> None:
    items = [
        {"job_id": "j", "status": "running"},
        {"job_id": "j", "source_doc_id": "d", "started_at": T1, "status": "running"},
        {"job_id": "j", "chunks_processed": 3},
        {"job_id": "j", "chunks_processed": 2},
        {"job_id": "j", "source_doc_id": "e"},
        {"job_id": "j", "status": "completed", "completed_at": T2},
        {"job_id": "j", "attempt": 2, "status": "failed", "completed_at": T3},
    ]
    outcome = [one[1:] for one in results(api.post({"jobs": items}, "/bulk"))]
    assert outcome == [
        (404, None),
        (201, None),
        (200, "applied"),
        (200, "stale"),
        (422, None),
        (200, "applied"),
        (200, "applied"),
    ]
    assert api.get("/j").json["status"] == "failed"
    assert api.get().json["total"] == 1


def test_a_bulk_in_which_nothing_is_valid_stores_nothing(
    api: Api, stored: Callable[[], dict[str, int]]
) -> None:
    api.key("admin")
    before = stored()
    answer = api.post({"jobs": [{"job_id": "a"}, {"job_id": "b", "status": "done"}]}, "/bulk")
    assert [one[1] for one in results(answer)] == [404, 422]
    assert stored() == before


# Bodies


@pytest.mark.parametrize("path", ["", "/bulk"])
def test_a_body_may_come_with_gzip(api: Api, path: str) -> None:
    body = json.dumps({"jobs": [JOB]} if path else JOB).encode()
    for encoding, sent in (
        ("gzip", gzip.compress(body)),
        ("GZIP", gzip.compress(body)),
        ("identity", body),
    ):
        headers = api.headers(**{"Content-Encoding": encoding})
        answer = api.client.post(
            api.url(path), data=sent, headers=headers, content_type="application/json"
        )
        assert answer.status_code in (200, 201), answer.data
    assert api.get("/j").json["source_doc_id"] == "d"


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_by_any_spelling_is_json(api: Api, kind: str) -> None:
    answer = api.client.post(
        api.url(), data=json.dumps(JOB), headers=api.headers(), content_type=kind
    )
    assert answer.status_code == 201


@pytest.mark.parametrize(("path", "limit"), [("", 1 << 20), ("/j", 1 << 20), ("/bulk", 5 << 20)])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_body_may_be_just_as_large_as_the_limit(
    api: Api, path: str, limit: int, zipped: bool
) -> None:
    text = json.dumps({"jobs": [JOB]} if path == "/bulk" else JOB)
    method = "PATCH" if path == "/j" else "POST"
    for size, allowed in ((limit, True), (limit + 1, False)):
        body = text.ljust(size).encode()
        answer = api.client.open(
            api.url(path),
            method=method,
            data=gzip.compress(body) if zipped else body,
            headers=api.headers(**({"Content-Encoding": "gzip"} if zipped else {})),
            content_type="application/json",
        )
        if allowed:
            assert answer.status_code in (200, 201)
        else:
            assert_problem(answer, 413)


# Projects


def test_a_project_is_made_once(api: Api) -> None:
    def make(**body: object):
        return api.client.post("/api/v1/projects", json=body, headers=api.headers())

    named = make(name="Two", mode="vector_only", project_id="p2")
    assert named.status_code == 201
    assert named.headers["Location"] == "/api/v1/projects/p2"
    assert api.client.get("/api/v1/projects/p2", headers=api.headers()).json == named.json
    assert_problem(make(name="Else", mode="kg_vector", project_id="p2"), 409)
    assert api.client.get("/api/v1/projects/p2", headers=api.headers()).json == named.json
    unnamed = {make(name="Same", mode="kg_vector").json["project_id"] for _ in range(2)}
    assert len(unnamed) == 2


@sqlite_only
@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "kg_vector"}, "name"),
        ({"name": "n"}, "mode"),
        ({"name": "", "mode": "kg_vector"}, "name"),
        ({"name": "n" * 201, "mode": "kg_vector"}, "name"),
        ({"name": "a\0", "mode": "kg_vector"}, "name"),
        ({"name": 5, "mode": "kg_vector"}, "name"),
        ({"name": "n", "mode": "graph"}, "mode"),
        ({"name": "n", "mode": ["kg_vector"]}, "mode"),
        ({"name": "n", "mode": "kg_vector", "created_at": T1}, "created_at"),
        ([], ""),
    ],
)
def test_a_project_that_cannot_be_is_refused(refusing: Api, body: object, field: str) -> None:
    answer = refusing.client.post("/api/v1/projects", json=body, headers=refusing.headers())
    assert_problem(answer, 422, field)


# A database that fails


def send_all(api: Api) -> list[Any]:
    """One report by each way in."""
    return [
        api.post(JOB),
        api.patch("j", {"source_doc_id": "d", "status": "running"}),
        api.post({"jobs": [{"job_id": f"b{n}", "source_doc_id": "d"} for n in range(9)]}, "/bulk"),
    ]


@pytest.mark.parametrize("table", ["created_counts", "jobs"])
def test_a_table_that_is_gone_is_a_500_with_nothing_stored(
    api: Api, stored: Callable[[], dict[str, int]], table: str
) -> None:
    api.key("admin")
    before = stored()
    with writing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE {table} RENAME TO away")
    for answer in send_all(api):
        problem = assert_problem(answer, 500)
        assert "Retry-After" not in answer.headers
        assert table not in problem["detail"]
    with writing() as connection:
        connection.exec_driver_sql(f"ALTER TABLE away RENAME TO {table}")
    assert stored() == before
    assert [answer.status_code for answer in send_all(api)] == [201, 200, 200]


def test_a_change_whose_event_cannot_be_kept_is_not_kept_either(
    api: Api, stored: Callable[[], dict[str, int]]
) -> None:
    send_all(api)
    before = stored()
    with writing() as connection:
        connection.exec_driver_sql("ALTER TABLE events RENAME TO away")
    assert_problem(api.patch("b1", {"status": "failed"}), 500)
    with writing() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO events")
    assert stored() == before
    assert api.patch("b1", {"status": "failed"}).headers["X-Job-Merge"] == "applied"


@sqlite_only
def test_a_locked_database_is_a_503_and_the_retry_succeeds(
    api: Api, stored: Callable[[], dict[str, int]]
) -> None:
    api.key("admin")
    before = stored()
    with db.engine.connect() as connection:  # the pool's only one so far
        connection.exec_driver_sql("PRAGMA busy_timeout = 20")
    with sqlite3.connect(db.engine.url.database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        for answer in send_all(api):
            assert_problem(answer, 503)
        assert api.get().status_code == 200, "readers need not wait"
        other.execute("ROLLBACK")
    other.close()
    assert stored() == before
    assert [answer.status_code for answer in send_all(api)] == [201, 200, 200]


@sqlite_only
def test_a_database_that_cannot_be_written_is_a_503(
    api: Api, stored: Callable[[], dict[str, int]]
) -> None:
    api.key("admin")
    before = stored()
    with db.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    for answer in send_all(api):
        assert_problem(answer, 503)
    assert stored() == before


@sqlite_only
def test_a_damaged_database_file_is_a_503(api: Api) -> None:
    api.key("admin")
    db.engine.dispose()
    path = db.engine.url.database
    with open(path, "r+b") as file:
        file.write(b"no database " * 500)
    answers = [*send_all(api), api.get(), api.client.get("/readyz")]
    for answer in answers[:-1]:
        assert_problem(answer, 503)
    assert answers[-1].status_code == 503


def test_a_project_that_went_away_meanwhile_is_a_404(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def remove_first(project_id: str):
        project = opened(project_id)
        with writing() as connection:
            connection.exec_driver_sql("DELETE FROM projects")
        return project

    opened = views._project_for_writing
    monkeypatch.setattr(views, "_project_for_writing", remove_first)
    assert_problem(api.post(JOB), 404)
    assert_problem(api.post({"jobs": [JOB]}, "/bulk"), 404)


# Senders that carry neither times nor attempts


def test_of_what_is_sent_without_times_the_last_new_word_stands(api: Api) -> None:
    api.post({"job_id": "j", "source_doc_id": "d", "status": "running"})
    failed = {"status": "failed", "error_message": "no answer came"}
    assert api.patch("j", failed).json["status"] == "failed"
    completed = api.patch("j", {"status": "completed", "nodes_created": 4})
    assert (completed.json["status"], completed.headers["X-Job-Merge"]) == ("completed", "conflict")
    assert "X-Job-Note" not in completed.headers
    again = api.patch("j", failed)
    assert (again.json, again.headers["X-Job-Merge"]) == (completed.json, "stale")
    assert again.headers["X-Job-Note"] == (
        "The job had ended (completed), and this report changed nothing. To run it again, send"
        " attempt: 2, or another job_id."
    )
    other = api.patch("j", {"status": "failed", "error_message": "the disk is full"})
    assert (other.json["status"], other.json["error_message"]) == ("failed", "the disk is full")


def test_a_second_attempt_that_is_numbered_only_at_its_start_ends(api: Api) -> None:
    api.post({"job_id": "j", "source_doc_id": "d", "status": "failed", "error_message": "x"})
    began = api.patch("j", {"status": "running", "attempt": 2})
    assert (began.json["status"], began.headers["X-Job-Merge"]) == ("running", "applied")
    ended = api.patch("j", {"status": "completed", "nodes_created": 9})
    assert (ended.json["status"], ended.json["nodes_created"]) == ("completed", 9)


def test_a_run_after_the_end_is_noted_for_its_sender_and_told_on_the_page(api: Api) -> None:
    api.post({"job_id": "j", "source_doc_id": "d", "status": "completed"})
    for _ in range(2):
        answer = api.patch("j", {"status": "running"})
        assert "attempt: 2" in answer.headers["X-Job-Note"]
    note = "The job had ended (completed)"
    jobs = [{"job_id": "j", "status": "running"}, {"job_id": "k", "source_doc_id": "d"}]
    first, second = api.post({"jobs": jobs}, "/bulk").json["results"]
    assert first["note"].startswith(note)
    assert "note" not in second
    api.sign_in()
    page = api.client.get("/projects/p1/jobs/j").text
    assert page.count("after the end, and changed nothing") == 1
    assert "<b>attempt: 2</b>" in page
