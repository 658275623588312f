"""People sign in by a link or a key, once each, and out again."""

import base64
import re
import threading
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text, update

from app.access.keys import create_key, revoke_keys
from app.access.scopes import Scope
from app.access.sessions import (
    LINK_LIFE,
    SESSION_LIFE,
    close_session,
    create_link,
    find_session,
    forget_expired,
    spend_key,
    spend_link,
)
from app.clock import now
from app.ledger.projects import create_project
from app.models import ApiKey, Session
from app.rules.times import DAY, MINUTE
from app.store.database import reading, writing
from app.web.cookies import FORM, SESSION
from tests.kit.api import Api
from tests.kit.cookies import give, held, name_in
from tests.kit.databases import sqlite_only
from tests.kit.forms import cookies_of, form_of, sign_in

NOW = 1_800_000_000_000_000
PAGES = ["/", "/projects/p1", "/projects/p1/jobs/j", "/screens"]  # /wall shows a code instead


@pytest.fixture
def link(app: Flask) -> str:
    """The token of a fresh link."""
    with writing() as connection:
        return create_link(connection, now())


def count_sessions(*, open_only: bool = False) -> int:
    query = select(func.count()).select_from(Session)
    if open_only:
        query = query.where(Session.revoked_at.is_(None))
    with reading() as connection:
        return connection.scalar(query) or 0


# The rules, with the clock passed in


def test_a_link_opens_once(app: Flask) -> None:
    with writing() as connection:
        token = create_link(connection, NOW)
        assert len(token) >= 22, "128 bits or more"
        session = spend_link(connection, token, NOW + 1)
        assert spend_link(connection, token, NOW + 2) is None
        grant = find_session(connection, session, NOW + 3)
    assert (grant.scope, grant.project_id) == (Scope.ADMIN, None)


@pytest.mark.parametrize(("age", "opens"), [(LINK_LIFE - 1, True), (LINK_LIFE, False)])
def test_a_link_lives_for_15_minutes(app: Flask, age: int, opens: bool) -> None:
    assert LINK_LIFE == 15 * MINUTE
    with writing() as connection:
        token = create_link(connection, NOW)
        assert (spend_link(connection, token, NOW + age) is not None) == opens
    assert count_sessions() == opens


@pytest.mark.parametrize("token", ["", "x", "\0", "\udcff", "x" * 100_000])
def test_another_text_is_no_link(app: Flask, token: str) -> None:
    with writing() as connection:
        create_link(connection, NOW)
        assert spend_link(connection, token, NOW) is None
        assert find_session(connection, token, NOW) is None
    assert count_sessions() == 0


def test_of_many_with_one_link_only_one_gets_in(app: Flask) -> None:
    with writing() as connection:
        token = create_link(connection, NOW)
    start, opened = threading.Barrier(8), []

    def spend() -> None:
        with app.app_context():
            start.wait()
            with writing() as connection:
                opened.append(spend_link(connection, token, NOW))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    assert sum(one is not None for one in opened) == 1
    assert count_sessions() == 1


def test_a_session_ends_after_30_days_or_with_its_key(app: Flask) -> None:
    with writing() as connection:
        key = create_key(
            connection, name="Ann", scope=Scope.READ, now=NOW, expires_at=NOW + DAY
        ).text
        lasting = create_key(connection, name="Bob", scope=Scope.WRITE, now=NOW).text
        brief, long = spend_key(connection, key, NOW), spend_key(connection, lasting, NOW)
        assert find_session(connection, brief, NOW + DAY - 1).label == "Ann"
        assert find_session(connection, brief, NOW + DAY) is None
        assert find_session(connection, long, NOW + SESSION_LIFE - 1).scope == Scope.WRITE
        assert find_session(connection, long, NOW + SESSION_LIFE) is None
        revoke_keys(connection, NOW, name="Bob")
        assert find_session(connection, long, NOW + 1) is None
        assert spend_key(connection, lasting, NOW + 1) is None
        assert spend_key(connection, key, NOW + DAY) is None


def test_a_closed_session_stays_closed_and_the_others_open(app: Flask) -> None:
    with writing() as connection:
        key = create_key(connection, name="k", scope=Scope.READ, now=NOW).text
        one, other = spend_key(connection, key, NOW), spend_key(connection, key, NOW)
        close_session(connection, one, NOW + 1)
        assert find_session(connection, one, NOW + 2) is None
        assert find_session(connection, other, NOW + 2) is not None


# In a browser


@pytest.mark.parametrize("path", [*PAGES, "/report", "/projects/none", "/?q=a&state=failed"])
def test_who_is_signed_out_is_shown_the_door_and_the_way_back(api: Api, path: str) -> None:
    answer = api.client.get(path)
    assert answer.status_code in (302, 303)
    url = urlsplit(answer.headers["Location"])
    assert (url.netloc, url.path) == ("", "/sign-in")
    assert parse_qs(url.query)["next"] == [path]
    assert "p1" not in answer.text.replace(path, "")


@pytest.mark.parametrize("path", [*PAGES, "/report", "/wall/board", "/projects/none"])
def test_a_poller_that_is_signed_out_gets_a_401(api: Api, path: str) -> None:
    answer = api.client.get(path, headers={"HX-Request-Type": "partial"})
    assert (answer.status_code, answer.text) == (401, "Signed out")
    assert "Location" not in answer.headers


def test_an_api_key_in_the_header_opens_no_page(api: Api) -> None:
    for path in PAGES:
        assert api.client.get(path, headers=api.headers()).status_code in (302, 303)


def test_a_link_signs_a_browser_in(api: Api, link: str) -> None:
    api.post({"job_id": "j", "source_doc_id": "d"})
    answer = sign_in(api.client, token=link)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    for path in PAGES:
        assert api.client.get(path).status_code == 200
    other = api.app.test_client()
    again = sign_in(other, token=link)
    assert again.status_code == 403
    assert "used already" in again.text
    assert other.get("/").status_code in (302, 303)


def test_reading_a_link_does_not_spend_it(api: Api, link: str) -> None:
    for _ in range(2):
        api.client.get(f"/sign-in?token={link}")
        api.client.head(f"/sign-in?token={link}")
    assert count_sessions() == 0
    assert sign_in(api.client, token=link).status_code == 303


@pytest.mark.parametrize("space", ["", "  \t"])
def test_a_pasted_key_signs_in_until_it_is_revoked(api: Api, space: str) -> None:
    key = api.key("read")
    assert sign_in(api.client, key=f"{space}{key}{space}").status_code == 303
    assert api.client.get("/").status_code == 200
    with writing() as connection:
        revoke_keys(connection, now(), name="read None")
    assert api.client.get("/").status_code in (302, 303)
    refused = sign_in(api.app.test_client(), key=key)
    assert refused.status_code == 403
    assert key not in refused.text


def test_a_session_ends_when_its_key_expires(api: Api) -> None:
    sign_in(api.client, key=api.key("read"))
    assert api.client.get("/").status_code == 200
    with writing() as connection:
        connection.execute(update(ApiKey).values(expires_at=now()))
    assert api.client.get("/").status_code in (302, 303)


@pytest.mark.parametrize("key", ["", "ib-unknown", "' OR 1=1 --", "\ud7ff", "x" * 10_000])
def test_a_wrong_key_opens_no_session(api: Api, key: str) -> None:
    answer = sign_in(api.client, key=key)
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert "_session_" not in str(answer.headers)
    assert count_sessions() == 0


def test_a_session_of_one_project_sees_that_one_alone(api: Api) -> None:
    api.post({"job_id": "j", "source_doc_id": "secret-document"})
    create_project("p2", name="Mine", mode="kg_vector", now=now())
    sign_in(api.client, key=api.key("admin", "p2"))
    for path in ("/", "/wall"):
        page = api.client.get(path).text
        assert "Mine" in page
        assert "Project one" not in page
    assert api.client.get("/projects/p2").status_code == 200
    for path in ("/projects/p1", "/projects/p1/jobs/j"):
        foreign, unknown = api.client.get(path), api.client.get(path.replace("p1", "p9"))
        assert foreign.status_code == unknown.status_code == 404
        assert without_own(foreign.text, "p1") == without_own(unknown.text, "p9")


def without_own(page: str, project_id: str) -> str:
    """A page without what is its own: the form's token, and the path that was asked for."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", page).replace(project_id, "")


def test_signing_out_closes_the_session_on_the_server_too(api: Api, link: str) -> None:
    sign_in(api.client, token=link)
    cookie = held(api.client, SESSION)
    token = form_of(api.client, "/")["csrf_token"]
    answer = api.client.post("/sign-out", data={"csrf_token": token})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in")
    assert held(api.client, SESSION) is None
    assert count_sessions(open_only=True) == 0
    give(api.client, SESSION, cookie)
    assert api.client.get("/").status_code in (302, 303)


def test_nothing_is_signed_out_by_a_get(api: Api, link: str) -> None:
    sign_in(api.client, token=link)
    assert api.client.get("/sign-out").status_code == 405
    assert api.client.get("/").status_code == 200


# Forged forms


@sqlite_only
@pytest.mark.parametrize("forged", ["none", "empty", "foreign", "swapped", "garbage"])
@pytest.mark.parametrize("path", ["/sign-in", "/sign-out"])
def test_a_form_from_elsewhere_is_refused(api: Api, link: str, path: str, forged: str) -> None:
    sign_in(api.client, token=link)
    with writing() as connection:
        fresh = create_link(connection, now())
    own, elsewhere = form_of(api.client, "/"), form_of(api.app.test_client())
    sent = {
        "none": {},
        "empty": {"csrf_token": ""},
        "foreign": {"csrf_token": elsewhere["csrf_token"]},
        "swapped": {"csrf_token": own["csrf_token"].swapcase() + "0"},
        "garbage": {"csrf_token": "\ud7ff"},
    }[forged]
    answer = api.client.post(path, data={"token": fresh, **sent})
    assert answer.status_code == 400
    assert "_session_" not in str(answer.headers)
    assert count_sessions() == count_sessions(open_only=True) == 1
    assert api.client.get("/").status_code == 200


def test_no_two_pages_show_the_same_token_and_each_is_good(api: Api, link: str) -> None:
    tokens = {form_of(api.client)["csrf_token"] for _ in range(5)}
    assert len(tokens) == 5
    raw = [base64.urlsafe_b64decode(token) for token in tokens]
    assert len({bytes(a ^ b for a, b in zip(one[:32], one[32:], strict=True)) for one in raw}) == 1
    for token in tokens:
        answer = api.client.post("/sign-in", data={"csrf_token": token, "key": "ib-none"})
        assert answer.status_code == 403, "the form was taken, and the key was not"


def test_a_token_of_one_session_is_refused_in_another(api: Api, link: str) -> None:
    sign_in(api.client, token=link)
    token = form_of(api.client, "/")["csrf_token"]
    sign_in(api.client, key=api.key("read"))
    assert api.client.post("/sign-out", data={"csrf_token": token}).status_code == 400
    assert count_sessions(open_only=True) == 1


@pytest.mark.parametrize("token", ["AAAA", "A" * 88, "A" * 86 + "==", "!" * 88, "é" * 88, "="])
def test_what_is_no_token_is_refused(api: Api, token: str) -> None:
    form_of(api.client)
    assert api.client.post("/sign-in", data={"csrf_token": token}).status_code == 400


def test_a_token_without_its_cookie_is_refused(api: Api, link: str) -> None:
    token = form_of(api.client)["csrf_token"]
    answer = api.app.test_client().post("/sign-in", data={"csrf_token": token, "token": link})
    assert answer.status_code == 400
    assert count_sessions() == 0


def test_a_form_stays_good_while_other_pages_are_opened(api: Api, link: str) -> None:
    form = form_of(api.client)
    for _ in range(3):
        api.client.get("/sign-in")
    answer = api.client.post("/sign-in", data={**form, "token": link})
    assert answer.status_code == 303


# Where it leads


@sqlite_only
@pytest.mark.parametrize(
    "target",
    [
        "",
        "https://evil.example",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "\t//evil.example",
        " //evil.example",
        "javascript:alert(1)",
        "https:evil.example",
        "evil.example",
        "@evil.example",
        "/\x00/evil.example",
    ],
)
def test_signing_in_never_leads_elsewhere(api: Api, link: str, target: str) -> None:
    answer = sign_in(api.client, token=link, next=target)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/"
    assert "evil.example" not in api.client.get("/sign-in", query_string={"next": target}).text


@pytest.mark.parametrize("by", ["token", "key"])
def test_signing_in_leads_to_where_one_wanted_to_go(api: Api, link: str, by: str) -> None:
    wanted = "/projects/p1?status=failed&q=a%2Fb"
    door = api.client.get(wanted).headers["Location"]
    answer = sign_in(api.client, door, **{by: link if by == "token" else api.key()})
    assert answer.status_code == 303
    assert answer.headers["Location"] == wanted


# Cookies


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_cookies_are_out_of_reach(api: Api, link: str, scheme: str) -> None:
    base = {"base_url": f"{scheme}://localhost"}
    page = api.client.get("/sign-in", **base)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    opened = api.client.post("/sign-in", data={"csrf_token": token, "token": link}, **base)
    form = form_of(api.client, "/", **base)
    closed = api.client.post("/sign-out", data=form, **base)
    seen = [cookies_of(answer) for answer in (page, opened, closed)]
    names = [name_in(api.app, kind, secure=scheme == "https") for kind in (FORM, SESSION, SESSION)]
    assert [list(cookies) for cookies in seen] == [[name] for name in names]
    for cookies in seen:
        for cookie in cookies.values():
            assert cookie["httponly"]
            assert cookie["samesite"] in ("Lax", "Strict")
            assert cookie["path"] == "/"
            assert not cookie["domain"]
            assert bool(cookie["secure"]) == (scheme == "https")
    assert 0 < int(seen[1][names[1]]["max-age"]) <= SESSION_LIFE // 1_000_000
    assert seen[2][names[2]].value == ""


def test_a_new_sign_in_closes_the_session_before_it(app: Flask) -> None:
    browser = app.test_client()
    first = sign_in_with_link(browser)
    second = sign_in_with_link(browser)
    with reading() as connection:
        assert find_session(connection, first, now()) is None
        assert find_session(connection, second, now()) is not None


def test_what_expired_is_forgotten_a_day_later(app: Flask) -> None:
    with writing() as connection:
        create_link(connection, NOW)
        forget_expired(connection, NOW + 2 * DAY)
        assert connection.scalar(text("SELECT count(*) FROM sign_in_links")) == 0


@sqlite_only
def test_a_wrong_key_waits_for_no_writer(app: Flask) -> None:
    browser = app.test_client()
    form = form_of(browser) | {"key": "ib-none"}
    with writing():
        answer = browser.post("/sign-in", data=form)
    assert answer.status_code == 403
    assert answer.headers["Cache-Control"] == "no-store"


def sign_in_with_link(browser: FlaskClient) -> str:
    """Sign a browser in; gives the session's token."""
    with writing() as connection:
        token = create_link(connection, now())
    assert browser.post("/sign-in", data=form_of(browser) | {"token": token}).status_code == 303
    session = held(browser, SESSION)
    assert session is not None
    return session
