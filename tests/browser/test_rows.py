"""A row is opened by a click anywhere on it; what is a link of its own leads where it says."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

OWN = {
    "document": (".doc", r"/document\?id=folder"),
    "error": (".c-what a", r"/causes/[0-9a-f]{16}$"),
    "job": (".c-job a", r"/jobs/job-00001$"),
    "status": (".open", r"/jobs/job-00001$"),
}


def open_project(person: Person, **options: object) -> Page:
    send(person.board, ended(1, "failed", error_message="It broke"), ended(2))
    return person.open(f"/projects/{person.board.project}", **options)


@pytest.mark.parametrize("cell", [".c-chunks", ".c-nodes", ".c-took", ".c-began", ".c-status"])
def test_a_click_anywhere_on_a_row_opens_it(person: Person, cell: str) -> None:
    page = open_project(person)
    page.locator(f"#row-job-00001 {cell}").click(position={"x": 2, "y": 2})
    page.wait_for_url(re.compile(r"/jobs/job-00001$"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("name", OWN)
def test_what_is_a_link_of_its_own_leads_where_it_says(
    person: Person, name: str, script: bool
) -> None:
    selector, address = OWN[name]
    window = {"width": 1440, "height": 900}
    page = open_project(person, java_script_enabled=script, viewport=window)
    with page.context.expect_page() as tab:
        page.locator(f"#row-job-00001 {selector}").click(button="middle")
    tab.value.wait_for_url(re.compile(address))
    page.locator(f"#row-job-00001 {selector}").click()
    page.wait_for_url(re.compile(address))


def test_with_a_key_held_a_click_on_a_row_opens_a_tab(person: Person) -> None:
    page = open_project(person)
    with page.context.expect_page() as tab:
        page.locator("#row-job-00001 .c-nodes").click(modifiers=["ControlOrMeta"])
    tab.value.wait_for_url(re.compile(r"/jobs/job-00001$"))
    expect(page.locator("#row-job-00001")).to_be_visible()


def test_text_of_a_row_can_be_selected(person: Person) -> None:
    page = open_project(person)
    box = page.locator("#row-job-00001 .c-nodes").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 4, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 240, box["y"] + 22, steps=6)
    page.mouse.up()
    assert "30 s" in page.evaluate("getSelection().toString()").replace("\N{NO-BREAK SPACE}", " ")
    assert page.url.endswith(person.board.project)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_on_a_phone_all_of_a_row_is_one_target(person: Person, script: bool) -> None:
    page = open_project(
        person, java_script_enabled=script, viewport={"width": 360, "height": 780}, has_touch=True
    )
    box = page.locator("#row-job-00001 .doc").bounding_box()
    assert box is not None
    page.touchscreen.tap(box["x"] + 20, box["y"] + 8)
    page.wait_for_url(re.compile(r"/jobs/job-00001$"))
