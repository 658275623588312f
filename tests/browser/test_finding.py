"""Finding jobs: each filter by hand, all of them in the URL, shareable, removable one by one."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

PROJECT = "/projects/legal-contracts"


def tab(label: str) -> Callable[[Page], None]:
    name = re.compile(rf"^[\d,]+ {label}$")
    return lambda page: page.get_by_role("link", name=name).click()


def words(text: str) -> Callable[[Page], None]:
    def search(page: Page) -> None:
        page.get_by_role("searchbox").fill(text)
        page.keyboard.press("Enter")

    return search


def chosen(label: str, option: str) -> Callable[[Page], object]:
    return lambda page: page.get_by_label(label, exact=True).select_option(label=option)


def job_id(page: Page) -> None:
    words(page.locator("#rows .c-job").nth(7).text_content() or "")(page)


def last_bar(page: Page) -> None:
    page.locator(".chart svg a").nth(-2).click()


def first_cause(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^See the")).click()
    page.get_by_role("link", name=re.compile("failed jobs?$")).first.click()


def shown(page: Page) -> list[str]:
    expect(page.locator("#rows tr").first).to_be_visible()
    return page.locator("#rows tr").evaluate_all("rows => rows.map(row => row.id)")


def parameters(page: Page) -> dict[str, list[str]]:
    return {k: v for k, v in parse_qs(urlsplit(page.url).query).items() if v != [""]}


# What a person does, the parameter that stands in the URL then, and what every row tells.
FILTERS = {
    "status": (tab("Failed"), "status", "Failed"),
    "stalled": (tab("Stalled"), "stalled", "Stalled"),
    "no nodes": (tab("No nodes"), "empty", "0 nodes from"),
    "document": (words("hr/handbook/nda"), "q", "hr/handbook/nda"),
    "job id": (job_id, "q", "job-"),
    "words of an error": (words("encrypted read"), "q", "is encrypted and can't be read"),
    "time range": (chosen("Created", "Last 30 days"), "since", ""),
    "duration": (chosen("Duration", "Over 1 min"), "longer", ""),
    "finished hour": (last_bar, "finished", ""),
    "cause": (first_cause, "cause", "LLM API timeout after"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_is_in_the_url_and_shows_others_the_same(demo: Person, name: str) -> None:
    act, parameter, telling = FILTERS[name]
    page = demo.open(PROJECT)
    everything = page.locator(".tab b").first.text_content()
    act(page)
    page.wait_for_url(re.compile(rf"[?&]{parameter}=[^&]"))
    ids = shown(page)
    assert all(telling in text for text in page.locator("#rows tr").all_text_contents())
    other = demo.open(
        page.url.removeprefix(demo.board.url), viewport={"width": 1440, "height": 900}
    )
    assert shown(other) == ids
    chips = page.get_by_role("link", name=re.compile("^Remove: "))
    if parameter in ("status", "stalled", "empty"):
        expect(chips).to_have_count(0)
        tab("All")(page)
        page.wait_for_url(re.compile(rf"{PROJECT}\?status=all$"))
    else:
        chips.click()
        page.wait_for_url(re.compile(f"{PROJECT}$"))
    expect(page.locator(".tab b").first).to_have_text(everything)
    expect(chips).to_have_count(0)


def test_all_of_them_at_once_are_removed_one_by_one(demo: Person) -> None:
    page = demo.open(f"{PROJECT}/causes")
    page.get_by_role("link", name=re.compile("failed jobs?$")).first.click()
    for act in (
        tab("Failed"),
        chosen("Created", "Last 30 days"),
        chosen("Duration", "Over 1 min"),
        words("timeout"),
    ):
        before = page.url
        act(page)
        page.wait_for_url(lambda url, before=before: url != before)
    together = {"cause", "status", "since", "longer", "q"}
    assert parameters(page).keys() == together
    rows = shown(page)
    other = demo.open(page.url.removeprefix(demo.board.url), viewport={"width": 360, "height": 780})
    assert shown(other) == rows
    for label, parameter in (
        ("Last 30 d", "since"),
        ("timeout”", "q"),
        ("longer than", "longer"),
        ("cause", "cause"),
    ):
        page.get_by_role("link", name=re.compile(f"^Remove: .*{label}")).click()
        page.wait_for_url(lambda url, parameter=parameter: f"{parameter}=" not in url)
        together.discard(parameter)
        assert parameters(page).keys() == together
    expect(page.get_by_role("link", name=re.compile("^Remove: "))).to_have_count(0)


def test_the_tabs_count_what_the_other_filters_leave(demo: Person) -> None:
    page = demo.open(f"{PROJECT}?q=wiki/")
    for label in ("Failed", "Completed", "No nodes"):
        count = page.locator(".tab", has_text=label).locator("b").text_content()
        tab(label)(page)
        page.wait_for_url(re.compile("status|empty"))
        expect(page.locator(".pager p")).to_contain_text(f"of {count}")
        expect(page.get_by_role("searchbox")).to_have_value("wiki/")


def test_the_document_page_and_a_finished_hour_say_what_they_filter_by(demo: Person) -> None:
    page = demo.open(f"{PROJECT}?document=wiki/README.md&finished=2026-11-24T03")
    expect(page.get_by_role("list", name="Filters in use").get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_role("link", name="Remove: document “wiki/README.md”")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Remove: finished 24 Nov"))).to_be_visible()


def test_the_overview_finds_projects_by_name_and_state(demo: Person) -> None:
    page = demo.open("/")
    words("archive")(page)
    page.wait_for_url(re.compile("q=archive"))
    expect(page.locator("#rows tr")).to_have_count(1)
    page.get_by_role("searchbox").fill("")
    page.get_by_label("State").select_option(label="Stalled")
    page.wait_for_url(re.compile("state=stalled"))
    expect(page.locator("#rows .c-state")).to_have_text(["Stalled"])


def test_a_filter_that_makes_no_sense_is_said_to_be_left_out(demo: Person) -> None:
    page = demo.open(f"{PROJECT}?status=faild&since=yesterday&longer=1m")
    said = page.get_by_role("list", name="Left out of the address").get_by_role("listitem")
    expect(said).to_have_text(
        [
            "“faild” is no status; it was left out.",
            "“yesterday” is no time; it was left out.",
        ]
    )
    expect(page.get_by_role("link", name=re.compile("^Remove: longer"))).to_be_visible()
    page.get_by_role("link", name=re.compile("^Remove: longer")).click()
    expect(said).to_have_count(0)


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_the_times_between_which_jobs_were_created_are_typed(demo: Person, script: bool) -> None:
    """In the zone of the page, which without a script is UTC."""
    window = {"timezone_id": "America/New_York", "java_script_enabled": script}
    page = demo.open(f"{PROJECT}?since=24h&longer=1m", **window)
    page.get_by_text("From – to").click()
    page.get_by_label("From").fill("2026-11-24T03:04")
    page.get_by_label("To").fill("2026-11-24T20:00")
    page.get_by_role("button", name="Show these").click()
    page.wait_for_url(re.compile("until="))
    since, until = ("08:04", "25T01:00") if script else ("03:04", "24T20:00")
    assert parameters(page) == {
        "since": [f"2026-11-24T{since}"],
        "until": [f"2026-11-{until}"],
        "longer": ["1m"],
    }
    # The chip tells it in the zone of the page, too.
    expect(
        page.get_by_role("link", name=re.compile("^Remove: since 24 Nov.*, 03:04"))
    ).to_be_visible()
    page.get_by_text("From – to").click()
    expect(page.get_by_label("From")).to_have_value("2026-11-24T03:04")
    page.get_by_label("Created", exact=True).select_option(label="Last 7 days")
    if not script:
        page.get_by_role("button", name="Filter").first.click()
    page.wait_for_url(re.compile("since=7d"))
    page.get_by_text("From – to").click()
    expect(page.get_by_label("From")).to_have_value("")
    expect(page.get_by_label("To")).to_have_value("2026-11-24T20:00")
