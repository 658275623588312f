"""The overview in a real browser: what is cut where room is short, and what never is."""

import re

import pytest
from playwright.sync_api import Locator, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import ended, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

LONG = "MaxRetryError: HTTPSConnectionPool(host='embeddings.internal', port=443): " + "why " * 99
KNOWN = re.compile(r"^130\sdocuments · since .*\d · last \d+\s(s|min)\sago\s*$")
WHOLE = """text => {
    const range = document.createRange();
    range.selectNodeContents(text);
    const lines = [...range.getClientRects()], row = text.closest("tr").getBoundingClientRect();
    const cells = [...text.closest("tr").querySelectorAll(
        "th, .c-state span, .what__main, .c-day, .c-last")];
    const apart = (one, other) => one.right <= other.left + 1 || other.right <= one.left + 1
        || one.bottom <= other.top + 1 || other.bottom <= one.top + 1;
    return lines.length > 0 && text.scrollWidth <= text.clientWidth + 1
        && lines.every(line => line.left >= row.left && line.right <= row.right)
        && lines.every(line => line.top >= row.top && line.bottom <= row.bottom)
        && cells.every(cell => lines.every(line => apart(line, cell.getBoundingClientRect())));
}"""


def failing(person: Person, failures: int = 3) -> str:
    """The address of the overview of one project, whose documents fail with a long error."""
    jobs = (ended(number, "failed", error_message=LONG) for number in range(failures))
    send(person.board, *jobs)
    return f"/?q={person.board.project}"


@pytest.mark.parametrize("width", [2560, 1440, 1241, 1240, 950, 899, 600, 559, 390, 360])
def test_how_many_since_when_and_when_last_are_never_cut(person: Person, width: int) -> None:
    page = person.open(failing(person, 130), viewport={"width": width, "height": 900})
    known = page.locator(".what__more")
    expect(known).to_have_text(KNOWN)
    assert known.evaluate(WHOLE)
    error = page.locator(".what__main")
    expect(error).to_be_visible()
    assert error.evaluate("text => text.clientWidth < text.scrollWidth"), "it gives way"
    assert width_of(error) > 100
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_head_counts_projects_and_jobs_each_by_its_name(own_person: Person) -> None:
    page = own_person.open("/")
    head = page.locator(".head__sentence")
    expect(head).to_have_text(re.compile(r"^1\sproject, none in trouble; no job running\.$"))
    send(own_person.board, running(1, 10), running(2, 10))
    expect(head).to_have_text(re.compile(r"^1\sproject, none in trouble; 2\sjobs running\.$"))


def test_no_row_is_cut_beside_an_empty_screen(person: Person) -> None:
    page = person.open(failing(person), viewport={"width": 2560, "height": 900})
    assert width_of(page.locator(".sheet")) > 0.95 * 2560
    assert width_of(page.locator(".what")) > 0.5 * 2560


@pytest.mark.parametrize("width", [1440, 950, 600, 390])
def test_rows_of_one_layout_have_one_height_whatever_is_said_in_them(
    demo: Person, width: int
) -> None:
    page = demo.open("/", viewport={"width": width, "height": 900})
    heights = page.locator("#rows tr").evaluate_all(
        "rows => rows.map(row => row.getBoundingClientRect().height)"
    )
    assert len(heights) > 9
    assert max(heights) - min(heights) < 1, "but for the line under the head"


def width_of(one: Locator) -> float:
    box = one.bounding_box()
    assert box is not None
    return box["width"]
