"""The wall in a real browser: it fits, it refreshes itself, and it never lies."""

import re
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.reports import job, running, send
from tests.conftest import sqlite_only

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

SIZES = [(1280, 720), (1920, 1080), (3840, 2160), (1080, 1920)]
NAMES = ("contracts", "wiki-and-handbook-knowledge-graph-production-eu-west-1-prim", "契約" * 30)

CLIPPED = """() => {
    const seen = [...document.querySelectorAll(".trouble, .chip, .head p, .more")]
        .filter(node => node.offsetParent !== null && node.getBoundingClientRect().width > 0);
    const boxes = seen.map(node => node.getBoundingClientRect());
    const outside = boxes.filter(box => box.top < -1 || box.left < -1
        || box.right > innerWidth + 1 || box.bottom > innerHeight + 1);
    const overlap = boxes.filter((one, i) => boxes.some((two, j) => i < j
        && one.left < two.right - 1 && two.left < one.right - 1
        && one.top < two.bottom - 1 && two.top < one.bottom - 1));
    const page = document.documentElement;
    const scrolls = page.scrollHeight > innerHeight || page.scrollWidth > innerWidth;
    return { outside: outside.length, overlap: overlap.length, scrolls, shown: seen.length };
}"""


def fits(page: Page) -> None:
    page.wait_for_timeout(300)
    found = page.evaluate(CLIPPED)
    assert (found["outside"], found["overlap"], found["scrolls"]) == (0, 0, False), found


@pytest.mark.parametrize(("projects", "troubles"), [(2, 1), (9, 3), (30, 6), (30, 13)])
def test_nothing_scrolls_clips_or_overlaps(
    own_person: Person, projects: int, troubles: int
) -> None:
    board = own_person.board
    for number in range(1, projects):
        board.new_project(f"p{number + 1}", name=f"{NAMES[number % 3]}-{number}"[-60:])
    for number in range(troubles):
        board.project = f"p{number + 1}"
        failures = [job(n, "failed", error_message="LLM API timeout " * 9) for n in range(3)]
        send(board, *failures)
    for number in range(troubles, projects, 2):
        board.project = f"p{number + 1}"
        send(board, running(1, 5))
    for width, height in SIZES:
        page = own_person.open("/wall", viewport={"width": width, "height": height})
        expect(page.locator(".trouble")).to_have_count(troubles)
        fits(page)
        page.context.close()


def test_it_is_told_worst_first_and_refreshes_itself(person: Person) -> None:
    person.board.new_project("beside-what-is-told")  # or the one would have the wall to itself
    send(person.board, running(1, 10))
    page = person.open("/wall", viewport={"width": 1920, "height": 1080})
    page.evaluate("window.neverReloaded = true")
    me = page.locator(".chip", has_text=person.board.project)
    expect(me).to_contain_text("1 running")
    send(person.board, *(job(n, "failed", error_message="Quota exceeded") for n in range(3)))
    trouble = page.locator(".trouble", has_text=person.board.project)
    expect(trouble).to_contain_text("3 failed")
    expect(trouble).to_contain_text("Quota exceeded")
    expect(page.locator(".head__age")).to_have_text(re.compile(r"^\d s old$"))
    assert page.evaluate("window.neverReloaded") is True


def test_a_killed_server_is_shown_loudly_and_recovery_needs_no_hand(own_person: Person) -> None:
    board = own_person.board
    board.new_project("quiet")
    send(board, running(1, 10))
    page = own_person.open("/wall", viewport={"width": 1920, "height": 1080})
    expect(page.locator(".chip").first).to_contain_text("1 running")
    board.stop(signal.SIGKILL)
    band = page.locator(".head__lost")
    expect(band).to_contain_text("NO ANSWER SINCE", timeout=15_000)
    expect(page.locator("body")).to_have_class(re.compile("is-lost"))
    expect(page.locator(".chip").first).to_be_visible()
    board.start()
    send(board, running(2, 10))
    expect(band).to_be_hidden(timeout=15_000)
    expect(page.locator(".chip").first).to_contain_text("2 running")


def test_a_wrong_clock_on_the_tv_changes_nothing(person: Person) -> None:
    send(person.board, *(job(n, "failed", error_message="x") for n in range(3)))
    page = person.open("/wall", viewport={"width": 1920, "height": 1080})
    right = page.locator(".head__clock").text_content()
    wrong = person.browser.new_context(storage_state=person.context.storage_state()).new_page()
    wrong.add_init_script(
        "const now = Date.now; Date.now = () => now.call(Date) - 7 * 3600 * 1000;"
    )
    wrong.goto(person.board.url + "/wall")
    wrong.wait_for_timeout(4000)
    shown = wrong.locator(".head__clock").text_content()
    assert right is not None and shown is not None
    assert minutes_between(right, shown) <= 1
    expect(wrong.locator(".head__age")).to_have_text(re.compile(r"^\d s old$"))


def minutes_between(one: str, other: str) -> int:
    first, second = (int(text[:2]) * 60 + int(text[3:5]) for text in (one, other))
    return min((first - second) % 1440, (second - first) % 1440)


def test_a_signed_out_screen_shows_nothing_old(own_person: Person) -> None:
    person = own_person  # on the shared board the chips of other tests' projects may fold this one
    person.board.new_project("quiet")
    send(person.board, running(1, 10))
    page = person.open("/wall")
    expect(page.locator(".chip", has_text=person.board.project)).to_be_visible()
    person.context.clear_cookies()
    expect(page.locator(".notice--pair")).to_be_visible(timeout=10_000)
    expect(page.locator(".chip", has_text=person.board.project)).to_be_hidden()
