"""A document's page, and what every page owes its letters: numbers, rings, paper, directions."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from app.rules.causes import cause_name, cause_of
from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

ARABIC = "عقود/2026/اتفاقية الخدمة الطويلة مع الملاحق والتعديلات والتوقيعات النهائية.pdf"
MIXED = "s3://عقود/2026/nda.pdf"
HEBREW = "מסמכים/הסכם.pdf"
NAME = "قاعدة المعرفة الدولية للإنتاج في المنطقة الغربية والشرقية والجنوبية"
COLUMNS = ("chunks", "nodes", "edges", "took")


@pytest.fixture
def written(person: Person) -> Person:
    """A project whose documents failed and came back, some with names from right to left."""
    board = person.board
    board.project = board.new_project(f"{board.project}-document", name=NAME)
    fails = {"error_message": "Quota exceeded", "chunks_processed": 3, "nodes_created": 0}
    done = {"chunks_processed": 1200, "nodes_created": 24000, "edges_created": 48000}
    jobs = [
        ended(number, "failed" if number % 2 else "completed", ago=900 - number, took=40 + number)
        | {"source_doc_id": "contracts/nda.pdf"}
        | (fails if number % 2 else done)
        for number in range(6)
    ]
    jobs += [
        ended(20 + number, ago=60 - number, source_doc_id=path)
        for number, path in enumerate((ARABIC, MIXED, HEBREW))
    ]
    jobs.append(ended(30, ago=7500))  # in an hour in which nothing failed
    send(board, *jobs)
    return person


def paths(board_project: str) -> Iterator[str]:
    project = f"/projects/{board_project}"
    yield from ("/", project, f"{project}/causes", f"{project}/document?id=contracts/nda.pdf")
    yield f"{project}/jobs/job-00005"
    yield f"{project}/causes/{cause_name(cause_of('Quota exceeded'))}"


RIGHT = """(cell) => {
    const range = document.createRange();
    const text = [...cell.childNodes].find((node) => node.nodeType === 3 && node.data.trim());
    range.selectNodeContents(text ?? cell);
    return range.getBoundingClientRect().right;
}"""


def test_the_numbers_of_a_document_stand_under_their_headings(written: Person) -> None:
    path = f"/projects/{written.board.project}/document?id=contracts/nda.pdf"
    for width in (1440, 1000):
        page = written.open(path, viewport={"width": width, "height": 900})
        for name in COLUMNS:
            head = page.locator(f"thead .c-{name}")
            if not head.is_visible():
                continue
            for cell in page.locator(f"tbody .c-{name}").all():
                assert abs(cell.evaluate(RIGHT) - head.evaluate(RIGHT)) <= 1, (width, name)
    expect(page.locator("#rows tr").first.locator(".delta").first).to_have_text("−1,197")


REDS = """() => {
    const probe = document.body.appendChild(document.createElement("i"));
    const channel = new CSSStyleSheet();
    channel.replaceSync("body > i { color: var(--fail) }");
    document.adoptedStyleSheets = [channel];
    const red = getComputedStyle(probe).color;
    probe.remove();
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), zeros = [];
    while (walk.nextNode()) {
        const around = walk.currentNode.parentElement;
        const zero = /^(0|0 failed|−0)$/.test(walk.currentNode.data.trim());
        if (zero && getComputedStyle(around).color === red) zeros.push(around.outerHTML);
    }
    return zeros;
}"""


def test_no_zero_is_red(written: Person) -> None:
    for path in paths(written.board.project):
        page = written.open(path)
        for more in page.locator("summary").all():
            more.click()
        assert page.evaluate(REDS) == [], path


COVERED = """() => {
    const one = document.activeElement, style = getComputedStyle(one), found = [];
    const wide = parseFloat(style.outlineWidth), off = parseFloat(style.outlineOffset);
    if (style.outlineStyle === "none" || !one.closest("#live")) return found;
    const walk = document.createTreeWalker(one, NodeFilter.SHOW_TEXT);
    const boxes = [...one.getClientRects()];
    while (walk.nextNode()) {
        const range = document.createRange();
        range.selectNodeContents(walk.currentNode);
        for (const text of range.getClientRects()) {
            let { left, right } = text;
            // What is cut off shows no letter.
            for (let up = walk.currentNode.parentElement; up !== one; up = up.parentElement) {
                if (getComputedStyle(up).overflowX === "visible") continue;
                left = Math.max(left, up.getBoundingClientRect().left);
                right = Math.min(right, up.getBoundingClientRect().right);
            }
            const box = boxes.find((box) => box.top <= text.bottom && box.bottom >= text.top);
            if (!box || text.width < 1 || right <= left) continue;
            const inside = Math.min(off, 0); // by so much of the box the ring takes
            if (left < box.left - inside - .5 || right > box.right + inside + .5) {
                found.push(`${walk.currentNode.data} in ${one.className || one.tagName}`);
            }
        }
    }
    // A cell that cuts what leaves it would cut the ring.
    const cell = one.closest("td, th");
    if (cell && getComputedStyle(cell).overflowX !== "visible") {
        const around = cell.getBoundingClientRect(), reach = Math.max(0, off + wide);
        for (const box of boxes) {
            if (box.left - reach < around.left - .5 || box.right + reach > around.right + .5) {
                found.push(`cut: ${one.className || one.textContent}`);
            }
        }
    }
    return found;
}"""


@pytest.mark.parametrize("width", [1440, 390])
def test_no_focus_ring_covers_a_letter(written: Person, width: int) -> None:
    for path in paths(written.board.project):
        page = written.open(path, viewport={"width": width, "height": 900})
        covered, seen = set(), 0
        page.locator("#main").focus()
        for _ in range(40):
            page.keyboard.press("Tab")
            covered |= set(page.evaluate(COVERED))
            seen += page.evaluate("!!document.activeElement.closest('#live')")
        assert covered == set(), path
        assert seen, path


SEES = """(texts) => texts.map((text) => {
    const walk = document.createTreeWalker(document.querySelector("#live"), NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const at = walk.currentNode.data.indexOf(text);
        if (at < 0 || !walk.currentNode.parentElement.checkVisibility()) continue;
        const range = document.createRange();
        range.setStart(walk.currentNode, at);
        range.setEnd(walk.currentNode, at + text.length);
        const { left, right } = range.getBoundingClientRect();
        return { left, right };
    }
})"""


def places(page: Page, *texts: str) -> list[float]:
    found = page.evaluate(SEES, list(texts))
    assert all(found), texts
    return [one["left"] for one in found]


def test_a_path_is_read_in_its_direction_name_by_name(written: Person) -> None:
    project = f"/projects/{written.board.project}"
    page = written.open(f"{project}/document?id={MIXED}")
    scheme, folder, year = places(page, "s3:", "عقود", "2026")
    assert scheme < folder < year
    page = written.open(f"{project}/document?id={ARABIC}")
    folder, year = places(page, "عقود", "2026")
    assert year < folder
    page = written.open(project)
    folder, file = places(page, "מסמכים", "הסכם")
    assert file < folder
    scheme, folder, year, file = places(page, "s3:", "عقود", "2026", "nda.pdf")
    assert scheme < folder < year < file
    for row in page.locator("#rows .doc").all():  # all of them begin at the left of their column
        lefts = "all => Math.min(...all.map(one => one.getBoundingClientRect().left))"
        box = row.bounding_box()
        assert box and row.locator("> *").evaluate_all(lefts) - box["x"] < 6


def test_what_is_too_long_ends_where_its_reading_ends(written: Person) -> None:
    """The beginning of a name is seen: of one from right to left that is its right end."""
    page = written.open(
        f"/projects/{written.board.project}", viewport={"width": 1000, "height": 900}
    )
    [file] = page.locator(".doc__file", has_text="اتفاقية").all()
    assert file.evaluate("one => one.scrollWidth > one.clientWidth")
    box = file.bounding_box()
    [begins] = page.evaluate(SEES, ["اتفاقية"])
    assert box and box["x"] <= begins["left"] and begins["right"] <= box["x"] + box["width"] + 1
    page = written.open("/", viewport={"width": 1000, "height": 900})
    name = page.locator(".c-name bdi", has_text=NAME).first
    assert name.evaluate("one => one.scrollWidth > one.clientWidth")
    assert name.evaluate("one => getComputedStyle(one).direction") == "rtl"
    assert name.evaluate("one => getComputedStyle(one).textOverflow") == "ellipsis"


def test_on_paper_there_is_what_is_told_and_nothing_to_click(written: Person) -> None:
    for path in paths(written.board.project):
        page = written.open(path, color_scheme="dark")
        page.emulate_media(media="print", color_scheme="dark")
        page.set_viewport_size({"width": 703, "height": 1000})  # A4 within its margins
        for gone in (".bar", ".nav--foot", "#pause", "#link", ".filter", ".button", ".news"):
            for one in page.locator(gone).all():
                expect(one).to_be_hidden()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        expect(page.locator("body")).to_have_css("background-color", "rgb(255, 255, 255)")
        expect(page.locator("body")).to_have_css("color", "rgb(0, 0, 0)")
        for link in page.locator("#live a:not(.tab)").all()[:20]:
            expect(link).to_have_css("color", "rgb(0, 0, 0)")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
