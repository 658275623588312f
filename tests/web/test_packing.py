"""gzip: for whoever takes it, once for what is kept, never of a stream."""

import gzip
from collections.abc import Iterator

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from app.web import cache, packing
from app.web.packing import LEAST, pack
from tests.kit.api import Api
from tests.kit.databases import sqlite_only
from tests.kit.forms import sign_in

pytestmark = sqlite_only  # how an answer is packed does not depend on the engine

GZIP = {"Accept-Encoding": "gzip"}
PART = {"HX-Request-Type": "partial"}


@pytest.fixture
def filled(api: Api, still: int) -> Api:
    """A project whose list is worth packing, and a browser that is signed in."""
    jobs = [{"job_id": f"j{number}", "source_doc_id": f"d{number}"} for number in range(40)]
    assert api.post({"jobs": jobs}, "/bulk").status_code == 200
    assert sign_in(api.client, key=api.key()).status_code == 303
    return api


KINDS = {
    "page": ("/projects/p1", {}),
    "part": ("/projects/p1", PART),
    "overview": ("/", PART),
    "wall": ("/wall", {}),
    "jobs": ("/api/v1/projects/p1/jobs", {}),
    "document": ("/api/v1/openapi.json", {}),
    "error": ("/projects/none", {}),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("kept", [True, False])
def test_the_same_comes_packed(filled: Api, kind: str, kept: bool) -> None:
    path, more = KINDS[kind]
    if not kept:
        filled.app.extensions["page_cache"] = None
    headers = filled.headers() | more
    for _ in range(2):
        plain = filled.client.get(path, headers=headers)
        packed = filled.client.get(path, headers=headers | GZIP)
        assert "Content-Encoding" not in plain.headers
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.headers["Vary"]
        assert int(packed.headers["Content-Length"]) == len(packed.data)
        assert len(packed.data) < len(plain.data) / 2
        if "csrf_token" not in plain.text and (kept or kind != "wall"):  # which tells the µs
            assert gzip.decompress(packed.data) == plain.data
        if kind in ("page", "part", "jobs"):
            assert plain.headers["Vary"] == packed.headers["Vary"]


@pytest.mark.parametrize("path", ["/projects/p1", "/api/v1/projects/p1/jobs"])
def test_who_has_either_encoding_gets_a_304(filled: Api, path: str) -> None:
    headers = filled.headers() | PART
    for how in ({}, GZIP):
        first = filled.client.get(path, headers=headers | how)
        known = {"If-None-Match": first.headers["ETag"]}
        for again_how in ({}, GZIP):
            again = filled.client.get(path, headers=headers | again_how | known)
            assert (again.status_code, again.data) == (304, b"")
            assert again.headers["ETag"].startswith("W/") == (again_how is GZIP)
            assert "Content-Encoding" not in again.headers


def test_what_is_kept_is_packed_once(filled: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    packed: list[int] = []
    monkeypatch.setattr(cache, "pack", lambda body: packed.append(len(body)) or pack(body))
    pages = filled.app.extensions["page_cache"]
    filled.get()
    before = pages.bytes
    assert packed == [], "not before somebody takes it"
    bodies = {filled.get(**GZIP).data for _ in range(5)}
    assert len(bodies) == len(packed) == 1
    assert pages.bytes == before + len(bodies.pop()), "it counts for the cache's bound"


@pytest.mark.parametrize(
    ("accepted", "takes"),
    [
        ("", False),
        ("gzip", True),
        ("GZip", True),
        ("deflate, gzip;q=0.5, br", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("gzip;q=0.001", True),
        ("identity", False),
        ("*", True),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("xgzip", False),
        (";;,,q=", False),
    ],
)
def test_who_takes_gzip(app: Flask, accepted: str, takes: bool) -> None:
    with app.test_request_context(headers={"Accept-Encoding": accepted}):
        assert packing.accepts_gzip() == takes


def answer(app: Flask, response: Response) -> Response:
    app.view_functions["healthz.healthz"] = lambda: response
    return app.test_client().get("/healthz", headers=GZIP)


def test_a_stream_is_not_gathered(app: Flask) -> None:
    def rows() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 100

    sent = answer(app, Response(rows(), content_type="text/csv"))
    assert "Content-Encoding" not in sent.headers
    assert len(sent.data) == 10_000


@pytest.mark.parametrize(
    ("body", "kind"), [(b"x" * LEAST, "text/html"), (b"x" * 9999, "image/png")]
)
def test_what_is_small_or_packed_by_nature_stays(app: Flask, body: bytes, kind: str) -> None:
    assert answer(app, Response(body, content_type=kind)).data == body


def test_a_head_says_what_a_get_would(filled: Api) -> None:
    headers = filled.headers() | GZIP
    head = filled.client.head(filled.url(), headers=headers)
    assert head.data == b""
    assert head.headers["Content-Length"] == filled.get(**GZIP).headers["Content-Length"]


def test_lengths_tell_nothing_of_the_token(filled: Api) -> None:
    """The page repeats a search; were the token the same each time, a hit would shorten it."""

    def client_pages(client: FlaskClient) -> set[bytes]:
        return {client.get("/?q=a").data for _ in range(3)}

    assert len(client_pages(filled.client)) == 3
