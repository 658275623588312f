"""The page of causes, and what a document's and a job's page add to it."""

import re
from pathlib import Path

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
    expect(page.locator(".why")).to_have_text(TIMEOUT.format(3))
    expect(page.locator(".why__remedy")).to_have_text(
        "The model was not available. Run the job again."
    )
    page.get_by_role("link", name="All jobs that failed by this cause").click()
    expect(page.locator("#rows tr")).to_have_count(3)
    expect(page.get_by_role("link", name=re.compile("^Remove: cause “LLM API"))).to_be_visible()
    page.go_back()
    page.go_back()
    first.locator(".cause__line").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(TIMEOUT.format(3))
    expect(page.locator("#rows tr")).to_have_count(3)
    page.get_by_role("link", name="3 jobs").click()
    expect(page.get_by_role("link", name=re.compile("^Remove: cause “LLM API"))).to_be_visible()


def test_the_documents_of_a_cause_are_copied_and_downloaded(person: Person) -> None:
    send(person.board, *(failed(number, TIMEOUT.format(3), ago=60 - number) for number in (1, 2)))
    page = open_causes(person)
    page.locator(".cause__line").click()
    names = "folder/document-2.pdf\nfolder/document-1.pdf\n"
    expect(page.locator("#failing")).to_have_text(names)
    page.get_by_role("button", name="Copy the list").click()
    expect(page.get_by_role("button", name=re.compile("Copied|Selected"))).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="list").click()
    assert Path(download.value.path()).read_text() == names


LONG = "\n".join(
    ["Traceback (most recent call last):"]
    + [f'  File "{"deep/" * 40}step{number}.py", line {number}, in run' for number in range(60)]
    + ["ValueError: the page is torn"]
)


def test_of_a_long_error_the_end_is_in_sight_and_its_lines_need_not_wrap(person: Person) -> None:
    send(person.board, failed(1, LONG))
    page = person.open(f"/projects/{person.board.project}/jobs/job-00001")
    expect(page.locator(".why")).to_have_text("ValueError: the page is torn")
    box = page.locator("pre.error--whole")
    bottoms = "box => [box, box.firstElementChild].map(one => one.getBoundingClientRect().bottom)"
    bottom, end = box.evaluate(bottoms)
    assert bottom >= end, "it is scrolled to its end"
    assert box.evaluate("box => box.scrollHeight > 2 * box.clientHeight")
    assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
    page.get_by_label("Wrap lines").uncheck()
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    send(person.board, {"job_id": "job-00001", "chunks_processed": 99})
    expect(page.locator("#live")).to_contain_text("99")
    expect(page.get_by_label("Wrap lines")).not_to_be_checked()


def test_a_success_takes_its_document_out_while_the_page_is_open(person: Person) -> None:
    send(person.board, *(failed(number, TIMEOUT.format(3), ago=300) for number in (1, 2)))
    page = open_causes(person)
    expect(page.locator(".head__sentence")).to_contain_text("2 documents still fail")
    documents = causes(page).locator(".cause__documents li")
    expect(documents).to_have_count(2)
    send(person.board, ended(3, source_doc_id="folder/document-1.pdf", ago=30))
    expect(documents).to_have_count(1)
    expect(documents).to_contain_text("document-2.pdf")
    expect(page.locator(".head__sentence")).to_contain_text("1 document still fails")
    send(person.board, ended(4, source_doc_id="folder/document-2.pdf", ago=20))
    expect(page.locator(".head__sentence")).to_contain_text("Every document that failed has")
    expect(causes(page)).to_have_count(1)


def test_a_failing_document_leads_to_its_page(person: Person) -> None:
    send(person.board, failed(1, TIMEOUT.format(3)))
    page = open_causes(person)
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
