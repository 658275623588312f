"""The wall never lies and comes back by itself: each fault is caused for real."""

import re
import signal
import sqlite3
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from playwright.sync_api import Page, Request, Route, expect

from tests.kit.databases import sqlite_only
from tests.kit.person import Person
from tests.kit.reports import job, running, send

pytestmark = sqlite_only  # what a browser shows does not depend on the engine

SOON = 15_000  # ms: two missed answers, or an answer after them
LOST = re.compile("is-lost")
SCREEN = {"width": 1920, "height": 1080}


def failing_wall(person: Person, path: str = "/wall") -> Page:
    """A wall of two projects, one of them in trouble."""
    board = person.board
    board.new_project("quiet")
    send(board, *(job(n, "failed", error_message="Quota exceeded") for n in range(3)))
    page = person.open(path, viewport=SCREEN)
    expect(page.locator(".trouble")).to_contain_text("3 failed")
    mark(page)
    return page


def mark(page: Page) -> None:
    """Let a page be known that was not loaded anew."""
    page.locator("body").evaluate("node => { node.dataset.mark = 'same'; }")


def is_marked(page: Page, marked: bool = True) -> None:
    mine = page.locator("body[data-mark]")
    expect(mine).to_have_count(1 if marked else 0, timeout=SOON)


def is_lost(page: Page) -> None:
    """It says so loudly, and still shows the rows that it had, dimmed."""
    expect(page.locator(".head__lost")).to_have_text(
        re.compile(r"^NO ANSWER SINCE \d\d:\d\d · \d+ s$"), timeout=SOON
    )
    expect(page.locator("body")).to_have_class(LOST)
    expect(page.locator(".board")).to_have_css("opacity", "0.4")
    expect(page.locator(".trouble")).to_contain_text("3 failed")
    expect(page).to_have_title(re.compile("^Lost"))
    expect(page.locator(".head__counts")).to_be_hidden()


def has_recovered(page: Page) -> None:
    expect(page.locator(".head__lost")).to_be_hidden(timeout=SOON)
    expect(page.locator("body")).not_to_have_class(LOST)
    expect(page.locator(".head__age")).to_have_text(re.compile(r"^\d s old$"))


def test_a_server_that_hangs_is_as_good_as_none(own_person: Person) -> None:
    page = failing_wall(own_person)
    own_person.board.signal(signal.SIGSTOP)
    try:
        is_lost(page)
    finally:
        own_person.board.signal(signal.SIGCONT)
    has_recovered(page)
    is_marked(page)


def test_another_build_reloads_the_page_once_it_answers(own_person: Person) -> None:
    page = failing_wall(own_person)
    board = own_person.board
    board.stop(signal.SIGKILL)
    is_lost(page)
    board.application = "tests.kit.another_build:app"
    board.start()
    is_marked(page, False)
    has_recovered(page)
    expect(page.locator("#wall")).to_have_attribute("data-build", "another")
    expect(page.locator(".trouble")).to_contain_text("3 failed")
    mark(page)
    for _ in range(2):
        page.wait_for_event("response")
    is_marked(page)


def test_two_builds_behind_one_address_do_not_make_it_reload_for_ever(own_person: Person) -> None:
    page = failing_wall(own_person)
    loads: list[str] = []

    def count(request: Request) -> None:
        if request.resource_type == "document":
            loads.append(request.url)

    def other_build(route: Route) -> None:
        asked = dict(route.request.headers)
        asked.pop("if-none-match", None)  # a 304 has no body that could name a build
        answer = route.fetch(headers=asked)
        body = re.sub('data-build="[^"]*"', 'data-build="another"', answer.text())
        route.fulfill(response=answer, body=body)

    page.on("request", count)
    page.route("**/wall/board*", other_build)
    is_marked(page, False)
    for _ in range(4):
        page.wait_for_event("response")
    assert len(loads) == 1


def test_a_revoked_session_clears_the_screen(own_person: Person) -> None:
    page = failing_wall(own_person)
    store = Path(own_person.board.settings["INSTANCE"])
    [database] = [path for path in store.iterdir() if path.suffix in (".db", ".sqlite")]
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE sessions SET revoked_at = 1")
    connection.close()
    expect(page.locator(".notice--pair")).to_be_visible(timeout=SOON)
    expect(page.locator(".trouble, .chip")).to_have_count(0)
    assert "p1" not in page.locator("body").inner_text()
    expect(page).to_have_title(re.compile("^Not paired"))


def test_a_revoked_session_clears_the_wall_of_one_project_and_its_name(own_person: Person) -> None:
    send(own_person.board, running(1, 10))
    page = own_person.open("/wall?project=p1", viewport=SCREEN)
    expect(page.locator(".head__project")).to_have_text("p1")
    page.context.clear_cookies()
    expect(page.locator(".notice--pair")).to_be_visible(timeout=SOON)
    assert "p1" not in page.locator("body").inner_text()


def test_a_cut_network_is_told_and_a_flapping_one_forgiven(own_person: Person) -> None:
    page = failing_wall(own_person)
    page.context.set_offline(True)
    is_lost(page)
    page.context.set_offline(False)
    has_recovered(page)
    with page.expect_event("requestfailed"):  # one answer missed is no news
        page.context.set_offline(True)
    page.context.set_offline(False)
    page.wait_for_event("response")
    expect(page.locator("body")).not_to_have_class(LOST)
    has_recovered(page)
    is_marked(page)


def test_a_page_of_somebody_else_is_no_answer(own_person: Person) -> None:
    page = failing_wall(own_person)
    page.route("**/wall/board", lambda route: route.fulfill(body="<h1>Welcome to Hotel Wi-Fi</h1>"))
    is_lost(page)
    page.unroute_all()
    has_recovered(page)


def test_a_step_of_the_clock_changes_nothing(own_person: Person) -> None:
    page = failing_wall(own_person)
    clock = page.locator(".head__clock").text_content()
    assert clock is not None
    for hours in (9, -30):
        page.evaluate(
            "hours => { const real = Date.now.bind(Date);"
            " Date.now = () => real() + hours * 3600000; }",
            hours,
        )
        page.wait_for_event("response")  # it asks at once
        expect(page.locator("body")).not_to_have_class(re.compile("is-unsure"))
        expect(page.locator(".head__age")).to_have_text(re.compile(r"^\d s old$"))
        shown = page.locator(".head__clock").text_content()
        assert shown is not None and minutes_between(clock, shown) <= 1
        expect(page.locator(".trouble__age")).to_have_text(re.compile(r"· \d+ (s|min|h.*|d)$"))


def minutes_between(one: str, other: str) -> int:
    first, second = (int(text[:2]) * 60 + int(text[3:5]) for text in (one, other))
    return min((first - second) % 1440, (second - first) % 1440)


def test_a_script_or_a_sheet_that_fails_to_load_is_asked_for_again(own_person: Person) -> None:
    send(own_person.board, running(1, 10))
    for name in ("wall.*.js", "wall.*.css"):
        context = own_person.browser.new_context(
            storage_state=own_person.context.storage_state(), viewport=SCREEN
        )
        page = context.new_page()
        page.route("**/wall", sooner)
        page.route(f"**/{name}", lambda route: route.abort(), times=1)
        page.goto(own_person.board.url + "/wall")
        expect(page.locator(".head__age")).to_have_text(re.compile(r"^\d s old$"), timeout=SOON)
        expect(page.locator("#wall")).to_have_css("position", "fixed")
        context.close()


def sooner(route: Route) -> None:
    """The page as it is, but it looks after itself in 2 s, not in 60."""
    answer = route.fetch()
    route.fulfill(
        response=answer, body=answer.text().replace('refresh" content="60"', 'refresh" content="2"')
    )


def test_it_reloads_itself_after_six_hours_while_the_server_answers(own_person: Person) -> None:
    page = failing_wall(own_person)
    page.evaluate(
        "const now = performance.now.bind(performance);"
        " performance.now = () => now() + 6.1 * 3600000;"
    )
    is_marked(page, False)
    has_recovered(page)


def test_all_of_it_moves_a_little_against_burn_in(own_person: Person) -> None:
    own_person.board.new_project("quiet")
    page = own_person.open("/wall", viewport=SCREEN)
    minutes = 0

    def later(route: Route) -> None:
        answer = route.fetch()
        date = format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True)
        route.fulfill(response=answer, headers={**answer.headers, "date": date})

    page.route("**/wall/board", later)
    wall, places = page.locator("#wall"), set()
    place = wall.evaluate("node => node.style.transform")
    for minutes in (8, 24, 40):  # noqa: B007  `later` reads it
        expect(wall).not_to_have_attribute("style", f"transform: {place};")
        place = wall.evaluate("node => node.style.transform")
        assert re.fullmatch(r"translate\(-?[0-5]px, -?[0-5]px\)", place), place
        places.add(place)
    page.unroute_all(behavior="ignoreErrors")  # a poll waits for a change
    assert len(places) > 1
