"""Headers that every kind of answer carries."""

import pytest

from app.api import jobs as views
from tests.kit.api import Api
from tests.kit.databases import sqlite_only

pytestmark = sqlite_only  # what an answer bears does not depend on the engine

KINDS = {
    "page": ("/", 200),
    "project page": ("/projects/p1", 200),
    "wall": ("/wall", 200),
    "sign-in": ("/sign-in", 200),
    "static": ("/static/wall.css", 200),
    "health": ("/healthz", 200),
    "readiness": ("/readyz", 200),
    "API": ("/api/v1/projects/p1/jobs", 200),
    "document": ("/api/v1/openapi.json", 200),
    "no page": ("/nothing", 404),
    "no static file": ("/static/nothing.css", 404),
    "no route": ("/api/nothing", 404),
    "no project": ("/projects/none", 404),
    "wrong method": ("/sign-out", 405),
    "wrong API method": ("/api/v1/projects/p1/jobs/bulk", 405),
    "wrong parameter": ("/api/v1/projects/p1/jobs?limit=0", 422),
}


def assert_hardened(headers) -> None:
    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["object-src"] == policy["base-uri"] == policy["frame-ancestors"] == "'none'"
    assert policy["form-action"] == "'self'"
    for name in ("script-src", "style-src"):
        assert policy.get(name, policy["default-src"]) == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] in ("same-origin", "no-referrer", "strict-origin")


@pytest.fixture
def signed_in(api: Api) -> Api:
    """A client that may see pages and the API alike."""
    api.sign_in()
    return api


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_answer_is_hardened(signed_in: Api, kind: str) -> None:
    path, status = KINDS[kind]
    answer = signed_in.client.get(path, headers=signed_in.headers())
    assert answer.status_code == status
    assert_hardened(answer.headers)
    answer.close()  # a static file


def test_so_are_redirects_refusals_304_and_500(
    api: Api, signed_in: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    etag = api.get().headers["ETag"]
    other = api.app.test_client()
    answers = {
        302: other.get("/"),
        401: other.get(api.url()),
        304: api.get(**{"If-None-Match": etag}),
        400: other.post("/sign-in"),
        413: api.client.post(
            api.url(), data=b" " * 2_000_000, headers=api.headers(), content_type="application/json"
        ),
        415: api.client.post(api.url(), data=b"{}", headers=api.headers()),
    }
    monkeypatch.setattr(views, "parse_list", lambda args: 1 / 0)
    answers[500] = api.get()
    for status, answer in answers.items():
        assert answer.status_code == status
        assert_hardened(answer.headers)


@pytest.mark.parametrize("path", ["/", "/sign-in", "/healthz", "/api/v1/projects", "/nothing"])
def test_tls_is_remembered_where_there_is_tls(signed_in: Api, path: str) -> None:
    headers = signed_in.headers()
    plain = signed_in.client.get(path, headers=headers)
    secure = signed_in.client.get(path, headers=headers, base_url="https://localhost")
    assert "Strict-Transport-Security" not in plain.headers
    assert "max-age=" in secure.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["/", "/projects/p1", "/wall"])
def test_no_shared_cache_keeps_what_only_a_viewer_may_see(signed_in: Api, path: str) -> None:
    page = signed_in.client.get(path)
    assert page.status_code == 200
    assert "private" in page.headers["Cache-Control"] or "no-store" in page.headers["Cache-Control"]
    assert "Cookie" in page.headers["Vary"]


@pytest.mark.parametrize(
    "path", ["/api/v1/projects", "/api/v1/projects/p1", "/api/v1/projects/p1/jobs"]
)
def test_no_shared_cache_keeps_what_only_a_key_may_read(api: Api, path: str) -> None:
    answer = api.client.get(path, headers=api.headers())
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert answer.headers["Vary"] == "Authorization, Accept-Encoding"
