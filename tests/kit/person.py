"""Somebody in a real browser, signed in to a board that really runs."""

import time
from dataclasses import dataclass, field

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

from app.web.cookies import SESSION
from tests.kit.axe import looked_at
from tests.kit.board import Board

AWAY = ("Failed to load resource", "Failed to fetch")
NO_TIME = "htmx:error: timeout"


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
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(self.board.url + path)
        return page

    def hear(self, message: ConsoleMessage) -> None:
        """Keep what is complained about, but for a server that is away: it may be.

        So it seems to a page that had no time to take the answer, with axe in it for seconds.
        """
        away = any(words in message.text for words in AWAY)
        away = away or (message.page in looked_at and NO_TIME in message.text)
        if message.type in ("error", "warning") and not away:
            self.complaints.append(message.text)


def sign_in(chromium: Browser, board: Board) -> Person:
    """A window of somebody who has signed in: opening a link takes longer than most tests."""
    context = chromium.new_context(viewport={"width": 1440, "height": 900})
    name = board.cookie_name(SESSION)
    context.add_cookies([{"name": name, "value": board.new_session(), "url": board.url}])
    return Person(board, chromium, context)


def wait_until(page: Page, script: str) -> None:
    """Wait until a script gives something true; Playwright's own way is against our CSP."""
    began = time.monotonic()
    while not page.evaluate(script):
        assert time.monotonic() - began < 10, script
        page.wait_for_timeout(20)
