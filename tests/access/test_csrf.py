"""Whatever may change something is refused unless it comes from a page of ours, by default."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule

from app.access.csrf import REASON, SAFE
from tests.kit.api import Api

SCRIPT = {"X-Requested-With": "wall"}
ELSEWHERE = [
    ("Sec-Fetch-Site", "cross-site"),
    ("Sec-Fetch-Site", "same-site"),
    ("Sec-Fetch-Site", "no such word"),
    ("Origin", "https://evil.example"),
    ("Origin", "http://localhost.evil.example"),
    ("Origin", "http://["),
    ("Origin", "null"),
]


def changing_routes(app: Flask) -> list[tuple[str, str, str]]:
    """(endpoint, method, path) of every route outside the API that is no plain reading."""
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        return [
            (rule.endpoint, method, adapter.build(rule.endpoint, _values(rule), method))
            for rule in app.url_map.iter_rules()
            for method in sorted((rule.methods or set()) - set(SAFE))
            if not rule.rule.startswith("/api/")
        ]


def _values(rule: Rule) -> dict[str, object]:
    return dict.fromkeys(rule.arguments, 1)


def token(client: FlaskClient) -> str:
    found = re.search(r'csrf_token" value="([^"]+)', client.get("/sign-in").text)
    assert found
    return found[1]


@pytest.fixture
def browser(api: Api) -> FlaskClient:
    """A browser that is signed in."""
    api.sign_in()
    return api.client


def test_every_change_outside_the_api_must_come_from_a_page_of_ours(
    browser: FlaskClient, app: Flask
) -> None:
    routes = changing_routes(app)
    assert len(routes) >= 9, "the walk finds them"
    sent = {"csrf_token": token(browser)}
    for _, method, path in routes:
        for name, value in ELSEWHERE:
            answer = browser.open(path, method=method, data=sent, headers=SCRIPT | {name: value})
            assert answer.status_code == 400, (path, name, value)


def test_every_change_outside_the_api_needs_a_token_or_says_why_not(
    browser: FlaskClient, app: Flask
) -> None:
    without = {}
    for endpoint, method, path in changing_routes(app):
        reason = getattr(app.view_functions[endpoint], REASON, None)
        if reason:
            without[endpoint] = reason
            assert browser.open(path, method=method).status_code == 400, "it has its own check"
            continue
        for sent in ({}, {"csrf_token": "x"}, {"csrf_token": token(app.test_client())}):
            answer = browser.open(path, method=method, data=sent, headers=SCRIPT)
            assert answer.status_code == 400, (path, sent)
            assert "Please try again" in answer.text
    assert set(without) == {"pairing.code", "pairing.link"}
    assert all("header" in reason for reason in without.values())


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},  # sent again by the person, such as by reloading
        {"Origin": "http://localhost"},
        {"Origin": "https://LOCALHOST:8443"},  # the port and TLS may be a proxy's
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://board.example"},  # and the name too
    ],
)
def test_a_form_of_ours_is_taken(browser: FlaskClient, headers: dict[str, str]) -> None:
    sent = {"csrf_token": token(browser), "theme": "dark"}
    assert browser.post("/settings", data=sent, headers=headers).status_code == 303


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_new_view_is_checked_without_doing_anything_for_it(api: Api, method: str) -> None:
    changed = []
    api.app.add_url_rule("/new", view_func=lambda: changed.append(1) or "done", methods=[method])
    assert api.client.open("/new", method=method).status_code == 400
    assert not changed
    sent = {"csrf_token": token(api.client)}
    assert api.client.open("/new", method=method, data=sent).text == "done"


def test_the_api_takes_a_key_from_anywhere_and_no_cookie(browser: FlaskClient, api: Api) -> None:
    job = {"job_id": "j", "source_doc_id": "d"}
    headers = dict(ELSEWHERE)
    assert browser.post(api.url(), json=job, headers=headers).status_code == 401
    assert api.post(job, **headers).status_code == 201


def test_what_is_not_there_is_said_to_be_so(browser: FlaskClient) -> None:
    assert browser.post("/nothing").status_code == 404
    assert browser.post("/").status_code == 405
    assert browser.post("/settings", data={"next": "x" * 100_000}).status_code == 413


def test_reading_changes_nothing(browser: FlaskClient) -> None:
    """Not even with a form in its body, which would need no token."""
    sent = {"step": "done", "name": "TV", "projects": "all"}
    assert "wall#" not in browser.get("/screens/link", data=sent).text
