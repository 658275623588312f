"""A time of another year says its year, in a page as on the wall."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from app import create_app
from app.config import read
from app.queries.wall import Wall
from app.rules.times import DAY, parse_time
from screenshots.made_walls import made_lines, show
from tests.kit import ROOT

NOW = parse_time("2027-01-02T03:04:22Z")
FAR, LAST_YEAR, LATELY = (
    parse_time(text)
    for text in ("2099-12-31T23:59:00Z", "2026-12-12T23:59:00Z", "2026-12-31T23:59:00Z")
)
ADD = """times => times.forEach(([style, at]) => {
    const time = document.body.appendChild(document.createElement("time"));
    time.dataset.style = style;
    time.dateTime = new Date(at / 1000).toISOString();
})"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab in which time stands still, as both scripts see it."""
    context = chromium.new_context(timezone_id="UTC")
    page = context.new_page()
    page.clock.install(time=NOW / 1e6 - 60)
    page.clock.pause_at(NOW / 1e6)
    yield page
    context.close()


def shown(page: Page, selector: str) -> list[str]:
    return [
        text.replace("\N{NO-BREAK SPACE}", " ") for text in page.locator(selector).all_inner_texts()
    ]


def test_a_page_says_the_year(page: Page) -> None:
    page.set_content('<html data-zone="utc"><body></body></html>')
    styles = [("clock", FAR), ("ago", FAR), ("clock", LAST_YEAR), ("ago", LAST_YEAR)]
    page.evaluate(ADD, [*styles, ("clock", LATELY), ("ago", NOW + 60_000_000)])
    page.add_script_tag(path=ROOT / "static/js/times.js")
    assert shown(page, "time") == [
        "31 Dec 2099 23:59",
        "31 Dec 2099 23:59",  # "now" would be false
        "12 Dec 2026 23:59",
        "12 Dec 2026",
        "Thu 23:59",
        "now",  # by so much two clocks may differ
    ]


def test_the_wall_says_the_year(page: Page, tmp_path) -> None:
    app = create_app(read({"INSTANCE": str(tmp_path), "DATABASE_URL": ""}))
    line = made_lines(1, 1, NOW)[0]
    times = (FAR, LAST_YEAR, NOW - 200 * DAY, LATELY, NOW - DAY // 2)
    since = [replace(line, verdict=replace(line.verdict, since=one)) for one in times]
    show(page, app, Wall(since), NOW)
    page.clock.run_for(500)
    assert shown(page, ".trouble__since > time") == [
        "31 Dec 2099",
        "12 Dec 2026",
        "16 Jun 2026",
        "Thu",
        "15:04",
    ]
