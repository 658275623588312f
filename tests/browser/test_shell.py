"""What stands around every page: weight, settings, single keys, help, bar."""

import re

import pytest
from playwright.sync_api import Page, Response, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person, wait_until
from tests.kit.reports import job, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

MOST_CODE = 27_000  # bytes with gzip: CSS and JS of a project page, htmx included
MOST_HTML = 12_000  # of a page of 50 rows
PAPER = {"light": "rgb(244, 246, 241)", "dark": "rgb(13, 19, 17)"}
LONG = "A project whose name is exactly sixty characters long, so..."


def open_project(person: Person, query: str = "", **options: object) -> Page:
    return person.open(f"/projects/{person.board.project}{query}", **options)


def choose(page: Page, label: str, group: str) -> None:
    """Pick a setting in the menu."""
    if not page.locator("#menu").is_visible():
        page.get_by_role("button", name="Settings").click()
    page.get_by_role("group", name=group).get_by_text(label, exact=True).click()


def paper(page: Page) -> str:
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


# Weight


def test_a_project_page_is_light(person: Person) -> None:
    send(person.board, *(running(number, 10) for number in range(60)))
    page = person.context.new_page()
    answers: list[Response] = []

    def hear(answer: Response) -> None:  # Playwright marks its handlers, and cannot mark `append`
        answers.append(answer)

    page.on("response", hear)
    page.goto(f"{person.board.url}/projects/{person.board.project}")
    expect(page.locator("#rows tr")).to_have_count(50)
    sizes: dict[str, int] = {}
    for answer in answers:
        assert answer.url.startswith(person.board.url + "/"), "another host is asked"
        sizes[answer.request.resource_type] = (
            sizes.get(answer.request.resource_type, 0) + answer.request.sizes()["responseBodySize"]
        )
        if answer.request.resource_type in ("document", "stylesheet", "script"):
            assert answer.headers["content-encoding"] == "gzip", answer.url
    assert 0 < sizes["stylesheet"] + sizes["script"] <= MOST_CODE, sizes
    assert 0 < sizes["document"] <= MOST_HTML, sizes
    page.close()


# Settings


@pytest.mark.parametrize("script", [True, False])
def test_the_theme_is_remembered(person: Person, script: bool) -> None:
    page = open_project(person, color_scheme="light", java_script_enabled=script)
    assert paper(page) == PAPER["light"]
    choose(page, "Dark", "Theme")
    if not script:
        page.get_by_role("button", name="Save").click()
        page.wait_for_load_state()
    assert page.url.rstrip("?").endswith(person.board.project)
    assert paper(page) == PAPER["dark"], "at once"
    if script:
        wait_until(page, "document.cookie.includes('dark')")
    page.reload()
    assert paper(page) == PAPER["dark"]
    assert page.locator("html").get_attribute("data-theme") == "dark"
    themes = page.locator("[name=theme-color]").evaluate_all("all => all.map(one => one.content)")
    assert themes == ["#141b18", "#141b18"]


def test_the_system_theme_is_followed_until_one_is_chosen(person: Person) -> None:
    page = open_project(person, color_scheme="dark")
    assert paper(page) == PAPER["dark"]
    choose(page, "Light", "Theme")
    assert paper(page) == PAPER["light"]
    choose(page, "System", "Theme")
    assert paper(page) == PAPER["dark"]


def test_times_are_in_the_chosen_zone_and_say_so(person: Person) -> None:
    send(person.board, job(1, started_at="2026-01-05T23:30:00Z"))
    page = person.open(
        f"/projects/{person.board.project}/jobs/job-00001", timezone_id="Asia/Kolkata"
    )
    shown = page.locator("main time[datetime='2026-01-05T23:30:00Z']").first
    expect(shown).to_contain_text("05:00")
    expect(page.locator("#link-detail")).to_contain_text("GMT+5:30")
    choose(page, "UTC", "Times")
    expect(shown).to_contain_text("23:30")
    expect(page.locator("#link-detail")).to_contain_text("UTC")
    wait_until(page, "document.cookie.includes('utc')")
    page.reload()
    expect(page.locator("main time[datetime='2026-01-05T23:30:00Z']").first).to_contain_text(
        "23:30"
    )


def test_another_tab_follows_when_it_is_shown(person: Person) -> None:
    first = open_project(person, color_scheme="light")
    second = first.context.new_page()
    second.goto(first.url)
    choose(second, "Dark", "Theme")
    wait_until(second, "document.cookie.includes('dark')")
    first.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    assert paper(first) == PAPER["dark"]
    first.get_by_role("button", name="Settings").click()
    expect(first.get_by_role("radio", name="Dark")).to_be_checked()


def test_a_setting_that_could_not_be_remembered_is_told(person: Person) -> None:
    page = open_project(person)
    page.route("**/settings", lambda route: route.abort())
    choose(page, "Dark", "Theme")
    expect(page.locator("#status")).to_have_text("This setting could not be remembered")


@pytest.mark.parametrize("script", [True, False])
def test_the_menu_closes_by_escape_and_by_a_click_elsewhere(person: Person, script: bool) -> None:
    page = open_project(person, viewport={"width": 360, "height": 780}, java_script_enabled=script)
    button, menu = page.get_by_role("button", name="Settings"), page.locator("#menu")
    button.focus()
    page.keyboard.press("Enter")
    expect(menu).to_be_visible()
    box = menu.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="System")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    expect(button).to_be_focused()
    button.click()
    page.mouse.click(20, 700)
    expect(menu).to_be_hidden()


# By hand


@pytest.fixture
def list_of_three(person: Person) -> Page:
    send(person.board, *(running(number, 10) for number in range(1, 4)))
    return open_project(person)


def focused_row(page: Page) -> str | None:
    return page.evaluate("document.activeElement.closest('[data-rows] > *')?.id")


def test_j_and_k_walk_the_rows_and_enter_opens_one(list_of_three: Page) -> None:
    page = list_of_three
    seen = []
    for key in "jjkjjj":
        page.keyboard.press(key)
        seen.append(int(focused_row(page)[-1]))
    assert seen == [3, 2, 3, 2, 1, 1]
    page.keyboard.press("Escape")
    assert focused_row(page) is None
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/jobs/job-00003"))


def test_a_row_reached_by_a_key_holds_the_list(person: Person, list_of_three: Page) -> None:
    page = list_of_three
    page.keyboard.press("j")
    send(person.board, running(4, 10), running(3, 55))
    expect(page.locator("#news")).to_have_text("1 new")
    expect(page.locator("#row-job-00003 progress")).to_have_attribute("value", "55")
    assert focused_row(page) == "row-job-00003"
    page.keyboard.press("Escape")
    expect(page.locator("#rows tr").first).to_have_attribute("id", "row-job-00004")


def test_rows_asked_for_before_a_hold_come_when_it_ends_before_the_next_answer(
    person: Person, list_of_three: Page
) -> None:
    page = list_of_three
    page.evaluate(
        """() => {
            const ask = window.fetch, opened = new Promise((open) => { window.openGate = open; });
            window.fetch = async (...about) => {
                const answer = await ask(...about);
                if (answer.status === 200) await opened;
                return answer;
            };
        }"""
    )
    with page.expect_response(page.url):
        pass  # whatever is asked from now on waits at the gate, if something is new
    with page.expect_response(lambda answer: answer.url == page.url and answer.status == 200):
        send(person.board, running(4, 10))
    page.keyboard.press("j")
    page.evaluate(
        """() => {
            const release = () => document.activeElement.blur();
            document.addEventListener("htmx:finally:request", release, { once: true });
            window.openGate();
        }"""
    )
    expect(page.locator("#rows tr").first).to_have_attribute("id", "row-job-00004")


def test_a_slash_focuses_the_search_and_typing_there_does_nothing_else(
    list_of_three: Page,
) -> None:
    page = list_of_three
    page.keyboard.press("/")
    field = page.get_by_role("searchbox")
    expect(field).to_be_focused()
    page.keyboard.type("jp?/k")
    expect(field).to_have_value("jp?/k")
    expect(page.locator("#help")).to_be_hidden()
    expect(page.locator("#link")).to_contain_text("Live")


def test_p_pauses_and_resumes(list_of_three: Page) -> None:
    page = list_of_three
    page.keyboard.press("p")
    expect(page.locator("#link")).to_contain_text("Paused")
    page.keyboard.press("p")
    expect(page.locator("#link")).to_contain_text("Live")


def test_a_question_mark_opens_the_help_and_no_key_works_behind_it(list_of_three: Page) -> None:
    page, help_ = list_of_three, list_of_three.get_by_role("dialog")
    page.keyboard.press("?")
    expect(help_).to_be_visible()
    page.keyboard.press("j")
    assert focused_row(page) is None
    page.keyboard.press("Escape")
    expect(help_).to_be_hidden()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Show the shortcuts").click()
    expect(help_).to_be_visible()
    help_.get_by_role("button", name="Close").click()
    expect(help_).to_be_hidden()
    page.keyboard.press("?")
    page.mouse.click(10, 500)
    expect(help_).to_be_hidden()


@pytest.mark.parametrize("held", ["Control", "Alt", "Meta"])
def test_a_key_with_another_is_not_ours(list_of_three: Page, held: str) -> None:
    list_of_three.keyboard.press(f"{held}+j")
    assert focused_row(list_of_three) is None


def test_single_keys_can_be_switched_off(list_of_three: Page) -> None:
    page = list_of_three
    choose(page, "Off", "Single-key shortcuts")
    page.keyboard.press("Escape")
    wait_until(page, "document.cookie.includes('off')")
    for _ in range(2):
        page.locator("h1").click()
        for key in "jp?/":
            page.keyboard.press(key)
        assert focused_row(page) is None
        expect(page.locator("#help")).to_be_hidden()
        expect(page.get_by_role("searchbox")).not_to_be_focused()
        expect(page.locator("#link")).to_contain_text("Live")
        page.reload()


# The bar

INSIDE = """() => {
    const parts = [...document.querySelectorAll(".bar > .brand, .bar .nav > a, .bar__end > *")];
    const shown = parts.filter((one) => one.checkVisibility() && one.offsetWidth);
    const boxes = shown.map((one) => one.getBoundingClientRect());
    const faults = [];
    boxes.forEach((box, place) => {
        if (shown[place].matches("a, button") && box.height < 24) faults.push(`low: ${box.height}`);
        if (box.right > innerWidth + .5) faults.push("out of the window");
        if (place && box.left < boxes[place - 1].right - .5) faults.push(`over another: ${place}`);
    });
    const { height } = document.querySelector(".bar").getBoundingClientRect();
    if (height > 54) faults.push(`wrapped: ${height}`);
    if (document.documentElement.scrollWidth > innerWidth) faults.push("scrolls sideways");
    return faults;
}"""


def test_the_bar_holds_a_long_name_at_every_width(person: Person) -> None:
    assert len(LONG) == 60
    number = next(person.board.numbers)
    person.board.project = person.board.new_project(f"long-{number:04}", name=LONG)
    send(person.board, running(1, 10))
    page = open_project(person)
    expect(page.locator("#link")).to_contain_text("Live")
    for state in ("live", "paused"):
        for width in (1440, 1240, 1024, 960, 896, 800, 768, 720, 719, 640, 480, 390, 360):
            page.set_viewport_size({"width": width, "height": 780})
            assert page.evaluate(INSIDE) == [], (state, width)
        page.locator("#pause").click()


@pytest.mark.parametrize("width", [1440, 720, 719, 390, 360])
def test_the_other_pages_are_reached_at_the_top_of_every_screen(person: Person, width: int) -> None:
    number = next(person.board.numbers)
    person.board.project = person.board.new_project(f"long-{number:04}", name=LONG)
    send(person.board, *(running(number, 10) for number in range(60)))
    page = open_project(person, viewport={"width": width, "height": 780})
    for name in ("Causes", "Wall", "Projects"):
        link = page.get_by_role("navigation", name="Main").get_by_role("link", name=name)
        expect(link).to_have_count(1)
        box = link.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 100 and box["height"] >= 24
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    link.click()
    page.wait_for_url(person.board.url + "/")


def test_the_skip_link_leads_to_the_content(list_of_three: Page) -> None:
    page = list_of_three
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_the_links_say_where_one_is(list_of_three: Page) -> None:
    here = list_of_three.get_by_role("navigation", name="Main").locator("[aria-current=page]")
    expect(here).to_have_count(1)
    expect(here).to_have_class("nav__name")
