"""A file that breaks off in the middle is missed by whoever downloads it, and is in the log."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from app.ledger.report import Report
from app.rules.status import JobStatus
from app.rules.times import SECOND
from app.store.database import writing
from app.web.cookies import SESSION
from tests.kit.board import Board, served
from tests.kit.databases import Databases, postgres_only, sqlite_only
from tests.kit.documents import blocks_of
from tests.kit.nginx import proxied
from tests.kit.recording import record

T0 = 1_700_000_000 * SECOND
CUT_OFF = 18  # of curl: the transfer closed with outstanding data remaining
UNREADABLE = "UPDATE jobs SET status = 9 WHERE project_id = 'p1' AND job_id = 'j00010'"


@pytest.fixture
def board(settings: dict[str, str], tmp_path: Path) -> Iterator[Board]:
    """A board that reads 50 jobs at a time for a file, and its log."""
    told = settings | {"TRUSTED_PROXIES": "127.0.0.1"}
    with served(told, "tests.kit.small_batches:app", tmp_path / "log") as board:
        board.new_project("p1", now=T0)
        yield board


def fill(board: Board, amount: int, error: str = "") -> None:
    jobs = [
        Report(
            job_id=f"j{number:05}",
            source_doc_id="d",
            status=JobStatus.FAILED,
            created_at=T0 + number,
            error_message=error,
        )
        for number in range(amount)
    ]
    with board.database():
        for start in range(0, amount, 500):
            record("p1", jobs[start : start + 500], now=T0 + SECOND)


def change(board: Board, statement: str) -> None:
    with board.database(), writing() as connection:
        connection.execute(text(statement))


def cookie_of(board: Board) -> str:
    """The cookie of who is signed in, by its names without TLS and with it."""
    name, session = board.cookie_name(SESSION), board.new_session()
    return f"{name}={session}; __Host-{name}={session}"


def download(board: Board, url: str, *more: str) -> subprocess.Popen[bytes]:
    """A curl that downloads: whatever it says is in its pipes."""
    words = ["curl", "-sS", "--max-time", "60", "-H", f"Cookie: {cookie_of(board)}", *more, url]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def lines_of(data: bytes) -> list[str]:
    """The ids of the jobs in a file of which the last line may be half of one."""
    return [json.loads(line)["job_id"] for line in data.splitlines(keepends=True) if b"\n" in line]


def log_of(board: Board) -> list[str]:
    assert board.log is not None
    return board.log.read_text().splitlines()


def rename(board: Board, _databases: Databases) -> None:
    change(board, "ALTER TABLE jobs RENAME TO gone")


def sign_out(board: Board, _databases: Databases) -> None:
    change(board, "UPDATE sessions SET revoked_at = 1")


def kill(board: Board, _databases: Databases) -> None:
    board.stop(signal.SIGKILL)


def stop_the_server(_board: Board, databases: Databases) -> None:
    databases._process.stop()


def terminate_connections(board: Board, _databases: Databases) -> None:
    others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    change(board, f"SELECT pg_terminate_backend(pid) {others}")


LINE = "export of p1 broken off after "


@pytest.mark.parametrize(
    ("databases", "fault"),
    [
        ("sqlite", rename),
        ("sqlite", sign_out),
        ("sqlite", kill),
        ("postgresql", rename),
        ("postgresql", stop_the_server),
        ("postgresql", terminate_connections),
    ],
    indirect=["databases"],
)
def test_a_fault_in_the_middle_cuts_the_file_off(
    board: Board, databases: Databases, fault: Callable[[Board, Databases], None]
) -> None:
    # More than all buffers between the two hold, so that the fault comes before the end.
    fill(board, 2000, "x" * 8000)
    curl = download(board, f"{board.url}/projects/p1/jobs.ndjson")
    assert curl.stdout is not None
    begun = curl.stdout.read(1000)
    try:
        fault(board, databases)
        rest, said = curl.communicate(timeout=60)
    finally:
        if fault is stop_the_server:
            databases._process.start()
    told = lines_of(begun + rest)
    assert told == [f"j{1999 - place:05}" for place in range(len(told))]
    if fault is terminate_connections and curl.returncode == 0:
        assert len(told) == 2000, "no batch was on its way: the next one has a new connection"
        return
    assert curl.returncode == CUT_OFF, said
    assert 0 < len(told) < 2000
    if fault is not kill:
        [line] = log_of(board)
        assert LINE in line
        assert ("who asks may not see it any more" in line) == (fault is sign_out)


@sqlite_only
@pytest.mark.parametrize("ending", ["csv", "ndjson"])
def test_a_fault_of_ours_cuts_it_off_behind_nginx_too(
    board: Board, tmp_path: Path, ending: str
) -> None:
    fill(board, 120)
    change(board, UNREADABLE)
    [location, _] = [one.text for one in blocks_of("docs/operating.md") if one.language == "nginx"]
    location = location.replace("127.0.0.1:8000", f"127.0.0.1:{board.port}")
    with proxied(location, tmp_path) as url:
        for place in (board.url, url):
            path = f"{place}/projects/p1/jobs.{ending}"
            curl = download(board, path, "--insecure")
            data, said = curl.communicate(timeout=60)
            assert (curl.returncode, said.count(b"\n")) == (CUT_OFF, 1)
            assert data.count(b"\n") - (ending == "csv") == 100
            whole = download(board, f"{path}?until=2023-11-14T22:13:20.000010Z", "--insecure")
            assert whole.communicate(timeout=60)[0].count(b"\n") == 10 + (ending == "csv")
            assert whole.returncode == 0
    assert sum(LINE in line for line in log_of(board)) == 2


@sqlite_only
def test_who_knows_no_chunks_gets_no_file(board: Board) -> None:
    fill(board, 3)
    with socket.create_connection(("127.0.0.1", board.port), timeout=10) as connection:
        asked = f"GET /projects/p1/jobs.csv HTTP/1.0\r\nCookie: {cookie_of(board)}\r\n\r\n"
        connection.sendall(asked.encode())
        with connection.makefile("rb") as answer:
            said = answer.read().decode()
    assert said.startswith("HTTP/1.0 505 ")
    assert "HTTP/1.1 alone" in said
    assert "Content-Disposition" not in said


@postgres_only
def test_a_fault_at_the_beginning_is_an_answer_of_its_own(
    board: Board, databases: Databases
) -> None:
    fill(board, 3)
    path, head = f"{board.url}/projects/p1/jobs.csv", ["-o", os.devnull, "-D", "-"]
    curl = download(board, path, *head)
    assert b"attachment" in curl.communicate(timeout=60)[0]
    curl_words = [*map(str, curl.args)]
    with databases.stopped():
        said = subprocess.run(curl_words, check=True, capture_output=True, timeout=60).stdout
    assert said.startswith(b"HTTP/1.1 503 ")
    assert b"\r\nRetry-After: 2\r\n" in said
    assert b"attachment" not in said
    change(board, "ALTER TABLE jobs RENAME TO gone")
    said = download(board, path, *head).communicate(timeout=60)[0]
    assert said.startswith(b"HTTP/1.1 500 ")
    assert b"attachment" not in said
