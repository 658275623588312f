"""From the pager to a page, or to where the list reaches a time."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import job, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def open_project(person: Person, query: str = "", **options: object) -> Page:
    """A job a second from 20 Nov 2026, 00:00 UTC on, 200 of them."""
    send(person.board, *(job(number) for number in range(200)))
    return person.open(f"/projects/{person.board.project}{query}", **options)


@SCRIPT
def test_a_page_is_gone_to_by_its_number(person: Person, script: bool) -> None:
    page = open_project(person, "?status=completed", java_script_enabled=script)
    page.get_by_role("textbox", name="Page").fill("3")
    page.get_by_role("textbox", name="Page").press("Enter")
    page.wait_for_url(re.compile(r"status=completed&page=3"))
    expect(page.locator(".pager p")).to_contain_text("101–150")
    page.get_by_role("textbox", name="Page").fill("9")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".nothing")).to_contain_text("There are only 4 pages")


@SCRIPT
def test_a_time_is_gone_to_in_the_zone_of_the_page(person: Person, script: bool) -> None:
    zone = {"timezone_id": "Asia/Tokyo", "java_script_enabled": script}
    page = open_project(person, "?status=completed", **zone)
    page.get_by_label("or time").fill("2026-11-20T09:00" if script else "2026-11-20T00:00")
    page.get_by_role("button", name="Go").click()
    page.wait_for_url(re.compile("page=3.*#row-job-00059$"))
    assert parse_qs(urlsplit(page.url).query).keys() == {"status", "page", "at"}
    there = page.locator("#row-job-00059")
    expect(there).to_be_in_viewport()
    assert there.evaluate("row => getComputedStyle(row).outlineStyle") == "solid"
    send(person.board, *(job(number) for number in range(300, 330)))
    expect(page.locator("#rows tr")).to_have_count(50)
    expect(there).to_be_visible()
    page.reload()
    expect(there).to_be_visible()


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2026-11-20T00:01", r"completed&page=2&at=.*#row-job-00119$"),
        ("2031-01-01", r"completed#row-job-00199$"),
        ("2021-01-01", r"completed&page=4&at=[^#]*$"),
        ("2026-11-20T00:00:30Z", r"completed&page=3&at=.*#row-job-00059$"),
    ],
)
def test_where_a_time_is(person: Person, time: str, expected: str) -> None:
    page = open_project(person, f"?status=completed&sort=chunks&time={time}")
    assert re.search(expected, page.url), page.url


def test_what_is_sought_has_its_times_too(person: Person) -> None:
    page = open_project(person, "?q=folder/document-1&time=2026-11-20T00:01")
    assert re.search(r"q=folder%2Fdocument-1&page=2&at=.*#row-job-00119$", page.url), page.url
    expect(page.locator("#row-job-00119")).to_be_visible()


def test_what_is_no_time_is_said_to_be_left_out(person: Person) -> None:
    page = open_project(person, "?time=noon")
    expect(page.get_by_text("“noon” is no time; it was left out.")).to_be_visible()
