"""The pages of causes, of a document and of a job live by the same rules as a project's."""

import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

ONE = {"source_doc_id": "hr/handbook.md"}


def fail(board: Board, number: int, error: str) -> None:
    send(board, ended(number, "failed", ago=100 - number, error_message=error, **ONE))


# Each page: its path, what stands on it at first, and what a further failure makes of it.
PAGES = {
    "causes": "/causes",
    "document": "/document?id=hr/handbook.md",
}


def open_page(person: Person, name: str, **options: object) -> Page:
    """A page that shows one failure by one cause."""
    send(person.board, running(80, 1))  # so that pages ask often
    fail(person.board, 1, "Out of memory")
    return person.open(f"/projects/{person.board.project}{PAGES[name]}", **options)


def rows(page: Page):
    return page.locator("#rows > tr")


@pytest.fixture(params=PAGES)
def name(request: pytest.FixtureRequest) -> str:
    return request.param


def test_what_is_new_comes_without_a_reload_and_selection_stays(person: Person, name: str) -> None:
    page = open_page(person, name)
    page.evaluate("window.neverReloaded = true")
    page.evaluate("getSelection().selectAllChildren(document.querySelector('h1'))")
    selected = page.evaluate("getSelection().toString()")
    fail(person.board, 2, "Disk full")
    expect(rows(page)).to_have_count(2)
    assert page.evaluate("window.neverReloaded") is True
    assert page.evaluate("getSelection().toString()") == selected


def test_nothing_moves_under_a_reader(person: Person, name: str) -> None:
    page = open_page(person, name)
    link = rows(page).first.locator("a").first
    link.focus()
    before = rows(page).evaluate_all("rows => rows.map(row => row.id)")
    fail(person.board, 2, "Disk full")
    told(page)
    expect(page.locator("#news")).to_have_text("1 new")
    assert rows(page).evaluate_all("rows => rows.map(row => row.id)") == before
    expect(link).to_be_focused()
    # What it asks with names no answer, but says what it had: so that nothing older comes.
    expect(page.locator("#live")).to_have_attribute("data-etag", re.compile(r'^"[0-9.]+-"$'))
    page.keyboard.press("Escape")
    expect(rows(page)).to_have_count(2)
    expect(page.locator("#news")).to_be_hidden()


def test_the_pill_lets_go_and_shows_what_is_new(person: Person, name: str) -> None:
    page = open_page(person, name)
    rows(page).first.locator("a").first.focus()
    fail(person.board, 2, "Disk full")
    page.get_by_role("link", name="1 new").click()
    expect(rows(page)).to_have_count(2)
    expect(rows(page).first).to_contain_text("Disk full")


def test_the_pill_of_the_overview_lets_go_too(own_person: Person) -> None:
    board = own_person.board
    send(board, running(1, 1))
    page = own_person.open("/")
    rows(page).first.locator("a").focus()
    board.project = board.new_project("worse")
    for number in (1, 2, 3):
        fail(board, number, "Disk full")
    expect(page.locator("#news")).to_have_text("1 new")
    expect(rows(page)).to_have_count(1)
    page.locator("#news").click()
    expect(rows(page).first).to_contain_text("worse")
    expect(rows(page)).to_have_count(2)


def told(page: Page) -> None:
    """Wait until the page has heard of the second failure: its sentence is not a row."""
    expect(page.locator(".head__sentence")).to_contain_text(re.compile(r"2\s(jobs|documents)"))


def test_pause_holds_and_says_so(person: Person, name: str) -> None:
    page = open_page(person, name)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#link")).to_contain_text("Paused")
    fail(person.board, 2, "Disk full")
    asked = counting(page)
    page.wait_for_timeout(1000)  # nothing happens, which no locator can wait for
    assert asked() == 0
    page.get_by_role("button", name="Resume").click()
    told(page)
    expect(page.locator("#link")).to_contain_text("Live")


def test_back_shows_the_whole_page(person: Person, name: str) -> None:
    page = open_page(person, name)
    fail(person.board, 2, "Disk full")
    told(page)
    page.locator("#rows a[href*='/jobs/']").first.click()
    page.wait_for_url(re.compile("/jobs/job-"))
    page.go_back()
    expect(page.locator("header.bar")).to_be_visible()
    expect(rows(page)).to_have_count(2)


def test_a_hidden_tab_rests(person: Person, name: str) -> None:
    page = open_page(person, name)
    expect(page.locator("#link")).to_contain_text("Live")
    hide(page, True)
    page.wait_for_timeout(500)  # what was asked before
    asked = counting(page)
    fail(person.board, 2, "Disk full")
    page.wait_for_timeout(1500)
    assert asked() == 0
    hide(page, False)
    told(page)


def test_signed_out_is_said(person: Person, name: str) -> None:
    page = open_page(person, name)
    expect(page.locator("#link")).to_contain_text("Live")
    person.context.clear_cookies()
    expect(page.locator("#link")).to_contain_text("Signed out")
    expect(page.locator(".alarm")).to_contain_text("What stands below is from")
    expect(rows(page)).to_have_count(1)


def test_a_dead_server_is_announced_and_recovery_needs_no_reload(
    own_person: Person, name: str
) -> None:
    page = open_page(own_person, name)
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("#link")).to_contain_text("Live")
    own_person.board.stop(signal.SIGKILL)
    expect(page.locator("#link")).to_contain_text("No answer since", timeout=15_000)
    expect(page).to_have_title(re.compile("^Lost · "))
    expect(page.locator(".alarm")).to_be_visible()
    expect(rows(page)).to_have_count(1)
    own_person.board.start()
    fail(own_person.board, 2, "Disk full")
    expect(rows(page)).to_have_count(2, timeout=20_000)
    expect(page.locator(".alarm")).to_be_hidden()
    assert page.evaluate("window.neverReloaded") is True


def counting(page: Page) -> Callable[[], int]:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return lambda: len(asked)


def hide(page: Page, hidden: bool) -> None:
    page.evaluate(
        """hidden => {
            Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
            document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
