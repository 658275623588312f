"""Style sheets and scripts as they are sent: joined, packed, kept for a year."""

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask

from app.web.assets import BUNDLES, STATIC, asset, find
from tests.kit.databases import sqlite_only  # a file does not depend on the engine

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
HTMX = "vendor/htmx-4.0.1.min.js"
FONTS = sorted(STATIC.glob("vendor/inter-*/*.woff2"))
NAMES = [*BUNDLES, HTMX, "wall.css", "wall.js", "pair.js", "icons/lost.svg"]


def url_of(app: Flask, name: str) -> str:
    with app.test_request_context():
        return asset(name)


@sqlite_only
@pytest.mark.parametrize("name", NAMES)
def test_it_is_kept_for_a_year_and_packed_for_who_takes_it(app: Flask, name: str) -> None:
    client, url = app.test_client(), url_of(app, name)
    plain, packed = client.get(url), client.get(url, headers=GZIP)
    for answer in (plain, packed):
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["Vary"] == "Accept-Encoding"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert int(answer.headers["Content-Length"]) == len(answer.data)
        assert "Set-Cookie" not in answer.headers
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert packed.headers["ETag"] == "W/" + plain.headers["ETag"]
    for answer in (plain, packed):
        again = client.get(url, headers={**GZIP, "If-None-Match": answer.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")


@sqlite_only
def test_a_font_is_kept_for_a_year_and_not_packed_twice(app: Flask) -> None:
    sheet = app.test_client().get(url_of(app, "fonts.css"))
    fonts = re.findall(r"url\(([^)]+)\)", sheet.text)
    assert len(fonts) == len(set(fonts)) == len(FONTS)
    for font in fonts:
        answer = app.test_client().get(f"/assets/{font}", headers=GZIP)
        assert answer.status_code == 200
        assert answer.content_type == "font/woff2"
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert "Content-Encoding" not in answer.headers
        assert answer.data[:4] == b"wOF2"


def test_a_font_that_is_not_there_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "css").mkdir()
    (tmp_path / "css/fonts.css").write_text('a { src: url("vendor/none.woff2"); }')
    monkeypatch.setattr("app.web.assets.STATIC", tmp_path)
    with pytest.raises(KeyError, match=r"vendor/none\.woff2"):
        find.__wrapped__("fonts.css")


def test_every_bundle_holds_its_files_in_their_order() -> None:
    script = find("live.js").body.decode()
    marks = ("window.jobwall=", "theme-color", "const REST=", "const RESTING=", "showModal")
    places = [script.index(mark) for mark in marks]
    assert places == sorted(places)
    sheet = find("project.css").body.decode()
    assert sheet.startswith("@layer reset,"), "the order of the layers is said first"
    for name, sources in BUNDLES.items():
        assert all((STATIC / source).is_file() for source in sources), name


def test_every_file_is_in_a_bundle() -> None:
    ours = {path.relative_to(STATIC).as_posix() for path in STATIC.glob("[cj]s*/*")}
    assert ours == {source for sources in BUNDLES.values() for source in sources}


@sqlite_only
def test_a_page_of_another_build_gets_todays_for_once(app: Flask) -> None:
    url, client = url_of(app, "project.css"), app.test_client()
    older = url.replace(find("project.css").etag, "0123456789ab")
    answer = client.get(older)
    assert answer.data == client.get(url).data
    assert answer.headers["Cache-Control"] == "no-cache"


@sqlite_only
@pytest.mark.parametrize(
    "path",
    [
        "/assets/",
        "/assets/x",
        "/assets/project.css",
        "/assets/none.0123456789ab.css",
        "/assets/../app/__init__.0123456789ab.js",
        "/assets/%2e%2e/gunicorn.conf.0.py",
        "/assets//etc/passwd.1.css",
        "/assets/vendor/htmx-4.0.1.min.js.1.gz",
        "/assets/vendor/htmx-LICENSE.1.txt",
        "/assets/vendor/inter-5.3.0/LICENSE.1.txt",
    ],
)
def test_nothing_else_is_there(app: Flask, path: str) -> None:
    assert app.test_client().get(path).status_code in (404, 308)
