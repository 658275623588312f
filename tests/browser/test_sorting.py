"""Sorting by the heads of the columns, on a phone by a choice of the filter."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import before, ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine


def open_project(person: Person, query: str = "", **options: object) -> Page:
    send(
        person.board,
        ended(1, ago=900, took=300, chunks_processed=2),
        ended(2, ago=600, took=10, chunks_processed=30),
        ended(3, ago=300, took=80, chunks_processed=4),
    )
    return person.open(f"/projects/{person.board.project}{query}", **options)


def numbers(page: Page) -> list[int]:
    return [int(one[-5:]) for one in page.locator("#rows tr").evaluate_all("r => r.map(r => r.id)")]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_head_of_a_column_sorts_by_it_then_the_other_way_then_not(
    person: Person, script: bool
) -> None:
    page = open_project(person, "?status=completed", java_script_enabled=script)
    head = page.get_by_role("columnheader", name="Duration")
    for query, sorted_as, expected in (
        ("sort=duration", "descending", [1, 3, 2]),
        ("sort=duration&order=asc", "ascending", [2, 3, 1]),
        ("", None, [3, 2, 1]),
    ):
        head.get_by_role("link").click()
        page.wait_for_url(re.compile(rf"\?status=completed{'&' if query else ''}{query}$"))
        assert numbers(page) == expected
        assert head.get_attribute("aria-sort") == sorted_as
    for name, expected in (("Chunks", [2, 3, 1]), ("Started", [3, 2, 1])):
        page.get_by_role("columnheader", name=name).get_by_role("link").click()
        page.wait_for_url(re.compile(f"sort={name.lower()}$"))
        assert numbers(page) == expected


def test_a_sorted_list_lives_and_its_filters_and_pages_keep_the_order(person: Person) -> None:
    page = open_project(person, "?sort=duration")
    send(person.board, running(4, 1) | {"started_at": before(100)})
    expect(page.locator("#row-job-00004")).to_be_visible()
    assert numbers(page) == [1, 4, 3, 2]
    page.get_by_role("searchbox").fill("folder/")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("q=folder.*sort=duration"))
    assert numbers(page) == [1, 4, 3, 2]
    page.locator(".tab", has_text="Completed").click()
    page.wait_for_url(re.compile("status=completed.*sort=duration"))
    assert numbers(page) == [1, 3, 2]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_phone_sorts_by_a_choice_of_the_filter(person: Person, script: bool) -> None:
    window = {"viewport": {"width": 360, "height": 780}, "java_script_enabled": script}
    page = open_project(person, **window)
    page.get_by_role("button", name="More").click()
    page.get_by_label("Sort").select_option(label="By duration")
    if not script:
        page.locator("#more").get_by_role("button", name="Filter").click()
    page.wait_for_url(re.compile("sort=duration"))
    assert numbers(page) == [1, 3, 2]


def test_what_cannot_be_sorted_by_is_said_to_be_left_out(person: Person) -> None:
    page = open_project(person, "?sort=size")
    expect(page.get_by_text("“size” is nothing to sort by; it was left out.")).to_be_visible()
    assert numbers(page) == [3, 2, 1]


def test_by_keyboard_a_phone_shows_the_heads_that_sort(person: Person) -> None:
    page = open_project(person, viewport={"width": 360, "height": 780})
    link = page.get_by_role("link", name="Duration", exact=True)
    box = link.locator("xpath=ancestor::thead")
    assert box.evaluate("head => head.offsetWidth") == 1
    link.focus()
    assert box.evaluate("head => head.offsetWidth") > 100
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("sort=duration"))
