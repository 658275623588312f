"""A television, and the browser of who lets it in."""

import re

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select, update

from app.access.seen import note_seen
from app.clock import now
from app.models import Pairing
from app.screens.store import add_screen, create_link
from app.store.database import reading, writing
from tests.kit.databases import sqlite_only
from tests.kit.fonts import WIDE, take_a_font
from tests.kit.person import Person
from tests.kit.reports import running, send
from tests.kit.wall_fits import SHAPES, SIZES, resized

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

SCREEN = {"width": 1920, "height": 1080}


def television(chromium: Browser, url: str) -> Page:
    """A browser of its own, that nobody touches from now on."""
    page = chromium.new_context(viewport=SCREEN).new_page()
    page.set_default_timeout(15_000)
    page.goto(url)
    page.evaluate("window.neverReloaded = true")
    return page


def code_on(tv: Page) -> str:
    shown = tv.locator(".pair__code")
    expect(shown).to_have_text(re.compile(r"^\w{4}\s\w{4}$"), timeout=15_000)
    return shown.text_content() or ""


def test_a_screen_is_paired_revoked_and_shows_a_new_code(own_person: Person) -> None:
    person, board = own_person, own_person.board
    send(board, running(1, 10))
    tv = television(person.browser, f"{board.url}/wall")
    code = code_on(tv)
    expect(tv.locator(".pair__how")).to_have_text(
        f"Enter this code at {board.url.removeprefix('http://')}/screens"
    )
    admin = person.open("/screens")
    admin.get_by_label("Code").fill(code.lower())
    admin.get_by_role("button", name="Continue").click()
    expect(admin.locator(".facts")).to_contain_text("127.0.0.1")
    admin.get_by_label("Only these:").check()
    admin.locator(".may__list").get_by_role("checkbox").check()
    words = admin.get_by_role("searchbox")
    words.fill("nothing")
    words.press("Enter")
    expect(admin.locator(".may")).to_contain_text("Chosen already: p1")
    words.fill("")
    words.press("Enter")
    admin.get_by_label("Name").fill("Hall")
    admin.get_by_label("Name").press("Enter")
    expect(tv.locator(".figures")).to_contain_text("1running", timeout=15_000)
    expect(tv.locator(".notice--pair")).to_be_hidden()
    assert tv.evaluate("window.neverReloaded") is True
    admin.reload()
    expect(admin.locator(".screen")).to_contain_text("Seen now")
    admin.get_by_role("link", name="Change Hall").click()
    admin.get_by_text("Revoke this screen").click()
    admin.get_by_role("button", name="Revoke it").click()
    assert code_on(tv) != code
    expect(tv.locator(".figures")).to_have_count(0)
    assert tv.evaluate("window.neverReloaded") is True
    assert person.complaints == []


def test_the_code_fits_every_screen_and_renews_itself(own_person: Person) -> None:
    board = own_person.board
    context = own_person.browser.new_context(viewport=SCREEN)
    tv = context.new_page()
    tv.clock.install()
    tv.goto(f"{board.url}/wall")
    code_on(tv)
    widest = "MWMWMWMW"
    with board.database(), writing() as connection:
        connection.execute(update(Pairing).values(code=widest))
    tv.reload()
    code = code_on(tv)
    assert code.replace(" ", "") == widest
    assert [fault for size in SIZES for fault in resized(tv, size)[0]] == []
    take_a_font(tv, WIDE)
    assert [fault for size in SHAPES for fault in resized(tv, size)[0]] == []
    with board.database(), writing() as connection:  # ten minutes pass: here, and on the screen
        connection.execute(update(Pairing).values(expires_at=now()))
    tv.clock.fast_forward("10:00")
    expect(tv.locator(".pair__code")).not_to_have_text(re.compile(rf"{code[:4]}.{code[5:]}"))
    assert code_on(tv) != code
    with board.database(), reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Pairing)) == 1


def test_a_one_time_link_makes_a_screen(own_person: Person) -> None:
    board = own_person.board
    send(board, running(1, 10))
    with board.database(), writing() as connection:
        token = create_link(connection, name="Hall", projects=None, now=now())
    tv = own_person.browser.new_context(viewport=SCREEN).new_page()
    tv.goto(f"{board.url}/wall#{token}")
    expect(tv.locator(".figures")).to_contain_text("1running", timeout=15_000)
    assert tv.url == f"{board.url}/wall"
    late = television(own_person.browser, f"{board.url}/wall#{token}")
    expect(late.locator(".pair__trouble")).to_contain_text("used already", timeout=15_000)
    code_on(late)


NAMES = {"a": "Zürich", "b": "contracts", "c": "Archive", "d": "archive, old"}
SORTED = ["Archive", "archive, old", "contracts", "p1", "Zürich"]


def test_the_page_of_screens_is_live_and_tells_by_name_what_each_shows(own_person: Person) -> None:
    board = own_person.board
    for project_id, name in NAMES.items():
        board.new_project(project_id, name=name)
    page = own_person.open("/screens")
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("#live")).to_have_text("No screen shows the wall yet.")
    page.get_by_label("Code").fill("ABCD")
    with board.database(), writing() as connection:
        add_screen(
            connection, name="Hall", projects=["a", "c", "d", "b"], now=now(), token_hash="1"
        )
        every = add_screen(connection, name="Lobby", projects=None, now=now(), token_hash="2")
    hall, lobby = (page.locator(".screen", has_text=name) for name in ("Hall", "Lobby"))
    expect(hall).to_contain_text("Archive, archive, old, contracts, Zürich")
    expect(lobby).to_contain_text("Not seen yet")
    with board.database(), writing() as connection:
        note_seen(connection, every, address="127.0.0.1", browser="", now=now())
    expect(lobby).to_contain_text("Seen now")
    expect(page.get_by_label("Code")).to_have_value("ABCD")
    assert page.evaluate("window.neverReloaded") is True
    expect(page.locator("#link")).to_contain_text("Live")
    expect(lobby.get_by_role("link", name="All projects")).to_have_attribute("href", "/wall")
    hall.get_by_role("link", name="the wall that Hall shows").click()
    expect(page.locator(".chip:not(.chip--rest)")).to_have_count(len(NAMES))
    page.goto(f"{board.url}/screens/link")
    assert page.locator(".may__list bdi").all_inner_texts() == SORTED


def test_the_list_goes_on_where_a_code_was_refused(own_person: Person) -> None:
    board = own_person.board
    page = own_person.open("/screens")
    page.get_by_label("Code").fill("ABCD EFGH")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("alert")).to_contain_text("No screen shows this code.")
    with board.database(), writing() as connection:
        add_screen(connection, name="Hall", projects=None, now=now(), token_hash="1")
    expect(page.locator(".screen")).to_contain_text("Hall")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("#link")).to_contain_text("Live")


def test_the_pages_fit(own_person: Person) -> None:
    with own_person.board.database(), writing() as connection:
        create_link(connection, name="W" * 200, projects=None, now=now())
    for width, height in ((1440, 900), (360, 800)):
        page = own_person.open("/screens", viewport={"width": width, "height": height})
        for path in ("/screens", "/screens/link", "/screens/1"):
            page.goto(own_person.board.url + path)
            for theme in ("light", "dark"):
                page.emulate_media(color_scheme=theme)
                fits = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
                assert fits, (path, width, theme)
