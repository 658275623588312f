"""The worker, as clients meet it over a socket: whatever some of them do, the others are served."""

import gzip
import json
import re
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from app.api.requests import BODY, BULK_BODY
from tests.kit.board import Board, served
from tests.kit.databases import Databases, sqlite_only
from tests.kit.raw import GET, POST, SOON, Client

pytestmark = [sqlite_only, pytest.mark.slow]

LONG = f"/api/v1/{'a' * 9000}"
CHUNKED = "Transfer-Encoding: chunked\r\n"


@pytest.fixture(scope="module")
def board(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One process, so that it is the one that all of them meet."""
    with (
        databases.new(tmp_path_factory.mktemp("board") / "instance") as settings,
        served({**settings, "WORKERS": "1"}, "tests.kit.impatient:app") as board,
    ):
        board.new_project("p1")
        yield board


def answers(board: Board, path: str = "/sign-in") -> bool:
    with urllib.request.urlopen(board.url + path, timeout=SOON) as answer:
        return bool(answer.status == 200)


HALVES = {
    "nothing": "",
    "half a line": "GET /sig",
    "half a head": "GET /sign-in HTTP/1.1\r\nHost: board\r\n",
    "half a body": POST.format("/api/v1/projects/p1/jobs", "Content-Length: 99\r\n") + "{",
    "half a chunk": POST.format("/api/v1/projects/p1/jobs", CHUNKED) + "9",
    "no last chunk": POST.format("/sign-in", CHUNKED) + "1\r\na\r\n",
}


@pytest.mark.parametrize("half", HALVES)
def test_who_sends_half_a_request_keeps_nobody_waiting_and_is_sent_away(
    board: Board, half: str
) -> None:
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(board)).say(HALVES[half]) for _ in range(40)]
        assert answers(board)
        assert all(client.is_closed() for client in clients)
        assert answers(board)


def fill(board: Board, jobs: int) -> None:
    """Jobs whose list is longer than what a system keeps for a client that does not read."""
    error = "x" * 8000
    items = [
        {"job_id": f"j{n}", "source_doc_id": "d", "status": "failed", "error_message": error}
        for n in range(jobs)
    ]
    with Client(board) as client:
        for start in range(0, jobs, 500):
            body = json.dumps({"jobs": items[start : start + 500]})
            client.post("/api/v1/projects/p1/jobs/bulk", body, f"Content-Length: {len(body)}")
            assert client.hear()[0] == 200


def test_who_takes_no_answer_keeps_nobody_waiting_and_is_sent_away(board: Board) -> None:
    fill(board, 1500)
    path = "/api/v1/projects/p1/jobs?limit=1000"
    with ExitStack() as stack:
        clients = [stack.enter_context(Client(board)).get(path) for _ in range(20)]
        cookie = f"Cookie: session={board.new_session()}"
        for name in ("jobs.csv", "jobs.ndjson"):
            clients += [
                stack.enter_context(Client(board)).get(f"/projects/p1/{name}", cookie)
                for _ in range(10)
            ]
        assert answers(board)
        for client in clients:
            with suppress(ConnectionResetError):
                client.file.read()  # to its end, which comes
        with Client(board).get(path) as reader:
            assert len(json.loads(reader.hear()[2])["jobs"]) == 1000


def test_a_slow_client_that_takes_its_answer_gets_all_of_it(board: Board) -> None:
    fill(board, 1000)
    with Client(board).get("/api/v1/projects/p1/jobs?limit=1000") as client:
        assert answers(board)  # first what is kept is sent, then the loop sends the rest
        status, _, body = client.hear()
        assert (status, len(json.loads(body)["jobs"])) == (200, 1000)


def test_several_requests_at_once_are_answered_in_their_order(board: Board) -> None:
    with Client(board) as client:
        asked = "".join(GET.format(path, "") for path in ["/healthz", "/nowhere"] * 400)
        threading.Thread(target=client.say, args=(asked,)).start()
        told = [client.hear()[0] for _ in range(800)]
    assert told == [200, 404] * 400


def test_bodies_of_every_framing_arrive(board: Board) -> None:
    path = "/api/v1/projects/p1/jobs"
    report = json.dumps({"source_doc_id": "d" * 900, "status": "running"})
    with Client(board) as client:
        client.post(path, report, f"Content-Length: {len(report)}")
        assert client.hear()[0] == 201
        chunks = "".join(f"{len(one):x}\r\n{one}\r\n" for one in re.findall(".{1,7}", report))
        client.post(path, f"{chunks}0\r\n\r\n", "Transfer-Encoding: chunked")
        assert client.hear()[0] == 201
        packed = gzip.compress(report.encode())
        client.post(path, "", f"Content-Length: {len(packed)}", "Content-Encoding: gzip")
        client.say(packed)
        assert client.hear()[0] == 201
        client.post(path, "", f"Content-Length: {len(report)}", "Expect: 100-continue")
        assert client.hear()[0] == 100
        client.say(report)
        assert client.hear()[0] == 201
        client.say(GET.format("/healthz", "").replace("GET", "HEAD"))
        assert client.hear()[0] == 200


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, "nonsense\r\n\r\n"),
        (400, "GET /api/v1/projects\r\n\r\n"),
        (400, "GET /api/v1/projects HTTP/1.1\r\nno colon\r\n\r\n"),
        (400, POST.format("/api/v1/projects", "Content-Length: x\r\n")),
        (400, POST.format("/api/v1/projects", f"Content-Length: 1\r\n{CHUNKED}")),
        (400, POST.format("/api/v1/projects", CHUNKED) + "zz\r\n"),
        (400, POST.format("/api/v1/projects", CHUNKED) + "1\r\nab\r\n"),
        (501, POST.format("/api/v1/projects", "Transfer-Encoding: br\r\n")),
        (413, POST.format("/api/v1/projects", f"Content-Length: {BODY + 1}\r\n")),
        (413, POST.format("/api/v1/projects/p1/jobs/bulk", f"Content-Length: {BULK_BODY + 1}\r\n")),
        (413, POST.format("/api/v1/x", CHUNKED) + f"{BODY + 1:x}\r\n{'a' * (BODY + 1)}"),
        (414, f"GET {LONG}"),
        (414, GET.format(LONG, "")),
        (417, GET.format("/api/v1/projects", "Expect: more\r\n")),
        (431, GET.format("/api/v1/projects", f"X: {'a' * 9000}\r\n")),
        (431, "GET /api/v1/x HTTP/1.1\r\n" + "X: a\r\n" * 12_000),
        (431, GET.format("/api/v1/projects", "X: a\r\n" * 200)),
    ],
    ids=lambda value: value if isinstance(value, int) else repr(value[:40]),
)  # fmt: skip
def test_what_is_no_request_is_refused_in_the_one_shape(
    board: Board, status: int, request_: str
) -> None:
    with Client(board) as client:
        with suppress(OSError):  # it may be refused before all of it is sent
            client.say(request_)
        told, headers, body = client.hear()
        assert told == status
        assert headers["connection"] == "close"
        if "/api/" in request_:
            assert headers["content-type"] == "application/problem+json"
            assert json.loads(body).keys() == {"type", "title", "status", "detail"}
        else:
            assert headers["content-type"].startswith("text/plain")
        assert client.is_closed()
    assert answers(board)


def test_a_worker_that_stops_first_answers_what_it_was_asked(board: Board) -> None:  # the last
    assert board.process is not None
    with Client(board).get("/api/v1/projects") as client, Client(board) as late:
        assert client.hear()[1]["connection"] == "keep-alive"
        late.say("GET /api/v1/pro")
        board.process.terminate()
        late.say(f"jects HTTP/1.1\r\nHost: board\r\n{late.key}\r\n")
        assert late.hear()[:1] == (200,)
        assert client.is_closed()
    assert board.process.wait(SOON) == 0
