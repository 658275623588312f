"""A job's page and a document's: everything known, ready to be copied, and what changed."""

import json
import re

from playwright.sync_api import Page, expect

from app.ledger.projects import change_project
from tests.kit.databases import sqlite_only
from tests.kit.person import Person, wait_until
from tests.kit.reports import before, ended, get, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

ERROR = "Traceback (most recent call last):\n  File \"x.py\"\nValueError: <b>no</b> & 'no'"


def open_job(person: Person, number: int, **options: object) -> Page:
    return person.open(f"/projects/{person.board.project}/jobs/job-{number:05}", **options)


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def test_copy_buttons_copy_what_stands_beside_them(person: Person) -> None:
    send(person.board, ended(1, "failed", error_message=ERROR, source_doc_id="a/b  c.pdf"))
    page = open_job(person, 1, permissions=["clipboard-read", "clipboard-write"])
    error = page.get_by_role("region", name="Error")
    error.get_by_role("button", name="Copy").click()
    expect(error.get_by_role("button", name="Copied")).to_be_visible()
    assert clipboard(page) == ERROR
    for name, text in (("the job's id", "job-00001"), ("the document's id", "a/b  c.pdf")):
        page.get_by_role("button", name=f"Copy {name}").click()
        wait_until(page, "navigator.clipboard.readText().then(text => text !== '')")
        assert clipboard(page) == text


def test_the_same_job_as_json_and_as_curl(person: Person) -> None:
    send(person.board, ended(1, "failed", error_message=ERROR, chunks_processed=7))
    page = open_job(person, 1, permissions=["clipboard-read", "clipboard-write"])
    page.get_by_text("The same job as JSON").click()
    shown = json.loads(page.locator("#json-text").text_content() or "")
    assert shown == get(person.board, "/job-00001")
    page.get_by_text("The same job as curl").click()
    page.locator("#raw").get_by_role("button", name="Copy").click()
    expect(page.locator("#raw").get_by_role("button", name="Copied")).to_be_visible()
    command = clipboard(page)
    address = f"{person.board.url}/api/v1/projects/{person.board.project}/jobs/job-00001"
    assert command.startswith("curl ") and command.endswith(address)


def test_an_open_part_stays_open_while_the_job_moves(person: Person) -> None:
    times = {"status": "running", "completed_at": None}
    send(person.board, ended(1, chunks_processed=3) | times)
    page = open_job(person, 1)
    page.get_by_text("The same job as JSON").click()
    send(person.board, ended(1, chunks_processed=44) | times)
    expect(page.locator("#json-text")).to_contain_text('"chunks_processed": 44')
    expect(page.get_by_text("The same job as JSON")).to_be_focused()


def test_links_lead_to_where_the_job_lives_elsewhere(person: Person) -> None:
    send(person.board, ended(1, source_doc_id="https://docs.example/a?b=<c>&d=1"))
    with person.board.database():
        change_project(
            person.board.project,
            {
                "source_link": "{source_doc_id}",
                "logs_link": "https://logs.example/search?q={job_id}&doc={source_doc_id}",
                "rerun_link": "https://run.example/{project_id}/{attempt}",
            },
        )
    page = open_job(person, 1)
    hrefs = {
        link.text_content(): link.get_attribute("href")
        for link in page.locator("dd a[rel~=noreferrer]").all()
    }
    assert hrefs == {
        "Source document": "https://docs.example/a?b=<c>&d=1",
        "Logs": "https://logs.example/search?q=job-00001"
        "&doc=https%3A//docs.example/a%3Fb%3D%3Cc%3E%26d%3D1",
        "Run again": f"https://run.example/{person.board.project}/1",
    }


def test_attempts_and_what_was_reported_are_told(person: Person) -> None:
    send(person.board, ended(1, "failed", error_message="First\nwas this", ago=600))
    send(person.board, ended(1, attempt=2, ago=300, nodes_created=5))
    send(person.board, ended(1, "failed", attempt=2, ago=500, error_message="Lost"))
    page = open_job(person, 1)
    attempts = page.get_by_role("region", name="Earlier attempts")
    attempts.locator("summary", has_text="First").click()
    expect(attempts.locator("pre.error")).to_have_text("First\nwas this")
    events = page.get_by_role("region", name="What was reported")
    expect(events).to_contain_text("Attempt 2 began")
    expect(events.locator("li", has_text="Conflict")).to_contain_text("failed")
    page.get_by_role("link", name="All jobs of this document").click()
    expect(page.locator("#rows tr")).to_have_count(1)


def test_a_document_tells_what_changed_from_job_to_job(person: Person) -> None:
    one = {"source_doc_id": "hr/handbook.md"}
    send(
        person.board,
        ended(1, **one, ago=900, chunks_processed=100, nodes_created=300, edges_created=600),
        ended(2, "failed", **one, ago=600, took=45, chunks_processed=40, error_message="x"),
    )
    page = person.open(f"/projects/{person.board.project}/document?id=hr/handbook.md")
    deltas = page.locator("#row-job-00002 .delta")
    expect(deltas).to_have_text(["−60", "−300", "−600", "+15 s"])
    expect(page.locator("#row-job-00002")).to_contain_text("failed after a success")
    expect(page.locator("#row-job-00001 .delta")).to_have_text(["", "", "", ""])
    expect(page.locator(".head__sentence")).to_contain_text(re.compile(r"Failed.*2\sjobs"))
    send(
        person.board,
        ended(3, **one, ago=30, chunks_processed=110, nodes_created=330, edges_created=600),
    )
    expect(page.locator("#row-job-00003 .delta")).to_have_text(["+70", "+330", "+600", "−15 s"])
    expect(page.locator("#row-job-00003")).to_contain_text("recovered")
    expect(page.locator(".head__sentence")).to_contain_text("Completed")
    page.locator("#row-job-00003 a").click()
    page.wait_for_url(re.compile("/jobs/job-00003"))


def test_a_running_job_says_how_long_it_will_take_yet(person: Person) -> None:
    send(person.board, *(ended(number, chunks_processed=10) for number in range(1, 7)))
    send(person.board, running(7, 50) | {"started_at": before(150)})
    row = person.open(f"/projects/{person.board.project}").locator("#row-job-00007")
    left = open_job(person, 7).get_by_role("region", name="Progress").locator(".left")
    expect(left).to_have_text(re.compile(r"^≈ [23]\Wmin left$"))
    expect(row.locator(".left")).to_have_text(left.text_content() or "")
    send(person.board, ended(7))
    expect(left).to_have_count(0)
