"""The board behind nginx with TLS, as the documents have it: under its host, or below a path."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.kit.board import Board, served
from tests.kit.databases import sqlite_only
from tests.kit.documents import blocks_of
from tests.kit.nginx import proxied
from tests.kit.reports import running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine


@pytest.fixture(params=["", "/jobwall"])
def behind(request: Any, settings: dict[str, str], tmp_path: Path) -> Iterator[tuple[Board, str]]:
    """A board whose proxy reads what the documents say; and where that is found."""
    prefix = request.param
    told = {"TRUSTED_PROXIES": "127.0.0.1", "ALLOWED_HOSTS": "127.0.0.1", "PATH_PREFIX": prefix}
    blocks = [block.text for block in blocks_of("docs/operating.md") if block.language == "nginx"]
    [location] = [text for text in blocks if text.startswith(f"location {prefix}/ {{")]
    with served(settings | told, "tests.kit.hurried:app") as board:
        board.project = board.new_project("p1")
        location = location.replace("127.0.0.1:8000", f"127.0.0.1:{board.port}")
        with proxied(location, tmp_path) as url:
            yield board, url + prefix


@pytest.fixture
def window(chromium: Browser) -> Iterator[BrowserContext]:
    """A browser that complains of nothing, and that knows not who vouches for nginx."""
    complaints: list[str] = []
    context = chromium.new_context(ignore_https_errors=True, color_scheme="light")
    context.set_default_timeout(10_000)
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield context
    context.close()
    assert complaints == []


def enter(window: BrowserContext, board: Board, url: str) -> Page:
    page = window.new_page()
    page.goto(f"{url}/sign-in#{board.sign_in_link().rpartition('#')[2]}")
    expect(page.get_by_role("heading", name="Projects")).to_be_visible()
    return page


def test_everything_works_there(behind: tuple[Board, str], window: BrowserContext) -> None:
    board, url = behind
    page = enter(window, board, url)
    prefix = board.settings["PATH_PREFIX"]
    for cookie in window.cookies():
        assert cookie["name"].startswith(f"{'__Secure-' if prefix else '__Host-'}jobwall_")
        assert (cookie["secure"], cookie["path"]) == (True, prefix or "/")
    page.get_by_role("link", name="p1", exact=True).click()
    page.get_by_role("link", name="Report your first job").click()
    page.get_by_role("link", name="curl", exact=True).click()
    expect(page.locator("#curl-1")).to_contain_text(f"{url}/api/v1/projects/p1/jobs")
    send(board, running(1, 10))
    page.get_by_role("link", name="Open the project").click()
    expect(page.locator("#rows tr")).to_have_count(1)  # by a poll
    page.get_by_role("button", name="Settings").click()
    with page.expect_response("**/settings"):
        page.locator("#settings").get_by_text("Dark").click()
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    with page.expect_download() as waiting:
        page.get_by_role("link", name="NDJSON").click()
    assert Path(waiting.value.path()).read_text().count("\n") == 1
    page.locator("#rows a").first.click()
    page.get_by_text("The same job as curl").click()
    expect(page.locator("#curl")).to_contain_text(f"{url}/api/v1/projects/p1/jobs/")
    tv = window.browser.new_context(ignore_https_errors=True).new_page()
    tv.goto(f"{url}/wall")
    expect(tv.locator(".pair__how")).to_have_text(
        f"Enter this code at {url.removeprefix('https://')}/screens"
    )
    tv.context.close()
    page.goto(f"{url}/screens/link")  # which asks for nothing by itself, and is refused nothing
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(f"{url}/sign-in")
    page.goto(f"{url}/projects/p1")
    expect(page).to_have_url(re.compile(r"/sign-in\?next="))
