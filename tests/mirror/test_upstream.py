"""What an upstream does is bounded and told in words; what is not public is not asked."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from ipaddress import ip_network

import pytest

from app.mirror import addresses, upstream
from app.mirror.addresses import AddressError, read_address, resolve
from app.mirror.upstream import Upstream, UpstreamError

LOCAL = (ip_network("127.0.0.0/8"),)
Say = Callable[[socket.socket], None]


class Raw:
    """A server that says what it is told to, whatever it is asked; it keeps what that was."""

    def __init__(self) -> None:
        self.say: Say = lambda _: None
        self.asked: list[bytes] = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.socket.settimeout(0.05)  # so that who waits for a client sees that it was closed
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _serve(self) -> None:
        while self.socket.fileno() >= 0:
            with suppress(OSError):
                connection, _ = self.socket.accept()
                connection.settimeout(5)
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            self.asked.append(connection.recv(65536))
            self.say(connection)


@pytest.fixture
def raw() -> Iterator[Raw]:
    server = Raw()
    yield server
    server.socket.close()


def says(status: str, body: bytes = b"", *headers: str) -> Say:
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]
    head = "\r\n".join(lines).encode() + b"\r\n\r\n"
    return lambda connection: connection.sendall(head + body)


def ask(raw: Raw) -> list[object]:
    with closing(Upstream(raw.url, "p/1", "ib-key", LOCAL)) as upstream:
        return list(upstream.list_jobs(limit=5, offset=10).body)


def test_it_asks_as_the_contract_says(raw: Raw) -> None:
    raw.say = says("200 OK", b'{"jobs": [{"job_id": "a"}]}', "RateLimit-Remaining: 7")
    with closing(Upstream(raw.url + "/below", "p/1", "ib-key", LOCAL)) as upstream:
        answer = upstream.list_jobs(limit=5, offset=10)
    assert (answer.body, answer.left) == ([{"job_id": "a"}], 7)
    [asked] = raw.asked
    assert asked.startswith(b"GET /below/api/v1/projects/p%2F1/jobs?limit=5&offset=10 HTTP/1.1\r\n")
    assert b"Authorization: Bearer ib-key\r\n" in asked


@pytest.mark.parametrize(
    ("status", "headers", "words", "wait", "certain"),
    [
        ("401 Unauthorized", (), "refuses the key (401)", None, True),
        ("404 Not Found", (), "no such project", None, True),
        ("429 Too Many", ("Retry-After: 7",), "too often", 7.0, False),
        ("429 Too Many", ("Retry-After: 999999",), "too often", 900.0, False),
        ("429 Too Many", ("Retry-After: Sun, 29 Nov 2026 12:00:00 GMT",), "too often", 60.0, False),
        ("503 Busy", ("Retry-After: 5",), "trouble of its own (503)", 5.0, False),
        ("302 Found", ("Location: http://169.254.169.254/",), "leads elsewhere", None, True),
        ("418 Teapot", (), "as the contract says (418)", None, True),
    ],
)
def test_what_it_answers_instead_is_said(raw, status, headers, words, wait, certain) -> None:
    raw.say = says(status, b"{}", *headers)
    with pytest.raises(UpstreamError) as told:
        ask(raw)
    assert words in told.value.sentence
    assert (told.value.wait, told.value.certain) == (wait, certain)
    assert len(raw.asked) == 1  # a redirect is not followed


@pytest.mark.parametrize(
    ("told", "wait"),
    [("30", 30.0), ("86400", 900.0), ("in 40 s", 40.0), ("1000000001", 1.0)],
)
def test_when_there_are_requests_again_is_told_in_two_ways(raw, told, wait) -> None:
    told = told.replace("in 40 s", str(int(time.time()) + 40))
    raw.say = says(
        "200 OK", b'{"jobs": []}', "X-RateLimit-Remaining: 0", f"X-RateLimit-Reset: {told}"
    )
    with closing(Upstream(raw.url, "p", None, LOCAL)) as upstream:
        answer = upstream.list_jobs(limit=1, offset=0)
    assert answer.left == 0
    assert answer.reset == pytest.approx(wait, abs=20)


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"jobs": 1}', b'{"jobs": [1]}', b'{"jobs": [{}]}', b"\xff"]
)
def test_what_is_no_list_is_none(raw: Raw, body: bytes) -> None:
    raw.say = says("200 OK", body)
    with pytest.raises(UpstreamError, match="something that is no"):
        ask(raw)


def drip(connection: socket.socket) -> None:
    """A header that never ends, a byte at a time."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        connection.sendall(b"x")
        time.sleep(0.05)


@pytest.mark.parametrize("say", [lambda _: time.sleep(5), drip])
def test_it_waits_so_long_and_no_longer(raw: Raw, say: Say, monkeypatch) -> None:
    monkeypatch.setattr(upstream, "PATIENCE", 0.4)
    raw.say = say
    with pytest.raises(UpstreamError, match="did not answer within"):
        ask(raw)


def test_a_body_that_is_too_long_is_not_read_to_its_end(raw: Raw, monkeypatch) -> None:
    monkeypatch.setattr(upstream, "MOST_BYTES", 1000)
    raw.say = says("200 OK", b'{"jobs": []}' + b" " * 2000)
    with pytest.raises(UpstreamError, match="too long"):
        ask(raw)


def test_what_was_packed_though_nobody_asked_for_that_is_no_json(raw: Raw) -> None:
    raw.say = says("200 OK", gzip.compress(b'{"jobs": []}'), "Content-Encoding: gzip")
    with pytest.raises(UpstreamError, match="no JSON"):
        ask(raw)


def test_nobody_listens(raw: Raw) -> None:
    url = raw.url
    raw.socket.close()
    time.sleep(0.1)
    with pytest.raises(UpstreamError, match="nothing listens there"):
        Upstream(url, "p", None, LOCAL).find_project()


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *("100.64.0.1", "224.0.0.1", "[::1]", "[fe80::1]", "[fd00::1]", "[::ffff:10.0.0.1]"),
        *("[64:ff9b::a00:1]", "[2002:a00:1::]", "2130706433", "0x7f000001", "localhost"),
    ],
)
def test_what_is_not_public_is_not_asked(address: str) -> None:
    with pytest.raises((AddressError, OSError)):
        resolve(read_address(f"https://{address}"), ())


def test_all_addresses_of_a_name_must_be_public_and_one_of_these_is_asked(monkeypatch) -> None:
    def looked_up(*addresses_: str):
        return lambda *_, **__: [(2, 1, 6, "", (one, 443)) for one in addresses_]

    place = read_address("https://jobs.example.com")
    monkeypatch.setattr(addresses.socket, "getaddrinfo", looked_up("93.184.216.34", "10.0.0.1"))
    with pytest.raises(AddressError, match=r"10\.0\.0\.1 is no public address"):
        resolve(place, ())
    assert resolve(place, (ip_network("10.0.0.0/8"),)) == "93.184.216.34"
    monkeypatch.setattr(addresses.socket, "getaddrinfo", looked_up("93.184.216.34"))
    assert resolve(place, ()) == "93.184.216.34"
    with pytest.raises(AddressError, match="https:// only"):
        resolve(read_address("http://jobs.example.com"), ())


@pytest.mark.parametrize(
    "url", ["", "jobs.example.com", "https://", "https://a b", "https://ü.de", "https://a:x", "//a"]
)
def test_what_is_no_address_is_none(url: str) -> None:
    with pytest.raises(AddressError):
        read_address(url)
