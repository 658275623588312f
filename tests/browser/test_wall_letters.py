"""What is small on the wall: feet and marks of letters, bars, causes that read alike."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect

from app import create_app
from app.config import read
from app.queries.wall import Closeup, Wall
from app.rules.times import parse_time
from screenshots.made_walls import made_closeup, made_lines, show

NOW = parse_time("2026-11-23T03:04:22Z")
SCREENS = ((1920, 1080), (1280, 720), (3840, 2160), (1080, 1920))
NAMES = (
    "gpqyj gypsy jpg quay pygmy",
    "لمّا كانت الحُجّةُ قاطِعةً جِدّاً",
    "Ẫpqyj Ḝģ̱ q̣̩ j̱",
    "ที่นี่มีผู้ใหญ่กี่คน ปู่ย่า",
)
POOL = "urllib3.exceptions.MaxRetryError: HTTPSConnectionPool(host="
ALIKE = (
    f"{POOL}'embeddings.internal', port=443): Max retries exceeded with url: /v1/embeddings",
    f"{POOL}'llm.internal', port=443): Max retries exceeded with url: /v1/embeddings",
)
UNCUT = """() => {
    const names = ".head__counts, .head__project, .trouble__name, .chip__name, .chip__words";
    const causes = ".board:not(.board--wrapped) .trouble__cause, .more__kinds";
    const items = ".list:not(.list--wrapped) .item__top, .item__last";
    const boxes = ".board, .trouble, .chip:not(.chip--rest), .item, .figure";
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`${[names, causes, items, boxes]} {
        overflow-x: clip !important; overflow-y: visible !important }`);
    document.adoptedStyleSheets = [sheet];
}"""
"""Cut at the sides alone: what shows more than before was cut above or below."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """An app that renders, without a database."""
    return create_app(read({"INSTANCE": str(tmp_path_factory.mktemp("instance"))}))


@pytest.fixture
def tv(chromium: Browser, made: Flask) -> Iterator[Callable[[Wall, tuple[int, int]], Page]]:
    """A television on which time stands still."""
    context = chromium.new_context()
    page = context.new_page()
    page.clock.install(time=NOW / 1e6 - 60)
    page.clock.pause_at(NOW / 1e6)

    def shown(wall: Wall, size: tuple[int, int] = SCREENS[0]) -> Page:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        show(page, made, wall, NOW)
        page.evaluate("document.fonts.ready")
        page.clock.run_for(600)
        return page

    yield shown
    context.close()


def closeup(
    causes: Sequence[str] = ("Quota exceeded",), running: int = 0, names: Sequence[str] = NAMES
) -> Wall:
    """One project that fails by these causes and runs so many jobs, called by the first name."""
    one = made_closeup(made_lines(1, 1, NOW, names)[0], len(causes), running, NOW)
    lines = [replace(cause, line=line) for cause, line in zip(one.causes, causes, strict=True)]
    jobs = [
        job._replace(source_doc_id=f"{names[number % len(names)]}.pdf")
        for number, job in enumerate(one.running)
    ]
    return wall_of(replace(one, causes=lines, running=jobs))


def settled(page: Page) -> bytes:
    """A picture of the page, once it is drawn: a script's font may come after the first."""
    last = b""
    for _ in range(10):
        before, last = last, page.screenshot()
        if last == before:
            break
    return last


def look_alike(page: Page, *styles: str) -> bool:
    """Is the page drawn the same with each of these styles?

    A busy machine may draw what was still to come between two pictures, so whoever finds a
    difference looks again: a letter that is cut is cut each time.
    """
    for _ in range(3):
        drawn = set()
        for style in styles:
            page.evaluate(style or "() => { document.adoptedStyleSheets = [] }")
            drawn.add(settled(page))
        if len(drawn) == 1:
            return True
    return False


def wall_of(one: Closeup) -> Wall:
    return Wall([one.line], one)


@pytest.mark.parametrize("size", SCREENS)
@pytest.mark.parametrize("first", range(len(NAMES)))
def test_no_foot_and_no_mark_of_a_letter_is_cut(
    tv: Callable[..., Page], size: tuple[int, int], first: int
) -> None:
    names = NAMES[first:] + NAMES[:first]
    walls = {
        "one": closeup(names, 6, names),
        "nine": Wall(made_lines(9, 3, NOW, names)),
        "sixty": Wall(made_lines(60, 16, NOW, names)),
    }
    for name, wall in walls.items():
        assert look_alike(tv(wall, size), "", UNCUT), name


@pytest.mark.parametrize("size", SCREENS)
def test_no_foot_is_cut_by_an_old_browser_either(
    tv: Callable[..., Page], size: tuple[int, int]
) -> None:
    """Which knows no `overflow: clip`, and so cuts above and below too."""
    feet = NAMES[:1]
    for wall in (closeup(feet, 6, feet), Wall(made_lines(9, 3, NOW, feet))):
        hidden = UNCUT.replace("clip", "hidden").replace("visible", "hidden")
        assert look_alike(tv(wall, size), hidden, UNCUT)


@pytest.mark.parametrize("size", SCREENS)
def test_the_bars_of_a_list_have_one_length(tv: Callable[..., Page], size: tuple[int, int]) -> None:
    page = tv(closeup(running=5), size)
    bars = page.locator(".item__bar:visible").all()
    assert len(bars) > 2  # of a job that says nothing of late, too
    expect(page.locator(".item").filter(has_text="no report for 22 min")).to_have_count(1)
    boxes = [bar.bounding_box() for bar in bars]
    assert len({(round(box["x"]), round(box["width"])) for box in boxes if box}) == 1
    assert boxes[0] and boxes[0]["width"] > 0.25 * min(size)


@pytest.mark.parametrize("size", SCREENS)
@pytest.mark.parametrize("more", [0, 1, 4])
def test_causes_that_begin_alike_show_what_differs(
    tv: Callable[..., Page], size: tuple[int, int], more: int
) -> None:
    page = tv(closeup([*ALIKE, *("Quota exceeded",) * more], 5), size)
    seen = [own.bounding_box() for own in page.locator(".item__own").all()]
    items = [item.bounding_box() for item in page.locator(".list--causes .item").all()]
    for own, item in zip(seen, items, strict=False):
        assert own and item
        assert own["x"] < item["x"] + 0.5 * item["width"]  # enough of it for a host's name
        assert own["y"] + own["height"] <= item["y"] + item["height"]
    for shared in page.locator(".item__same").all():
        box = shared.bounding_box()
        assert box and box["width"] > 0.05 * min(size)


def test_a_cause_that_one_line_cannot_hold_has_a_second_one_where_there_is_room(
    tv: Callable[..., Page],
) -> None:
    long = "Invalid extraction: missing required properties in chunk 14"
    page = tv(closeup([long, "Quota exceeded", "Database connection lost"]))
    line = page.locator(".item__top").first
    assert line.evaluate(
        "one => one.scrollHeight <= one.clientHeight && one.scrollWidth <= one.clientWidth"
    )
    page = tv(closeup(["Out of memory", "Quota exceeded", "Database lost"]))
    short = page.locator(".item__top").first
    size = "one => parseFloat(getComputedStyle(one).fontSize)"
    assert short.evaluate(size) > line.evaluate(size) - 1
