"""A real browser, driven by Playwright."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from app.clock import now
from screenshots.board import fill
from screenshots.chromium import launch
from tests.kit.board import Board, served
from tests.kit.databases import Databases
from tests.kit.person import Person, sign_in
from tests.kit.ports import free_port

HURRIED = "tests.kit.hurried:app"

expect.set_options(timeout=10_000)  # a page on which nothing runs asks every 5 s


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser: `make test` has seen to it that there is one (`tests/setup.py`)."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def shared_board(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One board for all tests that only need some board, in a hurry."""
    folder = tmp_path_factory.mktemp("hurried") / "instance"
    with databases.new(folder) as settings, served(settings, HURRIED) as board:
        yield board


@pytest.fixture
def own_board(settings: dict[str, str]) -> Iterator[Board]:
    """A board that the test may kill, in a hurry."""
    with served(settings, HURRIED) as board:
        board.project = board.new_project("p1")
        yield board


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
