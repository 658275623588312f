"""Nothing is believed that a client may say of itself: its address, our host, our root, TLS."""

import re
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import settings as options
from hypothesis import strategies as st

from app.config import read
from app.web import errors, forwarding
from app.web.forwarding import parse_address
from tests.kit.api import Api
from tests.kit.apps import another_app
from tests.kit.board import Board, served
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem

EVIL = {
    "X-Forwarded-For": "203.0.113.66",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "X-Forwarded-Protocol": "ssl",
    "X-Forwarded-Ssl": "on",
    "X-Script-Name": "/evil",
    "X-Real-IP": "203.0.113.66",
    "Forwarded": 'for=203.0.113.66;proto=https;host="evil.example"',
}


def asked(tmp_path: Any, peer: str, headers: dict[str, str], **config: str) -> dict[str, Any]:
    """What an app with these settings makes of a request from this peer."""
    app = Flask("bare")
    errors.init_app(app)
    forwarding.init_app(app, read({"INSTANCE": str(tmp_path), **config}))

    @app.get("/")
    def view() -> dict[str, Any]:
        told = " ".join(f"{name}={value}" for name, value in request.headers)
        return {
            "address": request.remote_addr,
            "scheme": request.scheme,
            "host": request.host,
            "root": request.script_root,
            "told": [name for name in ("For", "Proto", "Host") if f"X-Forwarded-{name}=" in told],
        }

    answer = app.test_client().get("/", headers=headers, environ_base={"REMOTE_ADDR": peer})
    assert answer.status_code == 200
    return answer.json


PLAIN = {"scheme": "http", "host": "localhost", "root": "", "told": []}


@pytest.mark.parametrize("peer", ["203.0.113.5", "127.0.0.1", "::1", "10.0.0.8", "", "nonsense"])
@pytest.mark.parametrize("trusted", ["", "10.0.0.7, 192.0.2.0/24"])
def test_whoever_is_no_proxy_of_ours_is_not_believed(
    tmp_path: Any, peer: str, trusted: str
) -> None:
    told = asked(tmp_path, peer, EVIL, TRUSTED_PROXIES=trusted)
    assert told == PLAIN | {"address": peer}


@pytest.mark.parametrize(
    ("trusted", "peer"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("10.0.0.0/8", "10.255.0.1"),
        ("192.0.2.1,::1", "::1"),
        ("2001:db8::/32", "2001:db8::7"),
        ("10.0.0.0/8", "::ffff:10.0.0.7"),  # how a socket of both families names it
        ("fe80::/10", "fe80::1%eth0"),
    ],
)
def test_a_proxy_of_ours_is(tmp_path: Any, trusted: str, peer: str) -> None:
    told = asked(tmp_path, peer, EVIL, TRUSTED_PROXIES=trusted)
    assert told == {
        "address": "203.0.113.66",
        "scheme": "https",
        "host": "evil.example",
        "root": "",
        "told": [],
    }


@pytest.mark.parametrize(
    ("hops", "address"),
    [
        ("", "10.0.0.1"),
        ("203.0.113.5", "203.0.113.5"),
        ("198.51.100.1, 203.0.113.5", "203.0.113.5"),
        ("198.51.100.1, 203.0.113.5, 10.0.0.2", "203.0.113.5"),
        ("198.51.100.1, 203.0.113.5, ::ffff:10.0.0.2 , 10.0.0.3", "203.0.113.5"),
        ("10.0.0.9, 10.0.0.2", "10.0.0.9"),  # nobody but proxies: the first of them
        ("203.0.113.5, <b>, 10.0.0.2", "10.0.0.2"),
        ("203.0.113.5, unknown", "10.0.0.1"),
        ("203.0.113.5,", "10.0.0.1"),
        ("2001:db8::1", "2001:db8::1"),
    ],
)
def test_who_asks_is_read_from_the_right_past_our_own(
    tmp_path: Any, hops: str, address: str
) -> None:
    headers = {"X-Forwarded-For": hops}
    told = asked(tmp_path, "10.0.0.1", headers, TRUSTED_PROXIES="10.0.0.0/8")
    assert told["address"] == address


addresses = st.ip_addresses(v=4) | st.ip_addresses(v=6)
OURS = read({"INSTANCE": "/tmp", "TRUSTED_PROXIES": "10.0.0.0/8,fd00::/8"}).trusted_proxies


@options(deadline=None)
@given(
    claimed=st.lists(st.text("0123456789abcdef.:, <", max_size=20), max_size=4),
    client=addresses,
    between=st.lists(st.sampled_from(["10.0.0.1", "fd00::1", "::ffff:10.2.2.2"]), max_size=3),
)
def test_whatever_a_client_claims_its_own_address_is_found(
    claimed: list[str], client: Any, between: list[str]
) -> None:
    wanted = parse_address(str(client))
    if any(wanted in network for network in OURS):
        return
    hops = ",".join([*claimed, str(client), *between])
    assert forwarding._client(parse_address("10.9.9.9"), hops, OURS) == wanted


@pytest.mark.parametrize(
    ("proto", "scheme"),
    [("https", "https"), ("HTTPS", "https"), ("http, https", "https"), ("https, http", "http")]
    + [(text, "http") for text in ("http", "", "ftp", "https;", "javascript")],
)
def test_only_a_scheme_is_one(tmp_path: Any, proto: str, scheme: str) -> None:
    headers = {"X-Forwarded-Proto": proto}
    told = asked(tmp_path, "10.0.0.1", headers, TRUSTED_PROXIES="10.0.0.1")
    assert told["scheme"] == scheme


# Below a path


@pytest.fixture
def below(api: Api, settings: dict[str, str]) -> Iterator[Api]:
    """The same board below a path."""
    with another_app(settings, PATH_PREFIX="/job/wall") as app:
        yield Api(app, app.test_client(), keys=api.keys)


@sqlite_only
def test_below_a_path_everything_leads_there(api: Api, below: Api) -> None:
    posted = api.post({"job_id": "j", "source_doc_id": "d", "status": "running"})
    assert posted.status_code == 201
    below.sign_in()
    pages = ["", "projects/p1", "projects/p1/jobs/j", "projects/p1/causes", "wall", "screens"]
    for page in (*pages, "projects/p1/document?id=d", "screens/link", "nothing"):
        answer = below.client.get(f"/job/wall/{page}", follow_redirects=True)
        assert answer.status_code == (404 if page == "nothing" else 200)
        leads = re.findall(r' (?:href|src|action|hx-get|data-[a-z]+)="(/[^"]*)"', answer.text)
        assert leads
        assert [one for one in leads if not f"{one}/".startswith("/job/wall/")] == []
        for name, value in answer.headers:
            assert name not in ("Location", "Link") or "/job/wall/" in value
            assert name != "Set-Cookie" or "; Path=/job/wall" in value
    answer = below.client.get(f"/job/wall{below.url('?limit=1')}", headers=below.headers())
    for target in re.findall(r"<([^>]*)>", answer.headers["Link"]):
        assert target.startswith("/job/wall/api/v1/projects/p1/jobs?")
    made = below.client.post(
        f"/job/wall{below.url()}",
        json={"job_id": "k", "source_doc_id": "d"},
        headers=below.headers(),
    )
    assert made.headers["Location"] == "/job/wall/api/v1/projects/p1/jobs/k"
    described = below.client.get("/job/wall/api/v1/openapi.json").json
    assert described["servers"] == [{"url": "/job/wall/api/v1"}]
    assert api.client.get("/api/v1/openapi.json").json["servers"] == [{"url": "/api/v1"}]
    away = below.app.test_client().get("/job/wall/projects/p1?q=x")
    assert away.headers["Location"] == "/job/wall/sign-in?next=/job/wall/projects/p1?q%3Dx"
    assert below.client.get("/job/wall").data[:500] == below.client.get("/job/wall/").data[:500]


@sqlite_only
@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/job", "/job/wal", "/job/wallet", "//job/wall/", "/static/wall.css"]
)
def test_what_lies_not_below_it_is_not_there(below: Api, path: str) -> None:
    below.sign_in()
    assert below.client.get(path).status_code == 404
    assert_problem(below.client.get(f"/api{path}"), 404)


@sqlite_only
def test_the_machine_is_answered_above_it_too(below: Api) -> None:
    for path in ("/healthz", "/job/wall/healthz"):
        assert below.client.get(path).text == "ok\n"


@sqlite_only
def test_a_form_leads_nowhere_else(below: Api) -> None:
    for target in ("/other/board", "/job/wallet/", "//evil.example/job/wall/", "/job/wall"):
        page = below.client.get("/job/wall/sign-in", query_string={"next": target})
        assert 'name="next" value="/job/wall/"' in page.text, target


# By which name


@sqlite_only
@pytest.mark.parametrize(
    ("host", "answered"),
    [
        ("board.example.com", True),
        ("BOARD.example.com:8000", True),
        ("board.example.com.", True),
        ("example.org", True),
        ("a.b.example.org", True),
        ("127.0.0.1:8000", True),
        ("[2001:db8::1]:8000", True),
        ("evil.example", False),
        ("board.example.com.evil.example", False),
        ("notexample.org", False),
        ("board.example.com@evil.example", False),
        ("", False),
        ("[::1", False),
        ("a b", False),
    ],
)
def test_with_a_list_of_hosts_no_other_is_answered(
    api: Api, settings: dict[str, str], host: str, answered: bool
) -> None:
    listed = "board.example.com, .Example.org,127.0.0.1,[2001:db8:0::1]"
    headers = {**api.headers(), "Host": host}
    with another_app(settings, ALLOWED_HOSTS=listed) as app:
        client = app.test_client()
        answer = client.get(api.url(), headers=headers)
        page = client.get("/sign-in", headers={"Host": host})
        assert client.get("/healthz", headers={"Host": host}).status_code == 200
    if answered:
        assert (answer.status_code, page.status_code) == (200, 200)
    else:
        assert_problem(answer, 421)
        assert page.status_code == 421
        assert "<h1" in page.text


@sqlite_only
def test_a_proxy_of_ours_says_which_host_that_is(api: Api, settings: dict[str, str]) -> None:
    told = {"ALLOWED_HOSTS": "board.example.com", "TRUSTED_PROXIES": "127.0.0.1"}
    by_proxy, other = {"X-Forwarded-Host": "board.example.com"}, {"REMOTE_ADDR": "10.0.0.1"}
    with another_app(settings, **told) as app:
        client = app.test_client()
        assert client.get("/sign-in", headers=by_proxy).status_code == 200
        assert client.get("/sign-in", headers=by_proxy, environ_base=other).status_code == 421


@sqlite_only
@pytest.mark.parametrize("path", ["/projects//p1", "/projects/p1/", "//projects/p1", "/healthz/"])
def test_no_address_leads_on_to_a_host_that_a_client_named(api: Api, path: str) -> None:
    api.sign_in()
    answer = api.client.get(path, headers={"Host": "evil.example"})
    assert answer.status_code in (200, 404)


# By gunicorn


def spoken(board: Board, path: str, *headers: str) -> str:
    """An answer to a request of these very lines."""
    with socket.create_connection(("127.0.0.1", board.port), timeout=10) as connection:
        lines = [f"GET {path} HTTP/1.1", *headers, "Connection: close", "", ""]
        connection.sendall("\r\n".join(lines).encode())
        with connection.makefile("rb") as answer:
            return answer.read().decode()


@pytest.fixture(params=["", "127.0.0.1"])
def tempted(request: Any, settings: dict[str, str]) -> Iterator[Board]:
    """A board whose server is told to believe everybody, and to believe in a root, by its own."""
    own = {"FORWARDED_ALLOW_IPS": "*", "SCRIPT_NAME": ""}
    with served(settings | own | {"TRUSTED_PROXIES": request.param}) as board:
        board.project = board.new_project("p1")
        yield board


@sqlite_only
def test_gunicorn_believes_nobody_by_itself(tempted: Board) -> None:
    key = f"Authorization: Bearer {tempted.key}"
    path = "/api/v1/projects/p1/jobs"
    forged = ["Host: board", *(f"{name}: {value}" for name, value in EVIL.items())]
    for name in ("SCRIPT_NAME", "Script_Name", "script-name"):
        answer = spoken(tempted, f"/evil{path}", f"{name}: /evil", *forged, key)
        assert answer.startswith("HTTP/1.1 404 "), answer
        answer = spoken(tempted, path, f"{name}: //evil.example", "PATH_INFO: /evil", *forged, key)
        assert answer.startswith("HTTP/1.1 200 "), answer
        assert f"Link: <{path}?" in answer
    for _ in range(8):  # each of its processes
        answer = spoken(tempted, "/api/v1/openapi.json", *forged, "SCRIPT_NAME: //evil.example")
        assert '"servers":[{"url":"/api/v1"}]' in answer
        assert "evil" not in answer
    believed = bool(tempted.settings["TRUSTED_PROXIES"])
    answer = spoken(tempted, "/sign-in", "Host: board", "X-Forwarded-Proto: https")
    assert ("; Secure" in answer) is believed
    assert ("Strict-Transport-Security" in answer) is believed
    # Two words about TLS that differ were a 400 of gunicorn's own.
    forged = ["X-Forwarded-Proto: http", "X-Forwarded-Ssl: on", "Host: board"]
    assert spoken(tempted, "/sign-in", *forged).startswith("HTTP/1.1 200 ")
