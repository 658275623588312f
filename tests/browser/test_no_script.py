"""Without JavaScript: reading, paging, filtering, exporting and settings, by links and forms."""

import re

from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

PROJECT = "/projects/legal-contracts"


def open_plain(person: Person, path: str, **options: object) -> Page:
    return person.open(path, java_script_enabled=False, **options)


def test_a_phones_more_popover_opens_and_filters(demo: Person) -> None:
    page = open_plain(demo, PROJECT, viewport={"width": 360, "height": 780})
    expect(page.get_by_label("Created")).to_be_hidden()
    page.get_by_role("button", name="More").click()
    page.get_by_label("Created").select_option(label="Last 7 days")
    page.get_by_label("Duration").select_option(label="Over 1 min")
    page.locator("#more").get_by_role("button", name="Filter").click()
    page.wait_for_url(re.compile("since=7d.*longer=1m"))
    expect(page.get_by_role("link", name=re.compile("^Remove: "))).to_have_count(2)
    expect(page.locator("#rows tr")).to_have_count(50)
    page.get_by_role("button", name="More").click()
    expect(page.get_by_role("link", name="CSV")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="CSV")).to_be_hidden()


def test_filters_and_pages_are_links_and_forms(demo: Person) -> None:
    page = open_plain(demo, PROJECT)
    page.get_by_label("Created").select_option(label="Last 30 days")
    page.get_by_role("searchbox").fill("timeout retries")
    page.get_by_role("button", name="Filter").first.click()
    page.wait_for_url(re.compile("q=timeout"))
    expect(page.locator("#rows .c-status").first).to_have_text("Failed")
    page.get_by_role("link", name=re.compile("^Remove: “timeout")).click()
    page.get_by_role("link", name="Older", exact=True).click()
    expect(page.locator(".pager p")).to_contain_text("51–100")
    page.get_by_text("As a table").click()
    page.get_by_role("table", name="Finished jobs").get_by_role("link").first.click()
    expect(page.get_by_role("link", name=re.compile("^Remove: finished"))).to_be_visible()


def test_every_page_reads_and_says_how_old_it_is(demo: Person) -> None:
    page = open_plain(demo, "/")
    page.locator("#rows").get_by_role("link", name="legal-contracts").click()
    expect(page.locator(".head__sentence")).to_contain_text("Failing since")
    expect(page.locator("#link")).to_contain_text("As of")
    page.get_by_role("link", name=re.compile("^See the")).click()
    page.locator(".cause__documents a").first.click()
    expect(page.locator("#rows tr").first).to_be_visible()
    page.locator("#rows a").first.click()
    page.get_by_text("The same job as JSON").click()
    expect(page.locator("#json-text")).to_contain_text('"job_id"')
    expect(page.locator("time").first).not_to_be_empty()
    for name in ("Pause", "Copy", "Keyboard shortcuts"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


def test_settings_are_a_form(person: Person) -> None:
    send(person.board, ended(1))
    page = open_plain(person, f"/projects/{person.board.project}?status=completed")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Dark").check(force=True)
    page.get_by_label("UTC", exact=True).check(force=True)
    page.get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(r"status=completed$"))
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("html")).to_have_attribute("data-zone", "utc")
    assert page.locator("body").evaluate("it => getComputedStyle(it).backgroundColor") == (
        "rgb(13, 19, 17)"
    )
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(re.compile("/sign-in"))
