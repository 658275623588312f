"""The page that people leave open: it moves by itself, keeps still under a reader, never lies."""

import re
import signal
import time

from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import job, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

ICONS = """performance.getEntriesByType("resource").filter(
    ({ initiatorType, name }) => initiatorType === "fetch" && name.includes("/icons/")
).length"""
"""How many icons a page has fetched, of the three by which its tab tells how things stand."""


def open_project(person: Person, query: str = "", **options: object) -> Page:
    return person.open(f"/projects/{person.board.project}{query}", **options)


def row(page: Page, number: int):
    return page.locator(f"#row-job-{number:05}")


def test_a_running_row_changes_without_reload_and_keeps_selection_and_focus(
    person: Person,
) -> None:
    send(person.board, running(1, 10), job(2))
    page = open_project(person)
    page.evaluate("window.neverReloaded = true")
    link = row(page, 2).locator(".doc")
    link.focus()
    page.evaluate(
        "getSelection().selectAllChildren(document.querySelector('#row-job-00001 .c-doc'))"
    )
    expect(row(page, 1)).to_contain_text("10")
    send(person.board, running(1, 58))
    expect(row(page, 1).locator("progress")).to_have_attribute("value", re.compile("58"))
    send(person.board, job(1, chunks_processed=100, nodes_created=3))
    expect(row(page, 1)).to_contain_text("Completed")
    assert page.evaluate("window.neverReloaded") is True
    assert page.evaluate("getSelection().toString()").strip().endswith("document-1.pdf")
    expect(link).to_be_focused()


def test_new_jobs_appear_at_the_top_for_who_does_not_read(person: Person) -> None:
    send(person.board, running(1, 10))
    page = open_project(person)
    send(person.board, running(2, 10))
    expect(page.locator("#rows tr").first).to_have_attribute("id", "row-job-00002")
    expect(page.locator(".tab[aria-current] b")).to_have_text("2")


def test_an_unchanged_board_answers_304_and_leaves_the_page_alone(person: Person) -> None:
    send(person.board, job(1))
    page = open_project(person)
    statuses: list[int] = []
    page.on("response", lambda answer: statuses.append(answer.status))
    page.evaluate("document.querySelector('#rows tr').marked = true")
    nodes = page.evaluate("document.querySelectorAll('*').length")
    deadline = time.monotonic() + 12
    while statuses.count(304) < 2 and time.monotonic() < deadline:
        page.wait_for_timeout(200)
    # At most one answer is new: where the minute turned while we watched.
    assert statuses.count(304) >= 2
    assert page.evaluate("document.querySelector('#rows tr').marked")
    assert page.evaluate("document.querySelectorAll('*').length") == nodes


def test_nothing_moves_under_a_reader(person: Person) -> None:
    send(person.board, *(running(number, 10) for number in range(1, 6)))
    page = open_project(person, "?status=running")
    row(page, 3).hover()
    page.mouse.move(400, row(page, 3).bounding_box()["y"] + 10)
    before = page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.id)")
    send(person.board, running(6, 10), running(7, 10), running(3, 77), job(4))
    pill = page.locator("#news")
    expect(pill).to_have_text("2 new, 1 gone")
    expect(row(page, 3).locator("progress")).to_have_attribute("value", re.compile("77"))
    assert page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.id)") == before
    expect(row(page, 4)).to_have_class(re.compile("is-gone"))
    pill.click()
    expect(page.locator("#rows tr").first).to_have_attribute("id", "row-job-00007")
    expect(row(page, 4)).to_have_count(0)
    expect(pill).to_be_hidden()


def test_a_focused_row_holds_the_list_too(person: Person) -> None:
    send(person.board, *(running(number, 10) for number in range(1, 4)))
    page = open_project(person)
    row(page, 2).locator(".doc").focus()
    send(person.board, running(4, 10))
    expect(page.locator("#news")).to_have_text("1 new")
    expect(row(page, 4)).to_have_count(0)
    expect(row(page, 2).locator(".doc")).to_be_focused()


def test_typing_in_the_filter_outlives_every_poll(person: Person) -> None:
    send(person.board, running(1, 10))
    page = open_project(person)
    field = page.get_by_role("searchbox")
    field.press_sequentially("docu")
    send(person.board, running(1, 20))
    expect(row(page, 1).locator("progress")).to_have_attribute("value", re.compile("20"))
    expect(field).to_have_value("docu")
    expect(field).to_be_focused()


def test_pause_stops_the_polls_and_says_how_old_the_data_is(person: Person) -> None:
    send(person.board, running(1, 10))
    page = open_project(person)
    page.get_by_role("button", name="Pause").click()
    expect(page.locator("#link")).to_contain_text("Paused")
    expect(page.locator("#link")).to_contain_text("old")
    send(person.board, running(1, 90))
    page.wait_for_timeout(1000)
    expect(row(page, 1).locator("progress")).to_have_attribute("value", re.compile("10"))
    page.reload()
    expect(page.locator("#link")).to_contain_text("Paused")
    page.get_by_role("button", name="Resume").click()
    expect(page.locator("#link")).to_contain_text("Live")


def test_a_killed_server_is_announced_and_recovery_needs_no_reload(own_person: Person) -> None:
    board = own_person.board
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    send(board, running(1, 10) | {"started_at": started})
    page = open_project(own_person)
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("#link")).to_contain_text("Live")
    while page.evaluate(ICONS) < 3:  # a dead server gives none
        page.wait_for_timeout(50)
    board.stop(signal.SIGKILL)
    expect(page.locator("#link")).to_contain_text("No answer since", timeout=15_000)
    expect(page.locator("html")).to_have_attribute("data-link", "lost")
    expect(row(page, 1)).to_be_visible()
    expect(page).to_have_title(re.compile("^Lost · "))
    assert page.locator("#favicon").get_attribute("href").startswith("data:image/svg")
    took = row(page, 1).locator(".c-took")
    frozen = took.text_content()
    page.wait_for_timeout(2100)
    assert took.text_content() == frozen, "a job seems to run on, and nobody knows"
    board.start()
    send(board, running(1, 60))
    expect(page.locator("#link")).to_contain_text("Live", timeout=20_000)
    expect(row(page, 1).locator("progress")).to_have_attribute("value", re.compile("60"))
    assert page.evaluate("window.neverReloaded") is True


def test_a_server_that_hangs_is_lost_too(own_person: Person) -> None:
    send(own_person.board, running(1, 10))
    page = open_project(own_person)
    expect(page.locator("#link")).to_contain_text("Live")
    own_person.board.signal(signal.SIGSTOP)
    try:
        expect(page.locator("#link")).to_contain_text("No answer since", timeout=30_000)
    finally:
        own_person.board.signal(signal.SIGCONT)
    expect(page.locator("#link")).to_contain_text("Live", timeout=20_000)


def test_an_error_page_never_replaces_the_table(person: Person) -> None:
    send(person.board, running(1, 10))
    page = open_project(person)
    ask = re.compile(r"/projects/live-\d+$")
    page.route(ask, lambda route: route.fulfill(status=500, body="<h1>Oh no</h1>"))
    expect(page.locator("#link")).to_contain_text("Error 500", timeout=15_000)
    expect(row(page, 1)).to_be_visible()
    page.unroute(ask)
    page.route(ask, lambda route: route.fulfill(status=200, body="<h1>A proxy</h1>"))
    page.wait_for_timeout(1000)
    expect(row(page, 1)).to_be_visible()
    page.unroute(ask)
    expect(page.locator("#link")).to_contain_text("Live", timeout=20_000)


def test_a_revoked_session_says_so_and_stops_asking(person: Person) -> None:
    send(person.board, running(1, 10))
    page = open_project(person)
    expect(page.locator("#link")).to_contain_text("Live")
    person.context.clear_cookies()
    expect(page.locator("#link")).to_contain_text("Signed out")
    expect(page.locator("#link a")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1000)
    assert asked == []


def test_a_hidden_tab_rests_and_asks_at_once_on_return(person: Person) -> None:
    send(person.board, running(1, 10))
    page = open_project(person)
    expect(page.locator("#link")).to_contain_text("Live")
    show = """hidden => {
        Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
        document.dispatchEvent(new Event("visibilitychange"));
    }"""
    page.evaluate(show, True)
    page.wait_for_timeout(5000)  # a poll waits for a change for 4 s
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(1500)
    assert asked == []
    page.evaluate(show, False)
    page.wait_for_timeout(500)
    assert asked, "it would have rested for a minute"


def test_back_shows_the_whole_page_and_not_its_live_part(person: Person) -> None:
    send(person.board, running(1, 10))
    page = open_project(person)
    send(person.board, running(1, 40))
    expect(row(page, 1).locator("progress")).to_have_attribute("value", re.compile("40"))
    row(page, 1).locator(".open").click()
    page.wait_for_url(re.compile("/jobs/job-00001"))
    page.go_back()
    expect(page.locator("header.bar")).to_be_visible()
    expect(row(page, 1)).to_be_visible()
    send(person.board, running(1, 50))
    expect(row(page, 1).locator("progress")).to_have_attribute("value", re.compile("50"))


def test_trouble_shows_in_the_title(person: Person) -> None:
    send(person.board, *(job(number, "failed", error_message="x") for number in range(3)))
    page = open_project(person)
    expect(page).to_have_title(re.compile(r"^Failing · live-"))


def test_title_mark_and_icon_follow_trouble_that_is_no_failure(own_person: Person) -> None:
    board = own_person.board
    made = {"chunks_processed": 4, "nodes_created": 2}
    send(board, *(job(number, "completed", **made) for number in range(3)))
    page, overview = open_project(own_person), own_person.open("/")
    for shown in (page, overview):
        expect(shown).not_to_have_title(re.compile("No output|in trouble"))
        expect(shown.locator("html")).to_have_attribute("data-mood", "calm")
    none = {"chunks_processed": 4, "nodes_created": 0}
    send(board, *(job(number, "completed", **none) for number in range(3, 9)))
    expect(page).to_have_title(re.compile("^No output · "))
    expect(overview).to_have_title(re.compile(r"^\(1 in trouble\) Projects"))
    for shown in (page, overview):
        expect(shown.locator("html")).to_have_attribute("data-mood", "trouble")
        icon = shown.locator("#favicon")
        expect(icon).to_have_attribute("href", re.compile("^data:image/svg|trouble"))


def test_the_words_of_a_verdict_lead_to_the_jobs_that_it_is_about(person: Person) -> None:
    board = person.board
    made = {"chunks_processed": 4, "nodes_created": 2}
    send(board, *(job(number, "completed", **made) for number in range(3)))
    send(
        board, *(job(number, "completed", **made | {"nodes_created": 0}) for number in range(3, 9))
    )
    page = open_project(person)
    page.locator(".head__sentence a").first.click()
    expect(page).to_have_url(re.compile(r"\?empty=1"))
    expect(page.locator("tbody .row")).to_have_count(6)


def test_the_job_page_follows_its_job(person: Person) -> None:
    send(person.board, running(1, 10))
    page = person.open(f"/projects/{person.board.project}/jobs/job-00001")
    expect(page.locator("progress").first).to_have_attribute("value", re.compile("10"))
    send(person.board, job(1, "failed", chunks_processed=44, error_message="It broke\nhere"))
    expect(page.locator("pre.error")).to_have_text("It broke\nhere")
    expect(page.locator("#live")).to_contain_text("Failed")
