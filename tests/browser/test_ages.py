"""A length of time has the same words wherever it is said: by Python and by both scripts."""

from dataclasses import replace

import pytest
from playwright.sync_api import Browser, Page

from app import create_app
from app.config import read
from app.queries.wall import Wall
from app.rules.times import DAY, HOUR, MINUTE, SECOND, parse_time
from app.rules.words import age, duration
from screenshots.made_walls import made_lines, show
from tests.kit import ROOT

NOW = parse_time("2026-11-23T03:04:22Z")
SPANS = [
    *(-SECOND, 0, SECOND, 59 * SECOND, MINUTE, 90 * SECOND, 2 * MINUTE - SECOND, 2 * MINUTE),
    *(150 * SECOND, HOUR - SECOND, HOUR, 90 * MINUTE, 2 * HOUR - 31 * SECOND, 2 * HOUR - SECOND),
    *(2 * HOUR, 2 * HOUR + 51 * MINUTE, 10 * HOUR, DAY - SECOND, DAY, 36 * HOUR),
    *(2 * DAY - 31 * MINUTE, 2 * DAY - SECOND, 2 * DAY, 13 * DAY + 23 * HOUR, 400 * DAY),
]
ADD = """times => times.forEach(([style, at]) => {
    const time = document.body.appendChild(document.createElement("time"));
    time.dataset.style = style;
    time.dateTime = new Date(at).toISOString();
})"""


@pytest.fixture
def page(chromium: Browser) -> Page:
    """A tab in which time stands still, as both scripts see it."""
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install(time=NOW / 1e6 - 60)  # it runs until it is told to stand still
    page.clock.pause_at(NOW / 1e6)
    yield page
    context.close()


def shown(page: Page, selector: str) -> list[str]:
    """The texts of these elements, with the spaces that do not break."""
    return [
        text.replace(" ", "\N{NO-BREAK SPACE}") for text in page.locator(selector).all_inner_texts()
    ]


def test_a_page_says_ages_and_durations_as_python_does(page: Page) -> None:
    page.set_content("<body></body>")
    now = page.evaluate("Date.now()") * 1000
    spans = [*SPANS, 400_000]
    page.evaluate(ADD, [[style, (now - one) / 1000] for style in ("for", "run") for one in spans])
    page.add_script_tag(path=ROOT / "static/js/times.js")
    assert shown(page, "time[data-style=for]") == [
        f"for\N{NO-BREAK SPACE}{age(one)}" for one in spans
    ]
    assert shown(page, "time[data-style=run]") == [duration(one) for one in spans]


def test_a_wall_says_ages_as_python_does(page: Page, tmp_path) -> None:
    app = create_app(read({"INSTANCE": str(tmp_path), "DATABASE_URL": ""}))
    line = made_lines(1, 1, NOW)[0]
    for first in range(0, len(SPANS), 12):
        spans = SPANS[first : first + 12]
        since = [replace(line, verdict=replace(line.verdict, since=NOW - one)) for one in spans]
        show(page, app, Wall(since), NOW)
        page.clock.run_for(400)  # less than half a second, which would count
        assert shown(page, ".trouble__age time") == [age(one) for one in spans]
