"""Inter is ours, comes without a jump, and nothing depends on it."""

import re

import pytest
from playwright.sync_api import Page, Response, Route, expect

from tests.kit.databases import sqlite_only
from tests.kit.fonts import FONTS
from tests.kit.person import Person
from tests.kit.reports import ended, send
from tests.kit.wall_fits import resized

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

LATIN = 60_000  # bytes: the subset that every page needs, and the sheet that names all of them
PROJECT = "/projects/legal-contracts"
WIDE, PHONE = (1440, 900), (360, 780)
LINES = ".bar, .head, .sheet__top, .tab, .chart, .filter, thead, #rows > tr, .pager, .brick"
PLACES = f"""() => [...document.querySelectorAll("{LINES}")].map((one) => {{
    const {{ x, y, width, height }} = one.getBoundingClientRect();
    return [one.id || one.className.baseVal || one.className, x, y, width, height];
}})"""
USED = "[...document.fonts].some(one => one.family === 'Inter' && one.status === 'loaded')"


def used(page: Page) -> bool:
    """Whether the page is set in Inter."""
    page.evaluate("document.fonts.ready.then(() => 0)")
    return page.evaluate(USED)


@pytest.mark.parametrize(
    ("path", "size"),
    # Not the causes on a phone: their text may break into lines elsewhere.
    [("/", WIDE), ("/", PHONE), (PROJECT, WIDE), (PROJECT, PHONE), (f"{PROJECT}/causes", WIDE)],
)
def test_nothing_jumps_when_the_font_comes_late(demo: Person, path: str, size: tuple) -> None:
    page = demo.open("/healthz", viewport={"width": size[0], "height": size[1]})
    page.route(FONTS, lambda route: route.abort())
    page.goto(demo.board.url + path)
    page.get_by_role("button", name="Pause").click()  # what is new must not look like a jump
    assert not used(page)
    before = page.evaluate(PLACES)
    page.unroute(FONTS)
    page.reload()
    assert used(page)
    after = page.evaluate(PLACES)
    assert len(before) == len(after) >= 8
    for (name, _, *was), (same, _, *now) in zip(before, after, strict=True):
        assert name == same
        assert [was[0], was[2]] == pytest.approx([now[0], now[2]], abs=1), f"{name} jumps"
        assert was[1] == pytest.approx(now[1], rel=0.1), f"{name} changes its width"


@pytest.mark.parametrize("path", ["/", "/wall", "/screens"])
def test_a_font_is_light_kept_and_fetched_where_text_needs_it(person: Person, path: str) -> None:
    send(person.board, ended(1))
    answers: list[Response] = []
    # A window of its own: nothing is in its cache.
    page = person.open("/healthz", viewport={"width": 1440, "height": 900})
    page.on("response", lambda answer, answers=answers: answers.append(answer))
    page.goto(person.board.url + path)
    assert used(page)
    [sheet] = [one for one in answers if "/fonts." in one.url]
    [latin] = [one for one in answers if one.request.resource_type == "font"]
    assert "-latin-wght" in latin.url
    weight = sum(one.request.sizes()["responseBodySize"] for one in (sheet, latin))
    assert 20_000 < weight <= LATIN
    assert "max-age=31536000, immutable" in latin.headers["cache-control"]


def test_another_script_fetches_its_own_subset(person: Person) -> None:
    send(person.board, ended(1, source_doc_id="договор.pdf"))
    page = person.open("/healthz", viewport={"width": 1440, "height": 900})
    with page.expect_response("**/inter-cyrillic-wght*") as waiting:
        page.goto(f"{person.board.url}/projects/{person.board.project}")
    assert waiting.value.status == 200


def test_the_wall_takes_a_font_that_comes_late(person: Person) -> None:
    send(person.board, ended(1))
    page = person.open("/healthz", viewport={"width": 1920, "height": 1080})
    waiting: list[Route] = []
    page.route(FONTS, lambda route: waiting.append(route))  # noqa: PLW0108  Playwright asks for one
    page.goto(f"{person.board.url}/wall", wait_until="commit")
    expect(page.locator(".head__counts")).to_be_visible()
    page.wait_for_timeout(500)
    assert not page.evaluate(USED)
    for route in waiting:
        route.continue_()
    page.wait_for_function(USED)
    expect(page.locator(".head__age")).to_have_text(re.compile(r"^\d s old$"))
    assert resized(page, (1920, 1080))[0] == []
