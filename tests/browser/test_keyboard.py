"""By keyboard alone: everything is reached and operated, and what has the focus is seen."""

import re
import time

from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.fonts import NARROW, take_a_font
from tests.kit.person import Person
from tests.kit.reports import ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

WHO = """() => {
    const it = document.activeElement, box = it.getBoundingClientRect();
    const style = getComputedStyle(it);
    const words = it.tagName === "SELECT" ? it.ariaLabel : it.textContent.trim();
    return {
        body: it === document.body, name: it.getAttribute("aria-label") ?? words,
        width: box.width, height: box.height, top: box.top,
        bar: document.querySelector(".bar").getBoundingClientRect().bottom,
        outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    };
}"""


def project(person: Person) -> str:
    return f"/projects/{person.board.project}"


def stops(page: Page, most: int = 120) -> list[dict]:
    """What Tab reaches, from the top of the page until it leaves it."""
    found: list[dict] = []
    for _ in range(most):
        page.keyboard.press("Tab")
        here = page.evaluate(WHO)
        if here["body"]:
            break
        found.append(here)
    return found


def test_tab_goes_in_the_order_of_reading_and_is_always_seen(person: Person) -> None:
    send(person.board, *(ended(number, "failed", error_message="x") for number in range(1, 4)))
    page = person.open(project(person))
    take_a_font(page, NARROW)
    found = stops(page)
    names = [stop["name"] for stop in found]
    in_order = [
        "Skip to the content", "jobwall", "Projects", person.board.project, "Causes", "Settings",
        "Wall",
        "Pause", "Settings", "3\xa0documents",
        "See the cause", "3 All", "0 Running", "0 Waiting", "3 Failed",
        "0 Completed", "0 Stalled", "0 No nodes", "30 d", "As a table",
        "Document, job id or error words", "Filter", "Created", "Duration", "From – to",
        "CSV", "NDJSON", "Chunks", "Duration", "Started UTC",
        "Failed: job job-00003", "folder/document-3.pdf", "x",
        "Failed: job job-00002", "folder/document-2.pdf", "x",
        "Failed: job job-00001", "folder/document-1.pdf", "x",
        "Report jobs to this project",
    ]  # fmt: skip
    assert names == in_order
    for stop in found:
        assert stop["outline"], f"{stop['name']}: nobody sees that it has the focus"
        assert stop["width"] >= 24 or stop["height"] >= 24 or stop["name"] == "30 d", stop
        assert stop["top"] >= 0


def test_the_skip_link_leads_past_the_bar(person: Person) -> None:
    send(person.board, ended(1))
    page = person.open(project(person))
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box is not None and box["y"] >= 0
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert "All" in page.evaluate("document.activeElement.textContent")


def test_what_has_the_focus_is_never_under_the_bar(demo: Person) -> None:
    page = demo.open("/projects/legal-contracts", viewport={"width": 1440, "height": 500})
    page.locator("#rows a").last.focus()
    for _ in range(45):
        page.keyboard.press("Shift+Tab")
        here = page.evaluate(WHO)
        assert here["top"] >= here["bar"] or here["top"] < 0 or here["bar"] <= 0, here


def test_single_keys_do_what_the_mouse_does(person: Person) -> None:
    send(person.board, *(ended(number) for number in range(1, 5)))
    page = person.open(project(person))
    links = page.locator("#rows .open")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("k")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("Escape")
    expect(links.nth(0)).not_to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("/jkp?")
    expect(page.get_by_role("searchbox")).to_have_value("/jkp?")
    page.get_by_role("searchbox").blur()
    page.keyboard.press("p")
    expect(page.locator("#link")).to_contain_text("Paused")
    page.keyboard.press("p")
    expect(page.locator("#link")).to_contain_text("Live")
    page.keyboard.press("?")
    dialog = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(dialog).to_be_visible()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/jobs/"))


def test_single_keys_can_be_switched_off_by_keyboard(person: Person) -> None:
    send(person.board, ended(1))
    page = person.open(project(person))
    page.get_by_role("button", name="Settings").focus()
    page.keyboard.press("Enter")
    page.get_by_role("radio", name="On", exact=True).focus()
    with page.expect_response(re.compile("/settings")):
        page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Off", exact=True)).to_be_checked()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Settings")).to_be_focused()
    for key in ("p", "j", "?"):
        page.keyboard.press(key)
    expect(page.locator("#link")).to_contain_text("Live")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.reload()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).not_to_be_focused()


def test_the_focus_outlives_every_morph(person: Person) -> None:
    send(person.board, *(running(number, 10) for number in range(1, 4)))
    page = person.open(project(person))
    for number, selector in enumerate(
        (
            ".tab--zero",
            ".chart summary",
            ".chart__scale a",
            "#row-job-00002 .doc",
            ".filter select",
        ),
        start=20,
    ):
        page.locator(selector).first.focus()
        # In the row, not in the count of a tab that stays the same.
        send(person.board, running(1, number))
        expect(page.locator("#row-job-00001 progress")).to_have_attribute("value", str(number))
        expect(page.locator(selector).first).to_be_focused()


def test_a_phones_more_opens_and_filters_by_keyboard(demo: Person) -> None:
    page = demo.open("/healthz", viewport={"width": 360, "height": 780})
    page.clock.install()
    page.goto(f"{demo.board.url}/projects/legal-contracts")
    page.get_by_role("button", name="More").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Created")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Created")).to_be_focused()
    page.clock.pause_at(time.time() + 2)
    for letter in "Last 7":  # each is a change
        page.keyboard.type(letter)
        page.clock.run_for(100)
    assert "since" not in page.url
    page.clock.run_for(800)
    page.wait_for_url(re.compile("since=7d"))
    expect(page.get_by_role("link", name="Remove: Last 7 days")).to_be_visible()
