"""What one client says of itself reaches no other one, by no answer that is kept anywhere."""

import gzip
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import BytecodeCache
from werkzeug.test import TestResponse

from app.access.sessions import spend_key
from app.clock import now
from app.ledger.projects import create_project
from app.screens.store import create_link, spend_link
from app.store.database import writing
from app.web import cache
from app.web.assets import find
from app.web.cookies import FORM, SCREEN, SESSION, SETTINGS
from tests.kit.api import Api
from tests.kit.apps import another_app
from tests.kit.caches import forget, kept_by, remembering, texts_in
from tests.kit.cookies import name_in
from tests.kit.databases import sqlite_only

pytestmark = sqlite_only  # what is kept does not depend on the engine

EVIL = "evil-7c1d"
OTHER = "secret-9b2e"  # the name of a project that the ordinary viewer may not see

EXAMPLES: dict[str, list[str]] = {
    "static": ["/static/wall.css", "/static/js/live.js"],
    "assets.show": ["/assets/wall.x.css", "/assets/icons/calm.x.svg"],
    "api.get_jobs": [
        "/api/v1/projects/p1/jobs",
        "/api/v1/projects/p1/jobs?limit=1&offset=1",
        "/api/v1/projects/p1/jobs?q=doc&status=failed",
        "/api/v1/projects/p1/jobs?limit=0",
    ],
    "api.get_job": ["/api/v1/projects/p1/jobs/j1", "/api/v1/projects/p1/jobs/none"],
    "api.get_openapi": ["/api/v1/openapi.json"],
    "api.get_projects": ["/api/v1/projects"],
    "api.get_project": ["/api/v1/projects/p1", "/api/v1/projects/p2"],
    "api.get_summary": ["/api/v1/projects/p1/summary", "/api/v1/projects/p2/summary"],
    "api.get_summaries": ["/api/v1/summary"],
    "sign_in.form": ["/sign-in", "/sign-in?next=/projects/p1"],
    "screens.index": ["/screens"],
    "screens.refused": ["/screens/pair"],
    "screens.link": ["/screens/link"],
    "screens.show": ["/screens/1"],
    "sources.index": ["/sources"],
    "sources.show": ["/sources/p1"],
    "dashboard.project_settings": ["/projects/p1/settings"],
    "dashboard.causes": ["/projects/p1/causes"],
    "dashboard.cause": ["/projects/p1/causes/0000000000000000"],
    "dashboard.failing_txt": ["/projects/p1/failing.txt"],
    "dashboard.failing_ndjson": ["/projects/p1/failing.ndjson"],
    "dashboard.document": ["/projects/p1/document?id=doc-1"],
    "dashboard.jobs_csv": ["/projects/p1/jobs.csv"],
    "dashboard.jobs_ndjson": ["/projects/p1/jobs.ndjson?status=failed"],
    "dashboard.job": ["/projects/p1/jobs/j1"],
    "dashboard.overview": ["/", "/?q=p", "/?page=2"],
    "dashboard.project": ["/projects/p1", "/projects/p1?status=failed", "/projects/p2"],
    "dashboard.report": ["/report?project_id=p1&way=curl", "/report", "/report?project_id=p2"],
    "dashboard.another_project": ["/report/project"],
    "reporter.fetch": ["/reporter/jobwall-report.pyz", "/reporter/nothing"],
    "wall.index": ["/wall", "/wall?project=p1"],
    "wall.board": ["/wall/board", "/wall/board?project=p1"],
    "healthz.healthz": ["/healthz"],
    "healthz.readyz": ["/readyz"],
}
"""Of every route that is read addresses that show what it keeps."""

PATHS = [path for paths in EXAMPLES.values() for path in paths]


class Claim(NamedTuple):
    """What a hostile client says beside its address."""

    headers: dict[str, str]
    cookies: dict[str, str] = {}
    environ: dict[str, str] = {}


ORDINARY = Claim({})
CLAIMS = [
    Claim(
        {
            "Host": f"{EVIL}.example:666",
            "SCRIPT_NAME": f"//{EVIL}",
            "X-Script-Name": f"/{EVIL}",
            "X-Forwarded-For": f"203.0.113.66, {EVIL}",
            "X-Forwarded-Host": f"{EVIL}.example",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Prefix": f"/{EVIL}",
            "X-Forwarded-Port": "666",
            "Forwarded": f"for={EVIL};host={EVIL}.example;proto=https",
            "X-Original-URL": f"/{EVIL}",
            "Accept": f"text/{EVIL}, */*",
            "Accept-Language": f"{EVIL}, de",
            "Accept-Encoding": f"gzip, {EVIL}",
            "User-Agent": EVIL,
            "Referer": f"https://{EVIL}.example/",
            "Origin": f"https://{EVIL}.example",
        },
        cookies={SETTINGS: "dark-utc-off", FORM: EVIL, EVIL: EVIL},
    ),
    Claim(
        {
            "Host": f"{EVIL}.example",
            "Accept-Encoding": f"{EVIL}, gzip;q=0, *;q=0",
            "If-None-Match": f'"{EVIL}"',
            "Range": "bytes=0-5",
            "Cache-Control": EVIL,
        },
        environ={"wsgi.url_scheme": "https"},
    ),
    Claim({"Accept-Encoding": "gzip"}, environ={"SCRIPT_NAME": f"//{EVIL}.example"}),
    Claim({"Host": f"{EVIL}<>", "HX-Request-Type": "partial"}),
]
FORMS = [{}, {"HX-Request-Type": "partial"}, {"Accept-Encoding": "gzip"}]
FORMS.append(FORMS[1] | FORMS[2])
"""In what forms an ordinary viewer asks: whole or the live part, plain or packed."""


@pytest.fixture
def filled(api: Api, monkeypatch: pytest.MonkeyPatch, still: int) -> Api:
    """A board with two projects, a screen, and a clock that stands still."""
    create_project("p2", name=OTHER, mode="kg_vector", now=now())
    for project_id, name in (("p1", "doc"), ("p2", OTHER)):
        jobs = [
            {
                "job_id": f"j{number}",
                "source_doc_id": f"{name}-{number}",
                "status": ("failed", "completed", "running")[number % 3],
                "error_message": f"Timeout of {name}",
                "chunks_processed": 1,
            }
            for number in range(4)
        ]
        sent = {"json": {"jobs": jobs}, "headers": api.headers()}
        api.client.post(f"/api/v1/projects/{project_id}/jobs/bulk", **sent)
    api.key("read", "p1")
    seconds = time.monotonic()
    monkeypatch.setattr(cache, "time", SimpleNamespace(monotonic=lambda: seconds))
    return api


class Asker(NamedTuple):
    """Somebody with a key, and with cookies of a browser."""

    client: FlaskClient
    key: str = ""
    cookies: dict[str, str] = {}

    def ask(self, path: str, claim: Claim = ORDINARY, **form: str) -> TestResponse:
        secure = any("https" in said.values() for said in (claim.headers, claim.environ))
        cookies = [
            f"{name_in(self.client.application, kind, secure=secure)}={value}"
            for kind, value in (self.cookies | claim.cookies).items()
        ]
        headers = {"Cookie": "; ".join(cookies)}
        headers |= {"Authorization": f"Bearer {self.key}"} | claim.headers | form
        answer = self.client.get(path, headers=headers, environ_overrides=claim.environ)
        answer.get_data()
        answer.close()
        return answer


def askers(api: Api, app: Flask) -> dict[str, Asker]:
    """An ordinary viewer of `p1`, and those who see other things: `p2`, everything, or nothing."""
    keys = {name: api.key("read", name) for name in ("p1", "p2")} | {"all": api.key("admin")}
    client = app.test_client(use_cookies=False)
    with writing() as connection:
        sessions = {name: spend_key(connection, key, now()) for name, key in keys.items()}
        link = create_link(connection, name="TV", projects=None, now=now())
        token = spend_link(connection, link, address=EVIL, browser=EVIL, now=now())
    found = {name: Asker(client, keys[name], {SESSION: sessions[name]}) for name in keys}
    return found | {"nobody": Asker(client), "TV": Asker(client, "", {SCREEN: token})}


def seen(answer: TestResponse) -> tuple[int, list[tuple[str, str]], bytes]:
    """An answer without what is made anew each time: the tokens of forms."""
    packed = answer.headers.get("Content-Encoding") == "gzip"
    body = gzip.decompress(answer.data) if packed else answer.data
    body = re.sub(rb'(name="csrf_token" value=")[^"]+', rb"\1", body)
    token = re.compile(r"(_form_[^=]*=)[^;]+")
    headers = [(name, token.sub(r"\1", value)) for name, value in answer.headers if name != "Date"]
    if packed:  # what a token in it makes of its length
        headers = [(name, value) for name, value in headers if name != "Content-Length"]
    return answer.status_code, sorted(headers), body


def everything_seen(of: dict[str, Asker]) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """What those see who may hear nothing of another: a viewer of `p1`, and nobody."""
    asked = [("p1", form) for form in FORMS] + [("nobody", {})]
    return {
        (name, path, *form): seen(of[name].ask(path, **form))
        for path in PATHS
        for name, form in asked
    }


@pytest.fixture
def make(filled: Api, settings: dict[str, str], compiled: BytecodeCache) -> Iterator[Any]:
    """Makes a board that was never asked anything, in a process that remembers nothing."""
    with ExitStack() as made:

        def begin(**more: str) -> Flask:
            forget()
            app = made.enter_context(another_app(settings, **more))
            app.jinja_env.bytecode_cache = compiled
            return app

        yield begin


def test_every_route_that_is_read_has_an_example(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    for endpoint, paths in EXAMPLES.items():
        for path in paths:
            assert adapter.match(path.partition("?")[0])[0] == endpoint
    read_ones = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods}
    assert read_ones == set(EXAMPLES), "a route without an example: add it to EXAMPLES"


def test_no_answer_tells_what_another_client_said(filled: Api, make: Any) -> None:
    trusted = "127.0.0.1"  # so that all is believed that a proxy of ours may say
    expected = everything_seen(askers(filled, make(TRUSTED_PROXIES=trusted)))
    assert {200, 403, 404, 422} <= {status for status, _, _ in expected.values()}
    for claim in CLAIMS:
        board = make(TRUSTED_PROXIES=trusted)
        answered = [
            hostile.ask(path, claim).status_code
            for hostile in askers(filled, board).values()
            for path in PATHS
        ]
        assert (answered.count(200) > len(PATHS)) == ("SCRIPT_NAME" not in claim.environ)
        assert_nothing_is_kept(board)
        after = everything_seen(askers(filled, board))
        for asked, answer in expected.items():
            assert after[asked] == answer, (asked, claim)
            assert EVIL not in repr(answer)
            assert OTHER not in repr(answer)


def assert_nothing_is_kept(board: Flask) -> None:
    """Neither the pages nor what functions remember hold anything that a hostile client said."""
    pages = board.extensions["page_cache"]._pages
    assert [text for text in texts_in(pages) if EVIL in text] == []
    functions = remembering()
    assert {"app.web.assets.find", "app.api.openapi._described"} <= functions.keys()
    for name, function in functions.items():
        assert [text for text in kept_by(function) if EVIL in text] == [], name


def test_a_file_is_kept_by_one_name_alone(app: Flask) -> None:
    client = app.test_client()
    for known in ("css/base.x.css", "nothing"):
        client.get(f"/assets/{known}")
    before = find.cache_info().currsize
    for number in range(1, 20):
        for name in ("css/" + "../css/" * number, "css/" + "./" * number, "css" + "/" * number):
            assert client.get(f"/assets/{name}base.x.css").status_code in (200, 404)
        assert client.get(f"/assets/{number}.css").status_code == 404
    assert find.cache_info().currsize == before
