"""WCAG 2.2 AA: axe finds nothing on any page, wide and narrow, light and dark."""

import json
import re
from collections.abc import Callable

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from tests.kit import ROOT
from tests.kit.axe import look
from tests.kit.board import served
from tests.kit.databases import sqlite_only
from tests.kit.person import Person, sign_in

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

PROJECT = "/projects/legal-contracts"
AIRFLOW = ROOT / "tests/sources/events/airflow.ndjson"
SIZES = ((1440, 900), (360, 780))
OVER = """() => {
    const open = ":popover-open, dialog[open], .chart [open], .between[open]";
    const over = document.querySelector(open);
    return over ? "#" + over.id : "html"; }"""


def first_job(page: Page) -> None:
    page.locator("#rows .open").first.click()
    page.wait_for_url(re.compile("/jobs/"))


def opened_job(page: Page) -> None:
    first_job(page)
    for summary in page.locator("summary").all():
        summary.click()


def its_document(page: Page) -> None:
    first_job(page)
    page.get_by_role("link", name="All jobs of this document").click()


def cause_as_filter(page: Page) -> None:
    page.get_by_role("link", name=re.compile("failed jobs?$")).first.click()
    expect(page.get_by_role("link", name=re.compile("^Remove: cause"))).to_be_visible()


def first_cause(page: Page) -> None:
    page.locator(".cause__line").first.click()
    expect(page.get_by_role("heading", name="Documents that still fail")).to_be_visible()


def hour_as_filter(page: Page) -> None:
    bar = page.locator(".chart svg a").first
    page.goto(bar.evaluate("link => new URL(link.href.baseVal, location).href"))
    expect(page.get_by_role("link", name=re.compile("^Remove: finished"))).to_be_visible()


def chart_as_table(page: Page) -> None:
    summary = page.get_by_text("As a table")
    if summary.is_visible():  # a phone has no chart
        summary.click()


def more_filters(page: Page) -> None:
    button = page.get_by_role("button", name="More")
    if button.is_visible():  # a wide page has them in line
        button.click()


def from_and_to(page: Page) -> None:
    more_filters(page)
    page.get_by_text("From – to").click()
    expect(page.get_by_label("From")).to_be_visible()


def settings(page: Page) -> None:
    page.get_by_role("button", name="Settings").click()
    expect(page.get_by_role("group", name="Theme")).to_be_visible()


def shortcuts(page: Page) -> None:
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def paused(page: Page) -> None:
    page.get_by_role("button", name="Pause").click()


def lost(page: Page) -> None:
    page.route("**/*", lambda route: route.abort())
    expect(page.locator("#link")).to_contain_text("No answer since", timeout=15_000)


def signed_out(page: Page) -> None:
    page.route("**/*", lambda route: route.fulfill(status=401))
    expect(page.locator("#link")).to_contain_text("Signed out", timeout=15_000)


def held(page: Page) -> None:
    page.locator("#pause").click()
    page.locator("#news").evaluate("pill => { pill.hidden = false; pill.append('2 new'); }")
    page.locator("#rows tr.tone--failed").first.evaluate("row => row.classList.add('is-gone')")


MORE_ROWS = "#rows tr:nth-child(n + 13)"
"""Of 50 rows twelve show every kind; all of them are looked at once, on the page `project`."""

PAGES: dict[str, tuple[str, Callable[[Page], object] | None]] = {
    "overview": ("/", None),
    "overview, filtered": ("/?q=a&state=fine", None),
    "overview, no match": ("/?q=nothing-like-it", None),
    "project": (PROJECT, None),
    "project, typed filters": (f"{PROJECT}?q=s3&since=24h&longer=1m", None),
    "project, status": (f"{PROJECT}?status=failed", None),
    "project, stalled": (f"{PROJECT}?stalled=1", None),
    "project, no nodes": (f"{PROJECT}?empty=1", None),
    "project, document": (f"{PROJECT}?document=wiki/README.md", None),
    "project, between": (f"{PROJECT}?since=2026-01-01&until=2100-01-01T00:00:00Z", None),
    "project, cause": (f"{PROJECT}/causes", cause_as_filter),
    "project, finished": (PROJECT, hour_as_filter),
    "project, month": (f"{PROJECT}?chart=30d", None),
    "project, chart as a table": (PROJECT, chart_as_table),
    "project, more filters": (PROJECT, more_filters),
    "project, from and to": (PROJECT, from_and_to),
    "project, no match": (f"{PROJECT}?q=nothing-like-it", None),
    "project, sorted": (f"{PROJECT}?sort=duration&status=all", None),
    "project, left out": (f"{PROJECT}?status=faild&since=yesterday", None),
    "project, past its end": (f"{PROJECT}?page=99999", None),
    "project, held": (PROJECT, held),
    "project, paused": (PROJECT, paused),
    "project, lost": (PROJECT, lost),
    "project, signed out": (PROJECT, signed_out),
    "project, settings": (PROJECT, settings),
    "project, shortcuts": (PROJECT, shortcuts),
    "empty project": ("/projects/sandbox", None),
    "causes": (f"{PROJECT}/causes", None),
    "cause": (f"{PROJECT}/causes", first_cause),
    "no cause": ("/projects/sandbox/causes", None),
    "document": (f"{PROJECT}?status=failed", its_document),
    "job, running": (f"{PROJECT}?status=running", first_job),
    "job, waiting": (f"{PROJECT}?status=pending", first_job),
    "job, failed": (f"{PROJECT}?status=failed", opened_job),
    "job, completed": (f"{PROJECT}?status=completed", first_job),
    "job, stalled": (f"{PROJECT}?stalled=1", first_job),
    "job, no nodes": (f"{PROJECT}?empty=1", first_job),
    "error": ("/projects/nowhere", None),
    "report, waiting": ("/report?project_id=sandbox", None),
    "report": ("/report?project_id=legal-contracts&way=spark", None),
    "another project": ("/report/project", None),
    "no project to report to": ("/report?project_id=nowhere", None),
    "wall": ("/wall", None),
    "screens": ("/screens", None),
    "link of a screen": ("/screens/link", None),
    "sources": ("/sources", None),
}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing(demo: Person, name: str) -> None:
    path, act = PAGES[name]
    without = None if name == "project" else MORE_ROWS
    wrong = look_everywhere(demo.open(path), act, without)
    assert not wrong, "\n".join(wrong)


def test_axe_finds_nothing_on_the_way_in(demo: Person) -> None:
    page = demo.open("/sign-in", storage_state=None)

    def refused(page: Page) -> None:
        page.get_by_label("Key").fill("ib-nonsense")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_be_visible()

    assert look_everywhere(page, None) == []
    assert look_everywhere(page, refused) == []


@pytest.mark.parametrize("lines", [2, 100])
def test_axe_finds_nothing_where_a_job_came_from(person: Person, lines: int) -> None:
    board, sent = person.board, map(json.loads, AIRFLOW.read_text().splitlines())
    event = next(one for one in sent if one["eventType"] == "FAIL")
    event["run"]["facets"]["errorMessage"] = {"message": "\n".join(["no text"] * lines)}
    answer = requests.post(
        f"{board.url}/api/v1/lineage?project_id={board.project}",
        json=event,
        headers={"Authorization": f"Bearer {board.key}"},
        timeout=10,
    )
    page = person.open(f"/projects/{board.project}/jobs/{answer.json()['job_id']}")
    expect(page.get_by_role("heading", name="Where it came from")).to_be_visible()
    assert look_everywhere(page, None) == []


def test_axe_finds_nothing_where_the_first_project_is_made(
    chromium: Browser, settings: dict[str, str]
) -> None:
    def refused(page: Page) -> None:
        page.get_by_label("Name of the project").fill(" ")
        page.get_by_role("radio").first.check()
        page.get_by_role("button", name="Make the project").click()
        expect(page.get_by_role("alert")).to_be_visible()

    with served(settings) as board:
        someone = sign_in(chromium, board)
        page = someone.open("/report")
        assert look_everywhere(page, None) == []
        assert look_everywhere(page, refused) == []
        someone.context.close()
    assert someone.complaints == []


def look_everywhere(
    page: Page, act: Callable[[Page], object] | None, without: str | None = None
) -> list[str]:
    """What axe says of a page: all of it once, then what the other width and theme may change."""
    address, wrong = page.url, []
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        if act:
            page.unroute_all()
            page.evaluate("sessionStorage.clear()")
            page.goto(address)
            act(page)
        # What lies over a page is looked at alone, for axe takes what it covers for a fault.
        over = page.evaluate(OVER)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            first = (width, scheme) == (SIZES[0][0], "light")
            found = look(page, over, without=without, seen=not first)
            wrong += [f"{width} {scheme}: {line}" for line in found]
    return wrong
