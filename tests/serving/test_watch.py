"""A poll that finds nothing new waits for a change, holding neither a thread nor the truth."""

import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from app.web.cookies import SESSION
from tests.kit.board import Board, served
from tests.kit.databases import Databases, sqlite_only
from tests.kit.raw import Client
from tests.kit.reports import ended, send

pytestmark = [sqlite_only, pytest.mark.slow]

PART = "HX-Request-Type: partial"
MANY = 60  # more than there are threads


@pytest.fixture(scope="module")
def board(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One process, so that all of them meet the same loop."""
    with (
        databases.new(tmp_path_factory.mktemp("board") / "instance") as settings,
        served({**settings, "WORKERS": "1"}, "tests.kit.hurried:app") as board,
    ):
        for name in ("p1", "other"):
            board.new_project(name)
        yield board


class Poller:
    """The page of a project, polled; `known` is the ETag that it holds."""

    def __init__(self, board: Board, stack: ExitStack, project: str = "p1") -> None:
        self.client = stack.enter_context(Client(board))
        self.path = f"/projects/{project}"
        self.cookie = f"Cookie: {board.cookie_name(SESSION)}={board.new_session()}"
        self.client.get(self.path, self.cookie, PART)
        status, headers, _ = self.client.hear()
        assert status == 200
        self.known = headers["etag"]

    def poll(self, *headers: str) -> "Poller":
        self.client.get(self.path, self.cookie, PART, f"If-None-Match: {self.known}", *headers)
        return self

    def wait(self) -> "Poller":
        return self.poll("Prefer: wait=4")


@pytest.fixture(autouse=True)
def _no_minute_turns() -> None:
    """An ETag holds the minute: what begins now ends within it."""
    left = 60 - time.time() % 60
    if left < 10:
        time.sleep(left)


def test_a_poll_that_waits_is_answered_by_the_change_it_waits_for(board: Board) -> None:
    board.project = "p1"
    with ExitStack() as stack:
        pollers = [Poller(board, stack) for _ in range(MANY)]
        for one in pollers:  # at once: whoever began to wait 4 s ago would hear nothing of it
            one.wait()
        at_once = Poller(board, stack).poll()
        assert at_once.client.hear()[0] == 304  # though so many wait
        send(board, ended(1, "failed", error_message="a first failure"))
        for one in pollers:
            status, headers, body = one.client.hear()
            assert (status, b"a first failure" in body) == (200, True)
            assert headers["etag"] != one.known


def test_where_nothing_changes_it_is_told_so_after_a_while(board: Board) -> None:
    with ExitStack() as stack:
        one = Poller(board, stack).poll("Prefer: wait=1")
        board.project = "other"
        send(board, ended(2))
        status, headers, body = one.client.hear()
        assert (status, body, headers["etag"]) == (304, b"", one.known)
        assert headers["date"]
        assert one.poll().client.hear()[0] == 304  # the connection goes on


def test_who_leaves_meanwhile_keeps_nothing(board: Board) -> None:
    with ExitStack() as stack:
        for _ in range(MANY):
            Poller(board, stack).wait()
    with ExitStack() as stack:
        assert Poller(board, stack).poll().client.hear()[0] == 304


def test_what_is_sent_behind_a_poll_that_waits_is_answered_after_it(board: Board) -> None:
    with ExitStack() as stack:
        one = Poller(board, stack).poll("Prefer: wait=1")
        one.poll()
        assert one.client.hear()[0] == 304
        assert one.client.hear()[0] == 304


def test_a_board_that_stops_answers_those_that_wait(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        databases.new(tmp_path_factory.mktemp("stops") / "instance") as settings,
        ExitStack() as stack,
    ):
        with served({**settings, "WORKERS": "1"}, "tests.kit.hurried:app") as board:
            board.new_project("p1")
            one = Poller(board, stack).wait()
        assert one.client.hear()[0] == 304
