"""A real browser: Debian's Chromium, driven by Playwright."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from app.rules.times import now
from screenshots.board import fill
from screenshots.chromium import FLAGS, find
from tests.kit.board import Board, free_port
from tests.kit.databases import Databases
from tests.kit.person import Person, sign_in

expect.set_options(timeout=10_000)  # a page on which nothing runs asks every 5 s
HOW = "The browser tests need Chromium: on Debian and Ubuntu `apt-get install chromium`."


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser; without one the tests are skipped at home and fail in CI."""
    path = find()
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(HOW)
        pytest.skip(HOW)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture
def person(chromium: Browser, live_board: Board) -> Iterator[Person]:
    """Somebody signed in to the shared board; the console must stay clean."""
    someone = sign_in(chromium, live_board)
    yield someone
    for context in chromium.contexts:
        context.close()
    assert someone.complaints == []


@pytest.fixture
def own_person(chromium: Browser, own_board: Board) -> Iterator[Person]:
    """Somebody signed in to a board that the test may kill."""
    yield sign_in(chromium, own_board)
    for context in chromium.contexts:
        context.close()


@pytest.fixture(scope="session")
def demo_board(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """The board of the screenshots, with projects and jobs in every state. Nobody writes to it."""
    with databases.new(tmp_path_factory.mktemp("demo") / "instance") as settings:
        board = Board(settings, free_port(), project="legal-contracts")
        with board.database():
            fill(now())
        board.start()
        board.key = board.new_key()
        yield board
        board.stop()


@pytest.fixture
def demo(chromium: Browser, demo_board: Board) -> Iterator[Person]:
    """Somebody signed in to the demo board; the console must stay clean."""
    someone = sign_in(chromium, demo_board)
    yield someone
    for context in chromium.contexts:
        context.close()
    assert someone.complaints == []
