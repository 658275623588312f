"""What a page says of what cannot be: starts to come, more chunks than there are, a job removed."""

import re

from playwright.sync_api import expect

from app.clock import now
from app.ledger.removal import remove_jobs
from app.rules.status import JobStatus
from app.rules.times import DAY
from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import before, job, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine


def test_no_start_in_the_future_is_shown_as_one(person: Person) -> None:
    board = person.board
    board.project = board.new_project(f"{board.project}-ahead")
    far = "2099-12-31T23:59:00Z"
    send(board, job(1, "running", started_at=far), job(2, "failed", started_at=far))
    page = person.open(f"/projects/{board.project}")
    for row in page.locator("#rows .c-began").all():
        expect(row).to_have_text(re.compile(r"^(now|\d+\ss ago)$"))
    page.goto(f"{board.url}/projects/{board.project}/jobs/job-00001")
    expect(page.locator(".head__sentence")).to_have_text(
        re.compile(r"Running since \d\d:\d\d\s\(\d+\ss\)")
    )
    started = page.locator(".facts dt:text-is('Started') + dd")
    expect(started).to_have_text(re.compile(r"2099|2100.*by the sender's clock"))
    expect(page.locator(".facts__skew")).to_contain_text("ahead")


def test_more_chunks_than_were_announced_are_said_as_what_they_are(person: Person) -> None:
    board = person.board
    board.project = board.new_project(f"{board.project}-over")
    over = job(1, "running", chunks_processed=250, started_at=before(60))
    send(board, over, running(2, 40) | {"started_at": before(60)})
    told = re.compile(r"250\schunks, 100 announced")
    page = person.open(f"/projects/{board.project}")
    row = page.locator("#row-job-00001")
    expect(row.locator(".c-what")).to_have_text(told)
    expect(row.locator("progress")).to_have_count(0)
    expect(row.locator(".c-chunks")).to_have_text("250 > 100")
    expect(page.locator("#row-job-00002 progress")).to_have_attribute("value", "40")
    page.goto(f"{board.url}/projects/{board.project}/jobs/job-00001")
    expect(page.locator(".job__progress")).to_have_text(told)
    expect(page.locator(".facts dt:text-is('Chunks') + dd")).to_have_text(told)
    page.goto(f"{board.url}/wall?project={board.project}")
    item = page.locator(".item", has_text="document-1.pdf")
    expect(item.locator(".item__done")).to_have_text(told)
    expect(item.locator("progress")).to_have_count(0)


def test_a_job_that_is_removed_while_its_page_is_open_says_so_and_stays(person: Person) -> None:
    board = person.board
    board.project = board.new_project(f"{board.project}-pruned")
    send(board, job(1, "failed", error_message="Quota exceeded"))
    page = person.open(f"/projects/{board.project}/jobs/job-00001")
    expect(page.locator("#link")).to_contain_text("Live")
    with board.database():
        remove_jobs(board.project, statuses=[JobStatus.FAILED], before=now() + DAY)
    expect(page.locator("#link")).to_contain_text("Removed")
    expect(page.locator(".alarm")).to_contain_text(
        re.compile(r"^Removed\. What stands below is from \d\d:\d\d\.")
    )
    expect(page.locator("#status")).to_have_text("Removed")
    expect(page).to_have_title(re.compile("^Removed · "))
    expect(page.locator(".why")).to_have_text("Quota exceeded")
    expect(page.locator("#live")).to_have_css("filter", "grayscale(1)")
    expect(page.get_by_role("button", name="Pause")).to_be_hidden()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not Found")
