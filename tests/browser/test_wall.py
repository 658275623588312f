"""The wall in a real browser: it fits, it refreshes itself, and it never lies."""

import re
import signal

import pytest
from playwright.sync_api import expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import job, running, send
from tests.kit.wall_fits import SIZES, resized

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

NAMES = ("contracts", "wiki-and-handbook-knowledge-graph-production-eu-west-1-prim", "契約" * 30)


def test_what_a_server_really_says_fits_too(own_person: Person) -> None:
    """Walls of any size are made up in `test_wall_fits.py`; this one is of jobs."""
    board = own_person.board
    for number in range(2, 10):
        board.new_project(f"p{number}", name=f"{NAMES[number % 3]}-{number}"[-60:])
    for number in range(1, 4):
        board.project = f"p{number}"
        failures = [job(n, "failed", error_message="LLM API timeout " * 9) for n in range(3)]
        send(board, *failures)
    for number in range(4, 10, 2):
        board.project = f"p{number}"
        send(board, running(1, 5))
    page = own_person.open("/wall", viewport={"width": 1920, "height": 1080})
    expect(page.locator(".trouble")).to_have_count(3)
    assert {size: resized(page, size) for size in SIZES} == {
        size: ([], {"troubles": 3, "all": 9}) for size in SIZES
    }


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
    wrong.wait_for_timeout(1000)
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


BOXES = """() => [...document.querySelectorAll(".head > *, .trouble, .chip")].map(
    node => JSON.stringify(node.getBoundingClientRect()))"""


def test_a_pointer_that_moves_brings_the_way_back_and_shifts_nothing(own_person: Person) -> None:
    own_person.board.new_project("quiet")
    send(own_person.board, *(job(n, "failed", error_message="Quota exceeded") for n in range(3)))
    page = own_person.open("/wall", viewport={"width": 1920, "height": 1080})
    back = page.get_by_role("link", name="Projects")
    page.mouse.move(500, 300)  # where it was before, nobody knows
    expect(page.locator("body")).to_have_class("is-resting")
    expect(back).to_have_css("opacity", "0")
    before = page.evaluate(BOXES)
    page.mouse.move(500, 320)
    expect(back).to_have_css("opacity", "1")
    assert page.evaluate(BOXES) == before
    back.click()
    page.wait_for_url(own_person.board.url + "/")


def test_a_row_leads_to_its_project(own_person: Person) -> None:
    own_person.board.new_project("quiet")
    send(own_person.board, *(job(n, "failed", error_message="Quota exceeded") for n in range(3)))
    page = own_person.open("/wall", viewport={"width": 1920, "height": 1080})
    box = page.locator(".trouble").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] - 5)
    page.wait_for_url(re.compile("/projects/p1$"))
    page.go_back()
    page.locator(".chip", has_text="quiet").click()
    page.wait_for_url(re.compile("/projects/quiet$"))


def test_by_keyboard_a_row_keeps_its_focus_while_jobs_arrive(own_person: Person) -> None:
    own_person.board.new_project("quiet")
    send(own_person.board, running(1, 10))
    page = own_person.open("/wall", viewport={"width": 1920, "height": 1080})
    page.keyboard.press("Tab")
    back = page.get_by_role("link", name="Projects")
    expect(back).to_be_focused()
    expect(back).to_have_css("opacity", "1")
    page.keyboard.press("Tab")
    row = page.get_by_role("link", name="p1")
    expect(row).to_be_focused()
    ring = row.evaluate("link => getComputedStyle(link, '::after').borderTopStyle")
    assert ring == "solid"
    send(own_person.board, running(2, 10))
    expect(page.locator(".chip", has=row)).to_contain_text("2 running")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/projects/p1$"))


@pytest.mark.parametrize("query", ["", "?project=p1"])
def test_on_a_phone_the_way_back_is_always_there_beside_the_time(
    own_person: Person, query: str
) -> None:
    own_person.board.new_project("quiet")
    send(own_person.board, *(job(n, "failed", error_message="Quota exceeded") for n in range(3)))
    page = own_person.open(f"/wall{query}", viewport={"width": 390, "height": 844})
    back = page.get_by_role("link", name="Projects")
    expect(back).to_have_css("opacity", "1")
    box = back.bounding_box()
    assert box is not None
    assert box["height"] >= 24 and box["x"] + box["width"] <= 390
    for other in page.locator(".head__counts, .head__clock, .head__age, .board").all():
        there = other.bounding_box()
        assert there is not None
        above = (
            there["y"] + there["height"] <= box["y"] + 1
            or there["y"] >= box["y"] + box["height"] - 1
        )
        assert above or there["x"] + there["width"] <= box["x"], other
    back.click()
    page.wait_for_url(own_person.board.url + "/")
