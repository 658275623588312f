"""The page of causes, and what a document's and a job's page add to it."""

import re

from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

TIMEOUT = "LLM API timeout after {} retries"


def failed(number: int, error: str, **more: object) -> dict[str, object]:
    return ended(number, "failed", error_message=error, **more)


def open_causes(person: Person, **options: object) -> Page:
    return person.open(f"/projects/{person.board.project}/causes", **options)


def causes(page: Page):
    return page.locator("#rows > tr")


def test_failures_alike_are_one_cause_and_a_cause_is_a_filter(person: Person) -> None:
    send(
        person.board,
        *(failed(number, TIMEOUT.format(number), ago=60 - number) for number in range(1, 4)),
        failed(9, "“a.pdf” is encrypted", ago=4000),
        ended(20),
    )
    page = open_causes(person)
    expect(causes(page)).to_have_count(2)
    first = causes(page).first
    expect(first).to_contain_text(TIMEOUT.format(3))
    expect(first).to_contain_text("The model was not available. Run the job again.")
    expect(first).to_contain_text("3 failed jobs")
    expect(first.locator(".c-count")).to_have_text("3 75 %")
    expect(first.get_by_role("img", name="3 failed in 24 hours")).to_be_visible()
    first.get_by_role("link", name="an example").click()
    expect(page.locator("pre.error")).to_have_text(TIMEOUT.format(3))
    page.get_by_role("link", name="All jobs that failed by this cause").click()
    expect(page.locator("#rows tr")).to_have_count(3)
    expect(page.get_by_role("link", name=re.compile("^Remove: cause “LLM API"))).to_be_visible()
    page.go_back()
    page.go_back()
    first.locator(".cause__line").click()
    expect(page.locator("#rows tr")).to_have_count(3)


def test_a_success_takes_its_document_out_while_the_page_is_open(person: Person) -> None:
    send(person.board, *(failed(number, TIMEOUT.format(3), ago=300) for number in (1, 2)))
    page = open_causes(person)
    expect(page.locator(".head__sentence")).to_contain_text("2 documents still fail")
    summary = causes(page).locator("summary")
    summary.click()
    documents = causes(page).locator("details li")
    expect(documents).to_have_count(2)
    send(person.board, ended(3, source_doc_id="folder/document-1.pdf", ago=30))
    expect(documents).to_have_count(1)
    expect(documents).to_contain_text("document-2.pdf")
    expect(page.locator(".head__sentence")).to_contain_text("1 document still fails")
    expect(summary).to_be_focused()
    send(person.board, ended(4, source_doc_id="folder/document-2.pdf", ago=20))
    expect(page.locator(".head__sentence")).to_contain_text("Every document that failed has")
    expect(causes(page)).to_have_count(1)


def test_a_failing_document_leads_to_its_page(person: Person) -> None:
    send(person.board, failed(1, TIMEOUT.format(3)))
    page = open_causes(person)
    page.locator("summary").click()
    page.get_by_role("link", name="document-1.pdf").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("document-1.pdf")


def test_without_a_failure_it_says_so(person: Person) -> None:
    send(person.board, ended(1))
    page = open_causes(person)
    expect(page.locator("main")).to_contain_text("No job has failed.")
    page.get_by_role("link", name="Show the jobs").click()
    expect(page.locator("#rows tr")).to_have_count(1)


def test_a_cause_that_projects_share_is_one_line_above_them(person: Person) -> None:
    shared = f"Shared by two projects, told by {person.board.project}"
    for _ in range(2):
        send(person.board, *(failed(number, shared) for number in range(3)))
        person.board.project = person.board.new_project(f"{person.board.project}-more")
    page = person.open("/")
    line = page.locator(".shared li", has_text=shared)
    expect(line).to_have_count(1)
    expect(line).to_contain_text("in 2 projects")
