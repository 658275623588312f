"""Jobs that wait say since when, and do not bury the others."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import before, ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine


def waiting(number: int, ago: int) -> dict[str, object]:
    """A job that waits since so many seconds before now."""
    job = {"job_id": f"job-{number:05}", "source_doc_id": f"d/{number}.pdf", "status": "pending"}
    return job | {"created_at": before(ago)}


def open_project(person: Person, query: str = "", **options: object) -> Page:
    return person.open(f"/projects/{person.board.project}{query}", **options)


def ids(page: Page) -> list[str]:
    return page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.id)")


def test_a_row_says_since_when_its_job_waits(person: Person) -> None:
    send(person.board, waiting(1, 200))
    happened = open_project(person).locator("#row-job-00001 .c-what")
    expect(happened).to_have_text(re.compile(r"^since \d\d:\d\d\s\(3\smin\)$"))


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_a_page_opens_on_what_has_begun_and_says_how_many_wait(
    person: Person, script: bool
) -> None:
    old = [ended(1, ago=900), running(2, 5) | {"created_at": before(600)}]
    send(person.board, *old, *(waiting(number, 300 - number) for number in range(3, 63)))
    page = open_project(person, java_script_enabled=script)
    assert ids(page) == ["aside", "row-job-00002", "row-job-00001"]
    aside = page.locator("#aside")
    expect(aside).to_contain_text(re.compile(r"Waiting\s+60\sjobs\s"))
    expect(page.locator(".tab b")).to_have_text(["62", "1", "60", "0", "1", "0", "0"])
    expect(page.locator(".pager p")).to_have_text(re.compile(r"1–2 of 2\sjobs that have begun"))
    page.get_by_role("link", name=re.compile(r"62\s+All")).click()
    page.wait_for_url(re.compile(r"\?status=all$"))
    expect(page.locator(".pager p")).to_have_text(re.compile(r"1–50 of 62\sjobs$"))
    expect(aside).to_have_count(0)
    page.go_back()
    page.locator("#aside .open").click()
    page.wait_for_url(re.compile(r"\?status=pending$"))
    expect(page.locator(".pager p")).to_have_text(re.compile(r"1–50 of 60\sjobs$"))


def test_where_nothing_has_begun_those_that_wait_are_listed(person: Person) -> None:
    send(person.board, waiting(1, 60), waiting(2, 30))
    page = open_project(person)
    assert ids(page) == ["row-job-00002", "row-job-00001"]
    send(person.board, running(3, 5))
    expect(page.locator("#aside")).to_contain_text(re.compile(r"2\sjobs"))
    assert ids(page) == ["aside", "row-job-00003"]


def test_what_is_sought_is_found_though_it_waits(person: Person) -> None:
    send(person.board, ended(1), waiting(2, 30))
    page = open_project(person, "?q=d/2")
    assert ids(page) == ["row-job-00002"]


def test_a_file_has_the_rows_that_are_shown(person: Person) -> None:
    send(person.board, ended(1), waiting(2, 30))
    page = open_project(person)
    for path, expected in (("", {"job-00001"}), ("?status=all", {"job-00001", "job-00002"})):
        page.goto(f"{person.board.url}/projects/{person.board.project}{path}")
        with page.expect_download() as file:
            page.get_by_role("link", name="NDJSON").click()
        assert set(re.findall(r"job-\d+", file.value.path().read_text())) == expected


def test_under_a_reader_the_row_of_those_that_wait_neither_comes_nor_goes(person: Person) -> None:
    send(person.board, ended(1), running(2, 5))
    page = open_project(person)
    page.locator("#row-job-00002 .open").focus()
    send(person.board, waiting(3, 0), running(2, 66))
    expect(page.locator("#row-job-00002 progress")).to_have_attribute("value", "66")
    expect(page.locator("#aside")).to_have_count(0)
    expect(page.locator("#news")).to_have_text("1 new")
    page.keyboard.press("Escape")
    expect(page.locator("#aside")).to_have_count(1)
