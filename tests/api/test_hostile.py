"""What is not meant well, or not meant at all: never a 500, one shape, nothing half stored."""

import gzip
import http.client
import json
import random
import socket
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.ledger.audit import verify
from app.ledger.report import FIELDS
from app.queries.filters import JobFilter
from app.queries.jobs import WHOLE, list_jobs
from app.queries.projects import get_project
from app.store.database import reading
from tests.kit.api import Api
from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem, read_problem

Stored = Callable[[], dict[str, int]]
WAYS = [("POST", ""), ("PATCH", "/j"), ("POST", "/bulk"), ("POST", "projects")]
MIB = 1 << 20


def send(api: Api, way: tuple[str, str], body: bytes, **headers: str):
    """Send bytes as JSON by one of the ways in."""
    method, path = way
    return api.client.open(
        "/api/v1/projects" if path == "projects" else api.url(path),
        method=method,
        data=body,
        headers=api.headers(**headers),
        content_type="application/json",
    )


UNREADABLE = {
    "nothing": b"",
    "white space": b" \n",
    "garbage": random.Random(1).randbytes(1000),
    "half": b'{"source_doc_id": "d"',
    "two": b'{"source_doc_id": "d"}{}',
    "single quotes": b"{'source_doc_id': 'd'}",
    "trailing comma": b'{"source_doc_id": "d",}',
    "NaN": b'{"source_doc_id": "d", "chunks_processed": NaN}',
    "Infinity": b'{"source_doc_id": "d", "chunks_processed": -Infinity}',
    "lone surrogate": b'{"source_doc_id": "\\ud800"}',
    "lone low surrogate": b'{"source_doc_id": "d", "error_message": "a\\udc00b"}',
    "lone surrogate in a key": b'{"source_doc_id": "d", "\\udfff": 1}',
    "surrogate as bytes": b'{"source_doc_id": "\xed\xa0\x80"}',
    "not UTF-8": b'{"source_doc_id": "\xff\xfe"}',
    "overlong": b'{"source_doc_id": "\xc0\x80"}',
    "raw NUL": b'{"source_doc_id": "a\x00"}',
    "UTF-16": '{"source_doc_id": "d"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"source_doc_id": "d"}',
    "deep lists": b"[" * 100_000,
    "deep closed lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"jobs":' * 50_000,
    "deep in a field": b'{"source_doc_id": "d", "attempt": ' + b"[" * 9000 + b"]" * 9000 + b"}",
}


@sqlite_only
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", UNREADABLE)
def test_what_is_no_json_is_a_400(refusing: Api, way: tuple[str, str], name: str) -> None:
    assert_problem(send(refusing, way, UNREADABLE[name]), 400)


WRONG = {
    "null": b"null",
    "true": b"true",
    "number": b"-0.0",
    "text": b'"source_doc_id"',
    "list": b'[{"source_doc_id": "d"}]',
    "huge integer": b'{"source_doc_id": "d", "name": "n", "attempt": ' + b"9" * 900_000 + b"}",
    "huge fraction": b'{"source_doc_id": "d", "name": 0.' + b"9" * 900_000 + b"}",
    "huge exponent": b'{"source_doc_id": "d", "nodes_created": 1e999999999}',
    "tiny exponent": b'{"source_doc_id": "d", "nodes_created": 1e-999999999}',
    "65 bits": b'{"source_doc_id": "d", "nodes_created": 18446744073709551616}',
    "a huge key": b'{"source_doc_id": "d", "' + b"k" * 900_000 + b'": 1}',
    "a NUL in a key": b'{"source_doc_id": "d", "\\u0000": 1}',
    "many keys": json.dumps({f"key{number}": number for number in range(50_000)}).encode(),
    "a NUL": b'{"source_doc_id": "a\\u0000b", "name": "a\\u0000b", "mode": "kg_vector"}',
    "many jobs": b'{"jobs": [' + b"0," * 400_000 + b"0]}",
    "jobs as an object": b'{"jobs": {"0": {"job_id": "a", "source_doc_id": "d"}}}',
    "prototype": b'{"__proto__": {"source_doc_id": "d"}, "constructor": 1, "__class__": 2}',
    "the last of two keys": b'{"source_doc_id": "d", "source_doc_id": 5, "mode": 5}',
}


@sqlite_only
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", WRONG)
def test_what_means_nothing_is_refused_in_few_words(
    refusing: Api, way: tuple[str, str], name: str
) -> None:
    answer = send(refusing, way, WRONG[name])
    assert answer.status_code in (400, 422)
    assert_problem(answer, answer.status_code)
    assert len(answer.data) < 10_000, "the answer must not echo what was sent"


@sqlite_only
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("zipped", [False, True])
def test_an_integer_of_10_mb_is_a_413(refusing: Api, way: tuple[str, str], zipped: bool) -> None:
    body = b'{"source_doc_id": "d", "chunks_processed": ' + b"7" * 10_000_000 + b"}"
    if zipped:
        answer = send(refusing, way, gzip.compress(body), **{"Content-Encoding": "gzip"})
    else:
        answer = send(refusing, way, body)
    assert_problem(answer, 413)


@sqlite_only
@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_a_gzip_bomb_never_unfolds(refusing: Api, way: tuple[str, str]) -> None:
    bomb = gzip.compress(bytes(300 * MIB), 9)
    assert 300 * MIB / len(bomb) > 1000
    tracemalloc.start()
    try:
        answer = send(refusing, way, bomb, **{"Content-Encoding": "gzip"})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert_problem(answer, 413)
    assert peak < 25 * MIB, "it was unfolded further than the limit"


ZIPPED = gzip.compress(b'{"source_doc_id": "d", "name": "n", "mode": "kg_vector"}')


@sqlite_only
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        ZIPPED[:5],
        ZIPPED[:10],
        ZIPPED[:-9],
        ZIPPED[:-4],
        ZIPPED[:-1],
        ZIPPED + b"more",
        ZIPPED[:-8] + b"\0" * 8,
        ZIPPED[:20] + b"\xff" + ZIPPED[21:],
        b'{"source_doc_id": "d"}',
        zlib.compress(b'{"source_doc_id": "d"}'),
    ],
    ids=range(11),
)
def test_broken_gzip_is_a_400(refusing: Api, way: tuple[str, str], body: bytes) -> None:
    assert_problem(send(refusing, way, body, **{"Content-Encoding": "gzip"}), 400)


@sqlite_only
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "", "\x7f"])
def test_another_encoding_is_a_415_that_says_which_is_read(
    refusing: Api, way: tuple[str, str], encoding: str
) -> None:
    answer = send(refusing, way, ZIPPED, **{"Content-Encoding": encoding})
    assert_problem(answer, 415)
    assert answer.headers["Accept-Encoding"] == "gzip"


@sqlite_only
@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize(
    "kind",
    [None, "", "text/plain", "text/json", "application/x-www-form-urlencoded", "json", "*/*"],
)
def test_another_type_is_a_415(refusing: Api, way: tuple[str, str], kind: str | None) -> None:
    method, path = way
    answer = refusing.client.open(
        "/api/v1/projects" if path == "projects" else refusing.url(path),
        method=method,
        data=b'{"source_doc_id": "d"}',
        headers=refusing.headers(),
        content_type=kind,
    )
    assert_problem(answer, 415)


WRONG_TYPES: dict[str, list[object]] = {
    "string": [True, 0, 1, 1.5, [], ["d"], {}, {"a": 1}],
    "integer": [True, False, 1.5, "1", [], [1], {}, {"a": 1}],
}


@sqlite_only
@pytest.mark.parametrize("field", FIELDS)
def test_a_wrong_type_is_a_422_that_names_the_field(refusing: Api, field: str) -> None:
    for value in WRONG_TYPES[FIELDS[field].schema["type"]]:
        report = {"job_id": "j", "source_doc_id": "d", field: value}
        assert_problem(refusing.post(report), 422, field)
        assert_problem(refusing.patch("j", {"source_doc_id": "d", field: value}), 422, field)
        [result] = refusing.post({"jobs": [report]}, "/bulk").json["results"]
        assert [error["field"] for error in result["error"]["errors"]] == [field]


# Whatever hypothesis thinks of

TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)
NASTY = st.sampled_from(
    [
        "\0", "\ud800", "\udfff\ud800", "🧱", "j", "d", "p1", "é" * 5000, "2026-03-01T00:00:00Z",
        "2026-03-01T00:00:00+99:99", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59",
        "completed", "failed", "running", "'; DROP TABLE jobs; --", 2**53 - 1, 2**53, 2**63,
        -(2**63) - 1, 10**400, 1e308, float("nan"), float("inf"), -0.0, True, None,
    ]
)  # fmt: skip
SCALARS = NASTY | TEXTS | st.integers() | st.floats() | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
VALID = {
    "job_id": st.sampled_from(["j", "k", "l"]),
    "status": st.sampled_from(["pending", "running", "completed", "failed"]),
    "chunks_processed": st.integers(0, 2**53 - 1),
    "chunks_total": st.integers(0, 2**53 - 1),
    "nodes_created": st.integers(0, 9),
    "edges_created": st.integers(0, 9),
    "created_at": st.datetimes(timezones=st.timezones()).map(lambda one: one.isoformat()),
    "started_at": st.sampled_from(["2000-01-01T00:00:00Z", "2099-12-31T23:59:59.999999Z"]),
    "completed_at": st.sampled_from(["2000-01-01T00:00:00Z", "2099-12-31T23:59:59.999999Z"]),
    "error_message": TEXTS,
    "attempt": st.integers(1, 3),
    "sent_at": st.just("2026-03-01T00:00:00Z"),
}
# Mostly right with something wrong: what is all wrong never gets past the first check.
REPORTS = st.builds(
    lambda right, wrong: {**right, **wrong},
    st.fixed_dictionaries({"source_doc_id": st.just("d")}, optional=VALID),
    st.dictionaries(st.sampled_from([*FIELDS]) | TEXTS, VALUES, max_size=1),
)
BODIES = st.one_of(
    REPORTS,
    VALUES,
    st.fixed_dictionaries(
        {"jobs": st.lists(REPORTS | VALUES, max_size=5)}, optional={"sent_at": VALUES}
    ),
)


@pytest.mark.slow
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(way=st.sampled_from(WAYS[:3]), body=BODIES, dirt=st.binary(max_size=3), zipped=st.booleans())
def test_whatever_is_sent_is_taken_whole_or_refused_whole(
    api: Api, stored: Stored, way: tuple[str, str], body: Any, dirt: bytes, zipped: bool
) -> None:
    api.key("admin")
    before = stored()
    raw = json.dumps(body).encode() + dirt
    headers = {"Content-Encoding": "gzip"} if zipped else {}

    answer = send(api, way, gzip.compress(raw) if zipped else raw, **headers)

    after = stored()
    if answer.status_code >= 400:
        assert answer.status_code in (400, 404, 422)
        assert_problem(answer, answer.status_code)
        assert after == before
    elif way[1] == "/bulk":
        statuses = [one["status"] for one in answer.json["results"]]
        assert set(statuses) <= {200, 201, 404, 422}
        assert after["jobs"] - before["jobs"] == statuses.count(201)
        for one in answer.json["results"]:
            if one["status"] >= 400:
                read_problem(
                    one["status"], "application/problem+json", json.dumps(one["error"]).encode()
                )
    else:
        assert after["jobs"] - before["jobs"] == (answer.status_code == 201)
        assert len(answer.json) == 10
    with reading() as connection:
        assert verify(connection, "p1", lambda done, total: None) == []
    assert api.get().status_code == 200


def test_the_greatest_counters_leave_counts_that_can_be_verified_and_read(api: Api) -> None:
    most = 2**53 - 1
    for part in range(2):
        jobs = [
            {
                "job_id": f"j{part}-{number}",
                "source_doc_id": "d",
                "status": "completed",
                "completed_at": "2026-03-01T00:00:00Z",
                "chunks_processed": most,
                "nodes_created": most,
                "edges_created": most,
            }
            for number in range(1000)
        ]
        results = api.post({"jobs": jobs}, "/bulk").json["results"]
        assert {one["status"] for one in results} == {201}
    assert api.get("?limit=1000").status_code == 200
    with reading() as connection:
        assert verify(connection, "p1", lambda done, total: None) == []
    runner = api.app.test_cli_runner()
    assert runner.invoke(args=["rebuild"]).output.strip().endswith("nothing to mend")


# Through gunicorn


def stored_jobs(board: Board) -> int:
    """How many jobs the board's project of this test holds."""
    with board.database(), reading() as connection:
        project = get_project(connection, board.project)
        assert project is not None
        return list_jobs(
            connection, project, JobFilter(), limit=1, offset=0, now=0, reading=WHOLE
        ).total


def talk(board: Board, path: str, headers: dict[str, str], body: Any = None, **how: Any):
    """One POST to a real board; gives the status and the problem or the JSON."""
    connection = http.client.HTTPConnection("127.0.0.1", board.port, timeout=20)
    try:
        sent = {"Authorization": f"Bearer {board.key}", **headers}
        connection.request("POST", f"/api/v1/projects/{board.project}{path}", body, sent, **how)
        answer = connection.getresponse()
        content = answer.read()
    finally:
        connection.close()
    if answer.status < 400:
        return answer.status, json.loads(content)
    return answer.status, read_problem(answer.status, answer.headers["Content-Type"], content)


JSON = {"Content-Type": "application/json"}
REPORT = b'{"job_id": "j", "source_doc_id": "d"}'


@pytest.mark.parametrize(
    ("path", "length"), [("/jobs", MIB + 1), ("/jobs/bulk", 5 * MIB + 1), ("/jobs", 10**30)]
)
def test_a_body_that_says_it_is_too_large_is_refused_unread(
    live_board: Board, path: str, length: int
) -> None:
    status, _ = talk(live_board, path, {**JSON, "Content-Length": str(length)})
    assert status == 413
    assert stored_jobs(live_board) == 0


def test_a_chunked_body_is_read_to_its_end_and_to_the_limit(live_board: Board) -> None:
    parts = iter([REPORT[:10], REPORT[10:]])
    status, job = talk(live_board, "/jobs", JSON, parts, encode_chunked=True)
    assert (status, job["job_id"]) == (201, "j")
    for path, limit in (("/jobs", MIB), ("/jobs/bulk", 5 * MIB)):
        # What is within the limit is a whole report: cutting it off there would accept it.
        report = REPORT if path == "/jobs" else b'{"jobs": [' + REPORT + b"]}"
        parts = iter([report.ljust(limit), b" "])
        assert talk(live_board, path, JSON, parts, encode_chunked=True)[0] == 413
        parts = iter([report.ljust(limit - 1), b" "])
        assert talk(live_board, path, JSON, parts, encode_chunked=True)[0] == 200
    assert stored_jobs(live_board) == 1


def test_a_body_without_a_type_is_a_415(live_board: Board) -> None:
    assert talk(live_board, "/jobs", {}, REPORT)[0] == 415
    assert stored_jobs(live_board) == 0


@pytest.mark.slow
def test_a_bomb_leaves_the_board_alive(live_board: Board) -> None:
    headers = {**JSON, "Content-Encoding": "gzip"}
    bomb = gzip.compress(bytes(300 * MIB), 9)
    assert talk(live_board, "/jobs", headers, bomb)[0] == 413
    assert talk(live_board, "/jobs/bulk", headers, bomb)[0] == 413
    assert talk(live_board, "/jobs", JSON, REPORT)[0] == 201


def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing(live_board: Board) -> None:
    head = (
        f"POST /api/v1/projects/{live_board.project}/jobs HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {live_board.key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(REPORT)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", live_board.port), timeout=20) as line:
        line.sendall(head.encode() + REPORT[:-1])
        line.shutdown(socket.SHUT_WR)
        answer = line.makefile("rb").read()
    assert not answer or answer.startswith(b"HTTP/1.1 400 ")
    assert stored_jobs(live_board) == 0
    assert talk(live_board, "/jobs", JSON, REPORT)[0] == 201


@sqlite_only
@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "FOO"])
def test_another_method_is_a_405_that_says_which_are_known(refusing: Api, method: str) -> None:
    for path in ("/api/v1/projects", refusing.url(), refusing.url("/j"), refusing.url("/bulk")):
        answer = refusing.client.open(path, method=method, headers=refusing.headers())
        assert_problem(answer, 405)
        assert ("POST" if path.endswith("bulk") else "GET") in answer.headers["Allow"]
