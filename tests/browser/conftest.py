"""A real browser: Debian's Chromium, driven by Playwright."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from app.rules.times import now
from screenshots.board import fill
from screenshots.chromium import FLAGS, find
from tests.conftest import Board, Databases, free_port

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


@dataclass
class Person:
    """Somebody signed in to a board, with what their browser complained about."""

    board: Board
    browser: Browser
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str, **options: object) -> Page:
        """A new tab; with options, in a window of its own with the same session."""
        context = self.context
        if options:
            session = {"storage_state": self.context.storage_state()}
            context = self.browser.new_context(**(session | options))
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.board.url + path)
        return page

    def _hear(self, message) -> None:
        """Keep what is complained about, but for a server that is away: it may be."""
        away = "Failed to load resource" in message.text or "Failed to fetch" in message.text
        if message.type in ("error", "warning") and not away:
            self.complaints.append(message.text)


def sign_in(chromium: Browser, board: Board) -> Person:
    """Sign in by the link, as a person does."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    person = Person(board, chromium, context)
    page = context.new_page()
    page.on("console", person._hear)
    page.goto(board.sign_in_link())
    page.wait_for_url(board.url + "/")
    page.close()
    return person


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
