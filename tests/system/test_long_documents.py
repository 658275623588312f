"""The longest documents that are accepted can be asked for, of a server behind a real proxy."""

import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import requests

from app.rules.causes import cause_name, cause_of
from app.rules.documents import LONGEST, MOST_BYTES
from app.web.cookies import SESSION
from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.documents import blocks_of
from tests.kit.nginx import proxied
from tests.kit.reports import job, send

pytestmark = sqlite_only  # what an address may be does not depend on the engine

LETTERS = ["x", "%", "ä", "長", "🧱", "e\u0301"]
FILTER = {
    "status": "failed",
    "q": "長" * 128,
    "since": "2026-11-23T03:04:05.123456789012+00:00",
    "until": "2099-11-23T03:04:05.123456789012+00:00",
    "finished": "2026-11-24T03",
    "longer": "999999d",
    "cause": cause_name(cause_of("torn")),
    "chart": "30d",
    "page": "8796093022208",
    "at": f"{'9' * 18}~{'j:' * 64}",
}


def longest(letter: str) -> str:
    """As many as are accepted of a letter."""
    return letter * min(LONGEST // len(letter), MOST_BYTES // len(letter.encode()))


@pytest.fixture
def proxy(live_board: Board, tmp_path: Path) -> Iterator[str]:
    """nginx as the documents have it, before the board."""
    block, *_ = [one for one in blocks_of("docs/operating.md") if one.language == "nginx"]
    text = block.text.replace("127.0.0.1:8000", f"127.0.0.1:{live_board.port}")
    with proxied(text, tmp_path, tls=False) as url:
        yield url


@pytest.fixture
def program(live_board: Board) -> requests.Session:
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {live_board.key}"
    return session


@pytest.fixture
def browser(live_board: Board) -> requests.Session:
    session = requests.Session()
    session.cookies.set(live_board.cookie_name(SESSION), live_board.new_session())
    return session


@pytest.mark.parametrize("letter", LETTERS, ids=ascii)
def test_every_accepted_document_is_found_by_all_ways(
    live_board: Board,
    proxy: str,
    program: requests.Session,
    browser: requests.Session,
    letter: str,
) -> None:
    document, project = longest(letter), live_board.project
    url = f"{proxy}/api/v1/projects/{project}/jobs"
    jobs = [
        {"job_id": f"j{number}", "source_doc_id": document, "status": "failed"}
        for number in range(3)
    ]
    assert program.post(f"{url}/bulk", json={"jobs": jobs}, timeout=20).status_code == 200
    found = program.get(url, params={"document": document, "limit": 1}, timeout=20)
    assert found.status_code == 200
    assert (found.json()["total"], found.json()["jobs"][0]["source_doc_id"]) == (3, document)
    relations = re.findall(r'rel="(\w+)"', found.headers.get("Link", ""))
    assert relations == {"x": ["next", "last"], "e\u0301": []}.get(letter, [])
    page = browser.get(f"{proxy}/projects/{project}/jobs/j1", timeout=20)
    links = {unescape(link) for link in re.findall(r'href="(/[^"]*document\?id=[^"]*)"', page.text)}
    [link] = links
    opened = browser.get(proxy + link, timeout=20)
    assert opened.status_code == 200
    assert "3 jobs of this document" in opened.text.replace("\xa0", " ")
    part = browser.get(proxy + link, headers={"HX-Request-Type": "partial"}, timeout=20)
    assert part.status_code == 200


def test_every_link_of_a_list_leads_on_whatever_else_is_set(
    live_board: Board, proxy: str, browser: requests.Session
) -> None:
    project = live_board.project = live_board.new_project("p:" + "a:" * 63)
    send(live_board, job(1))
    for change in ({}, {"page": "1", "at": ""}):
        wanted = {**FILTER, **change, "document": longest("長")}
        page = browser.get(f"{proxy}/projects/{project}", params=wanted, timeout=20)
        assert page.status_code == 200
        # A browser sends the whole address along as the page it comes from.
        came_from = {"Referer": f"https://{'board' * 10}.example.com{page.request.path_url}"}
        links = {unescape(one) for one in re.findall(r'href="(/projects/[^"]*\?[^"]*)"', page.text)}
        assert len(links) >= 15
        for link in sorted(links, key=len)[-5:]:
            assert browser.get(proxy + link, headers=came_from, timeout=20).status_code == 200


def test_who_is_signed_out_is_led_to_sign_in_however_long_the_address(
    live_board: Board, proxy: str, browser: requests.Session
) -> None:
    for letter, carried in (("x", True), ("長", False)):
        address = f"/projects/{live_board.project}/document"
        wanted = {"id": longest(letter)}
        answer = requests.get(proxy + address, params=wanted, allow_redirects=False, timeout=20)
        assert answer.status_code == 302
        assert ("document" in answer.headers["Location"]) == carried
        form = requests.get(proxy + answer.headers["Location"], timeout=20)
        assert form.status_code == 200
        # What is sent from the form, or from the settings of the page, leads back or to the start.
        token = re.search(r'csrf_token" value="([^"]+)', form.text)
        assert token is not None
        sent = {
            "csrf_token": token[1],
            "next": f"{address}?id={'%E9%95%B7' * 682}",
            "theme": "dark",
        }
        done = requests.post(
            f"{proxy}/settings", sent, cookies=form.cookies, allow_redirects=False, timeout=20
        )
        assert (done.status_code, done.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("letter", LETTERS, ids=ascii)
def test_what_is_longer_is_refused(
    live_board: Board, program: requests.Session, letter: str
) -> None:
    url = f"{live_board.url}/api/v1/projects/{live_board.project}/jobs"
    for document in (longest(letter) + letter, letter + longest(letter)):
        answer = program.post(url, json={"source_doc_id": document}, timeout=20)
        assert answer.status_code == 422
        [error] = answer.json()["errors"]
        assert error["field"] == "source_doc_id"
        assert re.search("1,024 characters|2,048 bytes", error["message"])
