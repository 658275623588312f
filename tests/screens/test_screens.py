"""Screens: what lets one in, what it may see, and that it may see nothing else."""

import re
import threading
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, insert, select

from app.access import seen
from app.access.door import visit_wall_with_screen, visit_wall_with_session
from app.access.origin import browser_words, network_of
from app.access.scopes import hashed
from app.access.sessions import create_link as create_sign_in_link
from app.access.sessions import spend_link as spend_sign_in_link
from app.clock import now
from app.ledger.projects import create_project
from app.models import Pairing, Project, Screen, WrongCode
from app.rules.times import DAY, MINUTE
from app.screens import codes, store
from app.store.database import db, reading, writing
from app.web.cookies import SCREEN, SESSION
from tests.kit.api import Api
from tests.kit.apps import another_app
from tests.kit.cookies import give, held, name_in
from tests.kit.forms import cookies_of, form_of, sign_in
from tests.kit.statements import asked

NOW = 1_800_000_000_000_000
SCRIPT = {"X-Requested-With": "wall"}
TV = {
    "User-Agent": "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/68.0.3440.106 Safari/537.36"
}


def show(connection, now: int = NOW, network: str = "10.0.0.1") -> codes.Waiting | None:
    return codes.show_code(connection, address=network, network=network, browser="b", now=now)


def count(model) -> int:
    with reading() as connection:
        return connection.scalar(select(func.count()).select_from(model)) or 0


def in_threads(app: Flask, number: int, act) -> list:
    start, results = threading.Barrier(number), []

    def run() -> None:
        with app.app_context():
            start.wait()
            with writing() as connection:
                results.append(act(connection))

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == number
    return results


# Codes


@pytest.mark.parametrize(("age", "good"), [(10 * MINUTE - 1, True), (10 * MINUTE, False)])
def test_a_code_is_good_for_ten_minutes(app: Flask, age: int, good: bool) -> None:
    with writing() as connection:
        shown = show(connection)
        assert codes.pending(connection, shown.token, NOW + age) is not None or not good
        found = codes.find_code(connection, shown.code, NOW + age)
        assert (found is not None) == good
        made = codes.claim(connection, shown.code, name="tv", projects=None, now=NOW + age)
        assert (made is not None) == good
        assert (visit_wall_with_screen(connection, shown.token, ()) is not None) == good


def test_a_code_can_be_read_from_afar_and_typed_in_any_way(app: Flask) -> None:
    with writing() as connection:
        code = show(connection).code
    assert re.fullmatch(r"[^\W01258ABEILOSUZ_a-z]{8}", code)
    for typed in (code.lower(), f" {code[:4]} {code[4:]} ", f"{code[:4]}-{code[4:]}"):
        assert codes.read_code(typed) == code


@pytest.mark.parametrize(
    "typed",
    ["", "x", "\0" * 8, "OOOOOOOO", "34679CD", "34679CDFG", "٣٤٦٧٩٣٤٦", "\udcff" * 8, "3" * 99],
)
def test_another_text_is_no_code(typed: str) -> None:
    assert codes.read_code(typed) == ""


def test_codes_are_few_and_make_room_when_they_expire(app: Flask) -> None:
    with writing() as connection:
        assert [bool(show(connection)) for _ in range(4)] == [True, True, True, False]
        for number in range(60):
            show(connection, network=f"10.1.0.{number}")
        assert codes.is_full(connection, "10.9.9.9", NOW)
        assert not codes.is_full(connection, "10.9.9.9", NOW + 10 * MINUTE)
    assert count(Pairing) == codes.MOST_PENDING
    with writing() as connection:
        assert show(connection, NOW + 10 * MINUTE)
    assert count(Pairing) == 1


def test_side_by_side_they_stay_as_few(app: Flask) -> None:
    shown = in_threads(app, 8, show)
    assert sum(one is not None for one in shown) == count(Pairing) == codes.MOST_PER_NETWORK


def test_of_two_administrators_with_one_code_one_pairs_the_screen(app: Flask) -> None:
    with writing() as connection:
        code = show(connection).code
    made = in_threads(app, 6, lambda c: codes.claim(c, code, name="tv", projects=None, now=NOW))
    assert sum(one is not None for one in made) == count(Screen) == 1


def test_wrong_codes_are_counted_by_session_and_by_network(app: Flask) -> None:
    with writing() as connection:
        for number in range(10):
            assert not codes.must_wait(connection, ("me", "net"), NOW + number)
            codes.note_wrong(connection, ("me", "net"), NOW + number)
        for who in (("me", "elsewhere"), ("another", "net")):
            assert codes.must_wait(connection, who, NOW + 10) == 10 * MINUTE - 10
        assert not codes.must_wait(connection, ("another", "elsewhere"), NOW + 10)
        assert not codes.must_wait(connection, ("me", "net"), NOW + 10 * MINUTE)
        codes.note_wrong(connection, ("me",), NOW + DAY)
    assert count(WrongCode) == 1


def test_a_clock_that_was_ahead_keeps_nobody_waiting(app: Flask) -> None:
    """What it stamped lies in the future, once it is set back."""
    with writing() as connection:
        shown = [show(connection, NOW + DAY) for _ in range(codes.MOST_PER_NETWORK)]
        for _ in range(codes.MOST_WRONG):
            codes.note_wrong(connection, ("me",), NOW + DAY)
        assert codes.must_wait(connection, ("me",), NOW + DAY)
        assert not codes.must_wait(connection, ("me",), NOW)
        assert codes.find_code(connection, shown[0].code, NOW) is None
        assert codes.claim(connection, shown[0].code, name="tv", projects=None, now=NOW) is None
        assert codes.pending(connection, shown[0].token, NOW) is None
        assert show(connection, NOW)
        codes.note_wrong(connection, ("me",), NOW)
    assert (count(Pairing), count(WrongCode)) == (1, 1)


# Links


@pytest.mark.parametrize(("age", "good"), [(15 * MINUTE - 1, True), (15 * MINUTE, False)])
def test_a_link_lives_for_15_minutes_and_opens_once(app: Flask, age: int, good: bool) -> None:
    about = {"address": "10.0.0.1", "browser": "b"}
    with writing() as connection:
        token = store.create_link(connection, name="tv", projects=None, now=NOW)
        assert store.link_is_good(connection, token, NOW + age) == good
        assert visit_wall_with_screen(connection, token, ()) is None
        own = store.spend_link(connection, token, now=NOW + age, **about)
        assert (own is not None) == good
        assert store.spend_link(connection, token, now=NOW + age, **about) is None
        if own:
            assert visit_wall_with_screen(connection, own, ()).only is None


def test_a_revoked_link_opens_nothing(app: Flask) -> None:
    with writing() as connection:
        token = store.create_link(connection, name="tv", projects=None, now=NOW)
        [line] = store.list_screens(connection, NOW)
        assert store.revoke_screen(connection, line.screen_id, NOW)
        assert store.spend_link(connection, token, address="", browser="", now=NOW) is None


def test_of_many_browsers_with_one_link_one_becomes_the_screen(app: Flask) -> None:
    with writing() as connection:
        token = store.create_link(connection, name="tv", projects=None, now=NOW)
    won = in_threads(app, 6, lambda c: store.spend_link(c, token, address="", browser="", now=NOW))
    assert sum(one is not None for one in won) == 1


def test_a_link_that_no_one_opened_is_forgotten(app: Flask) -> None:
    with writing() as connection:
        store.create_link(connection, name="old", projects=None, now=NOW)
        assert store.list_screens(connection, NOW + 15 * MINUTE) == []
        store.create_link(connection, name="new", projects=None, now=NOW + 2 * DAY)
    assert count(Screen) == 1


# What a screen sees


@pytest.fixture
def three(app: Flask) -> dict[str, int]:
    """Three projects; gives their versions."""
    return {
        name: create_project(name, name=name.upper(), mode="kg_vector", now=NOW).version
        for name in ("a", "b", "c")
    }


def joined(three: dict[str, int], of: str) -> tuple[int, int]:
    """The versions of some of them together."""
    versions = [three[name] for name in of]
    return max(versions, default=0), sum(versions)


def make(projects, token: str = "t") -> int:
    with writing() as connection:
        return store.add_screen(
            connection, name="tv", projects=projects, now=NOW, token_hash=hashed(token)
        )


@pytest.mark.parametrize(
    ("may", "asked", "only", "of"),
    [
        (None, (), None, "abc"),
        (None, ("b", "none"), ("b",), "b"),
        (("a", "b"), (), ("a", "b"), "ab"),
        (("a", "b"), ("b", "c"), ("b",), "b"),
        (("a", "b"), ("c",), (), ""),
        ((), (), (), ""),
    ],
)
def test_it_sees_its_projects_and_of_those_what_is_asked_for(
    three, may, asked, only, of: str
) -> None:
    make(may)
    with reading() as connection:
        watch = visit_wall_with_screen(connection, "t", asked)
    assert (watch.only, watch.versions) == (only, joined(three, of))


def test_somebody_signed_in_may_ask_for_some_too(three) -> None:
    with writing() as connection:
        session = spend_sign_in_link(connection, create_sign_in_link(connection, NOW), NOW)
        watch = visit_wall_with_session(connection, session, ("a", "c", "'; --"), NOW)
        assert (watch.only, watch.versions) == (("a", "c"), joined(three, "ac"))
        assert visit_wall_with_session(connection, session, (), NOW).only is None
        assert visit_wall_with_session(connection, "none", ("a",), NOW) is None


@pytest.mark.parametrize("token", ["", "x", "\0", "\udcff", "x" * 10_000])
def test_another_text_is_no_screens_token(three, token: str) -> None:
    make(None)
    with reading() as connection:
        assert visit_wall_with_screen(connection, token, ()) is None


def test_a_revoked_screen_sees_nothing(three) -> None:
    screen_id = make(None)
    with writing() as connection:
        assert store.revoke_screen(connection, screen_id, NOW)
        assert not store.revoke_screen(connection, screen_id, NOW)
        assert visit_wall_with_screen(connection, "t", ()) is None
        assert visit_wall_with_screen(connection, "t", ("a",)) is None


def test_that_it_was_seen_is_written_once_a_minute(three) -> None:
    screen_id = make(None)
    with writing() as connection:
        noted = [
            seen.note_seen(connection, screen_id, address="10.0.0.9", browser="x", now=NOW + at)
            for at in (0, 1, MINUTE - 1, MINUTE)
        ]
        assert noted == [True, False, False, True]
        [line] = store.list_screens(connection, NOW + MINUTE)
        assert (line.last_seen_at, line.address) == (NOW + MINUTE, "10.0.0.9")
        # The clock was ahead, and is set back.
        assert (line.is_on(NOW + MINUTE), line.is_on(NOW - DAY)) == (True, False)
        words = {"address": "10.0.0.9", "browser": "x", "now": NOW - DAY}
        assert seen.note_seen(connection, screen_id, **words)
        [line] = store.list_screens(connection, NOW - DAY)
    assert line.last_seen_at == NOW - DAY


# The pages


@pytest.fixture
def admin(api: Api) -> FlaskClient:
    """A browser of somebody who may do all."""
    assert sign_in(api.client, key=api.key()).status_code == 303
    return api.client


def ask_code(tv: FlaskClient, **how):
    return tv.post("/wall/code", headers={**SCRIPT, **TV, **how.pop("headers", {})}, **how)


def form_at(client: FlaskClient, path: str, action: str) -> dict[str, str]:
    """The hidden fields of the form with this action."""
    page = unescape(client.get(path).text)
    return hidden_fields(page, action)


def hidden_fields(page: str, action: str) -> dict[str, str]:
    form = re.search(rf'<form[^>]*action="{action}".*?</form>', page, re.DOTALL)[0]
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def enter(admin: FlaskClient, code: str, **more):
    form = form_at(admin, "/screens", "/screens/pair")
    return admin.post("/screens/pair", data={**form, "code": code, **more})


def test_a_screen_is_paired_by_its_code(api: Api, admin: FlaskClient) -> None:
    create_project("p2", name="Project two", mode="kg_vector", now=now())
    tv = api.app.test_client()
    page = tv.get("/wall")
    assert (page.status_code, page.headers["Cache-Control"]) == (200, "no-store")
    assert "Project" not in page.text
    assert tv.get("/wall/board").status_code == 401
    code = ask_code(tv).json["code"]
    assert ask_code(tv).json["code"] == code, "a reload shows the same"
    seen = enter(admin, code.lower())
    assert seen.status_code == 200
    assert "127.0.0.1" in seen.text
    assert "Chrome 68 on LG TV" in seen.text
    done = enter(admin, code, step="done", name="Hall <b>", projects="some", project=["p2"])
    assert (done.status_code, done.headers["Location"]) == (303, "/screens")
    board = tv.get("/wall/board")
    assert board.status_code == 200
    assert "Project two" in board.text
    assert "Project one" not in board.text
    board.close()
    assert "Project one" not in tv.get("/wall/board?project=p1").text
    assert ask_code(tv).json == {"known": True}
    listed = admin.get("/screens").text
    for text in ("Hall &lt;b&gt;", "Project two", "127.0.0.1", "Seen now"):
        assert text in listed
    assert enter(admin, code).status_code == 422


def paired(api: Api, admin: FlaskClient) -> FlaskClient:
    tv = api.app.test_client()
    code = ask_code(tv).json["code"]
    assert enter(admin, code, step="done", name="tv", projects="all").status_code == 303
    return tv


def test_a_screen_opens_nothing_but_the_wall(api: Api, admin: FlaskClient) -> None:
    tv = paired(api, admin)
    assert tv.get("/wall").status_code == tv.get("/wall/board").status_code == 200
    for path in ("/", "/projects/p1", "/screens", "/screens/link", "/projects/p1/jobs.csv"):
        assert tv.get(path).status_code == 302, path
    assert tv.get("/api/v1/projects").status_code == 401
    assert tv.get("/", headers={"HX-Request-Type": "partial"}).status_code == 401
    cookie = held(tv, SCREEN)
    other = api.app.test_client()
    give(other, SESSION, cookie)
    assert other.get("/").status_code == 302


def test_its_cookie_is_out_of_reach_and_renewed(api: Api, admin: FlaskClient, still: int) -> None:
    tv = paired(api, admin)
    for scheme in ("http", "https"):
        base = {"base_url": f"{scheme}://localhost"}
        for answer in (ask_code(api.app.test_client(), **base), tv.get("/wall")):
            name = name_in(api.app, SCREEN, secure=answer.request.scheme == "https")
            cookie = cookies_of(answer)[name]
            assert cookie["httponly"]
            assert cookie["samesite"] == "Lax"
            assert cookie["path"] == "/"
            assert not cookie["domain"]
            assert int(cookie["max-age"]) == 400 * 24 * 60 * 60
            told = "https" if answer.request.scheme == "https" else "http"
            assert bool(cookie["secure"]) == (told == "https")
    tv.get("/wall").close()
    again = tv.get("/wall/board")
    assert "Set-Cookie" not in again.headers
    unchanged = tv.get("/wall/board", headers={"If-None-Match": again.headers["ETag"]})
    assert unchanged.status_code == 304


def test_revoking_closes_it_at_once(api: Api, admin: FlaskClient) -> None:
    tv = paired(api, admin)
    etag = tv.get("/wall/board").headers["ETag"]
    [screen_id] = re.findall(r'href="/screens/(\d+)"', admin.get("/screens").text)
    path = f"/screens/{screen_id}"
    form = form_at(admin, path, f"{path}/revoke")
    assert admin.post(f"{path}/revoke").status_code == 400
    assert tv.get("/wall/board").status_code == 200
    assert admin.post(f"{path}/revoke", data=form).status_code == 303
    assert tv.get("/wall/board", headers={"If-None-Match": etag}).status_code == 401
    assert "Revoked" in admin.get("/screens").text
    former = held(tv, SCREEN)
    assert "code" in ask_code(tv).json
    assert held(tv, SCREEN) != former
    assert admin.get(path).status_code == admin.post(f"{path}/revoke", data=form).status_code == 404


def test_it_is_renamed_and_shows_other_projects(api: Api, admin: FlaskClient, still: int) -> None:
    create_project("p2", name="Project two", mode="kg_vector", now=now())
    tv = paired(api, admin)
    etag = tv.get("/wall/board").headers["ETag"]
    [screen_id] = re.findall(r'href="/screens/(\d+)"', admin.get("/screens").text)
    path = f"/screens/{screen_id}"
    form = {**form_at(admin, path, path), "step": "done", "name": "tv", "projects": "some"}
    for wrong in (
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\0b"},
        {"project": []},
        {"project": ["p1", "none"]},
    ):
        answer = admin.post(path, data={**form, "project": "p1", **wrong})
        assert (answer.status_code, 'role="alert"' in answer.text) == (422, True), wrong
    assert tv.get("/wall/board", headers={"If-None-Match": etag}).status_code == 304
    found = admin.post(path, data={**form, "name": "Küche 厨房", "project": "p1", "q": "two"})
    assert found.status_code == 200, "Enter among the words to filter by filters"
    assert hidden_fields(found.text, path)["filtered"] == "two"
    assert 'value="all" checked' in admin.get(path).text, "nothing is changed yet"
    changed = {**form, "name": "Küche 厨房", "project": "p2"}
    assert admin.post(path, data=changed).status_code == 303
    assert "Küche 厨房" in admin.get("/screens").text
    shown = tv.get("/wall/board", headers={"If-None-Match": etag})
    assert shown.status_code == 200
    assert "Project two" in shown.text
    assert "Project one" not in shown.text
    assert 'value="p2" checked' in admin.get(path).text
    assert admin.post(path, data={**form, "projects": "all"}).status_code == 303
    assert "Project one" in tv.get("/wall/board").text


def test_a_link_makes_a_screen_once(api: Api, admin: FlaskClient) -> None:
    form = form_at(admin, "/screens/link", "/screens/link")
    made = admin.post("/screens/link", data={**form, "name": "tv", "step": "done"})
    assert made.headers["Cache-Control"] == "no-store"
    token = re.search(r"http://localhost/wall#([\w-]{43})", made.text)[1]
    assert token not in admin.get("/screens").text
    tv, other = api.app.test_client(), api.app.test_client()
    assert tv.post("/wall/link", data={"token": token}).status_code == 400
    assert tv.post("/wall/link", data={"token": token}, headers=SCRIPT).json == {"known": True}
    assert other.post("/wall/link", data={"token": token}, headers=SCRIPT).status_code == 403
    assert tv.get("/wall/board").status_code == 200
    assert other.get("/wall/board").status_code == 401


def test_guessing_is_hopeless(api: Api, admin: FlaskClient) -> None:
    answers = [enter(admin, "33333333") for _ in range(11)]
    assert [answer.status_code for answer in answers] == [422] * 10 + [429]
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 600
    code = ask_code(api.app.test_client()).json["code"]
    assert enter(admin, code).status_code == 429
    assert enter(admin, code, step="done", name="tv").status_code == 429


def test_opening_the_wall_over_and_over_fills_no_table(api: Api) -> None:
    for _ in range(10):
        assert api.app.test_client().get("/wall").status_code == 200
    assert count(Pairing) == 0
    answers = [ask_code(api.app.test_client()) for _ in range(10)]
    assert [answer.status_code for answer in answers] == [200] * 3 + [429] * 7
    assert answers[-1].headers["Retry-After"]
    assert count(Pairing) == 3


def test_no_other_site_asks_for_a_code(api: Api) -> None:
    for path in ("/wall/code", "/wall/link"):
        assert api.client.post(path).status_code == 400
        assert api.client.get(path).status_code == 405


def test_a_token_that_a_browser_brings_never_becomes_a_screens(api: Api) -> None:
    give(api.client, SCREEN, "chosen")
    ask_code(api.client)
    assert held(api.client, SCREEN) != "chosen"


@pytest.mark.parametrize(("scope", "project"), [("read", None), ("write", None), ("admin", "p1")])
def test_only_an_administrator_of_all_projects_lets_screens_in(
    api: Api, scope: str, project: str | None
) -> None:
    code = ask_code(api.app.test_client()).json["code"]
    assert sign_in(api.client, key=api.key(scope, project)).status_code == 303
    form = form_of(api.client, "/")
    for path in ("/screens", "/screens/link", "/screens/1"):
        assert api.client.get(path).status_code == 403
    for path in ("/screens/pair", "/screens/link", "/screens/1", "/screens/1/revoke"):
        data = {**form, "code": code, "name": "tv", "step": "done"}
        assert api.client.post(path, data=data).status_code == 403
    assert count(Screen) == 0
    assert "/screens" not in api.client.get("/").text


def test_an_administrator_finds_them_in_the_menu(admin: FlaskClient) -> None:
    assert 'href="/screens"' in admin.get("/").text


def test_nobody_else_gets_there(api: Api) -> None:
    assert api.client.get("/screens").headers["Location"] == "/sign-in?next=/screens"
    token = {"csrf_token": form_of(api.client)["csrf_token"]}
    assert api.client.post("/screens/pair", data=token).status_code == 401


def test_forms_need_their_token(api: Api, admin: FlaskClient) -> None:
    make(None)
    for path in ("/screens/pair", "/screens/link", "/screens/1", "/screens/1/revoke"):
        assert admin.post(path, data={"step": "done", "name": "x"}).status_code == 400


@pytest.mark.parametrize(
    "wanted",
    [
        {"name": ""},
        {"name": "x" * 201},
        {"name": "a\0"},
        {"projects": "some"},
        {"projects": "some", "project": ["none"]},
        {"projects": "some", "project": ["p1", "none"]},
        {"projects": "some", "project": [f"p{number}" for number in range(301)]},
        {"projects": "some", "project": ["\0", "'; DROP TABLE screens; --"]},
    ],
)
def test_what_makes_no_screen_is_said(api: Api, admin: FlaskClient, wanted) -> None:
    code = ask_code(api.app.test_client()).json["code"]
    answer = enter(admin, code, **{"step": "done", "name": "tv", "projects": "all"} | wanted)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert count(Screen) == 0


@pytest.mark.parametrize("path", ["0", str(2**31), str(2**70), "x", "-1"])
def test_there_is_no_other_screen(admin: FlaskClient, path: str) -> None:
    assert admin.get(f"/screens/{path}").status_code == 404
    form = form_of(admin, "/")
    for what in ("", "/revoke"):
        answer = admin.post(f"/screens/{path}{what}", data={**form, "name": "x"})
        assert answer.status_code == 404


def test_many_projects_are_filtered_and_what_was_chosen_stays(api: Api, admin: FlaskClient) -> None:
    for number in range(205):
        create_project(f"q{number:03}", name=f"Queue {number}", mode="kg_vector", now=now())
    code = ask_code(api.app.test_client()).json["code"]
    page = enter(admin, code, projects="some", project=["q001"], step="filter").text
    assert page.count('type="checkbox"') == 200
    assert "6 more" in page
    page = enter(admin, code, projects="some", project=["q001"], step="filter", q="queue 204").text
    assert page.count('type="checkbox"') == 1
    assert hidden_fields(page, "/screens/pair")["project"] == "q001"


@pytest.mark.parametrize(
    ("words", "shown", "more"),
    [("", 200, 2801), ("queue", 200, 2799), ("ÄRGER 77", 1, 0), ("none", 0, 0), ("a\0", 0, 0)],
)
def test_of_three_thousand_projects_no_more_are_read_than_are_shown(
    api: Api, admin: FlaskClient, words: str, shown: int, more: int
) -> None:
    rows = [
        {"project_id": f"q{n}", "name": f"Queue {n}", "mode": "kg_vector", "created_at": 0}
        for n in range(3000)
    ]
    rows[77]["name"] = "Ärger 77"
    with writing() as connection:
        connection.execute(insert(Project), [{**row, "version": 1} for row in rows])
    chosen = {"projects": "some", "project": ["q5", "q2999", "none"]}
    form = form_of(admin, "/screens/link")
    with asked(db.engine) as heard:
        page = admin.post("/screens/link", data={**form, **chosen, "step": "filter", "q": words})
    assert page.status_code == 200
    assert page.text.count('type="checkbox"') == shown
    assert (f"{more:,} more: filter" in page.text) == bool(more)
    assert page.text.count('value="q5"') == page.text.count('value="q2999"') == 1
    with reading() as connection:
        read = [len(connection.exec_driver_sql(*one).all()) for one in heard]
    assert len(read) <= 5
    assert sum(read) <= shown + len(chosen["project"]) + 3, read


@pytest.mark.parametrize(
    ("peer", "told", "address"),
    [
        ("127.0.0.1", "10.1.1.1, 192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "nonsense <b>", "127.0.0.1"),
        ("203.0.113.5", "192.0.2.7", "203.0.113.5"),
        ("127.0.0.1", "::ffff:192.0.2.7", "192.0.2.7"),
        ("127.0.0.1", "2001:db8::1", "2001:db8::1"),
    ],
)
def test_only_a_proxy_of_ours_says_where_a_screen_is(
    app: Flask, settings: dict[str, str], peer: str, told: str, address: str
) -> None:
    how = {"headers": {"X-Forwarded-For": told}, "environ_base": {"REMOTE_ADDR": peer}}
    with another_app(settings, TRUSTED_PROXIES="127.0.0.1") as behind:
        code = ask_code(behind.test_client(), **how).json["code"]
    with reading() as connection:
        assert codes.find_code(connection, code, now()).address == address
    with behind.app_context():
        db.engine.dispose()


def test_a_household_counts_as_one() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1")
    assert network_of("2001:db8::1") != network_of("2001:db8:0:1::1")
    assert network_of("10.0.0.1") == "10.0.0.1"


def test_what_a_browser_calls_itself_is_shown_as_text(api: Api, admin: FlaskClient) -> None:
    agent = {"User-Agent": "<script>\x7fé" + "x" * 5000}
    code = ask_code(api.app.test_client(), headers=agent).json["code"]
    page = enter(admin, code).text
    assert "&lt;script&gt;" in page
    assert "<script>" not in page
    assert browser_words(None) == browser_words("x") == "Unknown browser"
