"""What an upstream is asked, and what it may answer: bounded in time and in size."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson

from app.config import Network
from app.mirror.addresses import AddressError, Place, read_address, resolve

PATIENCE = 10.0  # seconds for a whole request, a drip too
MOST_BYTES = 16 * 1024 * 1024
LONGEST_WAIT = 900.0  # seconds that an upstream may ask us to wait
EPOCH = 1_000_000_000  # no wait in seconds, but a moment
LEFT = ("x-ratelimit-remaining", "ratelimit-remaining")
RESET = ("x-ratelimit-reset", "ratelimit-reset")


class UpstreamError(Exception):
    """What an upstream did instead of answering, in a sentence for people.

    `wait` is for how many seconds it asked us to stay away; `certain` says that asking again will
    not help, until somebody changes something.
    """

    def __init__(self, sentence: str, *, wait: float | None = None, certain: bool = False) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.wait = wait
        self.certain = certain


class Answer(NamedTuple):
    """What it said: `body` is JSON, None of a 404. `left` requests are left, if it says so."""

    body: Any
    left: int | None
    reset: float | None
    headers: Mapping[str, str]


class Upstream:
    """An upstream's project. One request at a time; the connection is kept."""

    def __init__(
        self, url: str, project_id: str, key: str | None, allowed: Sequence[Network] = ()
    ) -> None:
        """Nothing is asked yet. Raises AddressError."""
        self._place = read_address(url)
        self._base = f"{self._place.path}/api/v1/projects/{quote(project_id, safe='')}"
        self._allowed = allowed
        self._headers = {"Accept": "application/json", "User-Agent": "jobwall-mirror"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._connection: http.client.HTTPConnection | None = None

    def find_project(self) -> Answer:
        """What it says of the project."""
        return self._ask(self._base)

    def list_jobs(self, *, limit: int, offset: int) -> Answer:
        """A page of its list: the body is the list of its jobs."""
        answer = self._ask(f"{self._base}/jobs?limit={limit}&offset={offset}")
        if answer.body is None:
            raise UpstreamError("It knows no such project, or not for this key (404)", certain=True)
        jobs = answer.body.get("jobs") if isinstance(answer.body, dict) else None
        if not isinstance(jobs, list) or not all(
            isinstance(job, dict) and isinstance(job.get("job_id"), str) for job in jobs
        ):
            raise UpstreamError("It answered with something that is no list of jobs")
        return answer._replace(body=jobs)

    def find_job(self, job_id: str) -> Answer:
        """What it says of a job; no body where it does not know it."""
        answer = self._ask(f"{self._base}/jobs/{quote(job_id, safe='')}")
        if answer.body is not None and (
            not isinstance(answer.body, dict) or answer.body.get("job_id") != job_id
        ):
            raise UpstreamError("It answered with something that is no job")
        return answer

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, target: str) -> Answer:
        until = time.monotonic() + PATIENCE
        kept = self._connection is not None
        try:
            try:
                status, headers, body = self._request(target, until)
            except ConnectionError:
                if not kept:
                    raise
                self.close()  # it had ended while nobody looked
                status, headers, body = self._request(target, until)
        except (OSError, http.client.HTTPException, AddressError) as error:
            self.close()
            late = time.monotonic() > until and not isinstance(error, AddressError)
            certain = isinstance(error, (AddressError, ssl.SSLCertVerificationError))
            raise UpstreamError(
                _words(TimeoutError() if late else error), certain=certain
            ) from None
        if headers.get("connection", "").lower() == "close":
            self.close()
        return _read(status, headers, body)

    def _request(self, target: str, until: float) -> tuple[int, dict[str, str], bytes]:
        if self._connection is None or self._connection.sock is None:  # it may end by itself
            self._connection = _connect(self._place, self._allowed, until)
        connection = self._connection
        with _ended_by(connection.sock, until):
            headers = self._headers | {"Host": self._place.netloc}
            connection.request("GET", target, headers=headers)
            response = connection.getresponse()
            body = response.read(MOST_BYTES + 1)
        if time.monotonic() > until:  # what was ended may look as if it had been all
            raise TimeoutError
        if len(body) > MOST_BYTES:
            raise http.client.HTTPException("it is too long")
        found = {name.lower(): value for name, value in response.getheaders()}
        return response.status, found, body


@contextmanager
def _ended_by(sock: socket.socket, until: float) -> Iterator[None]:
    """End whatever waits for this socket at a moment, also where something comes now and then.

    A time-out of the socket begins anew with every byte.
    """

    def end() -> None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(max(0.0, until - time.monotonic()), end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _connect(place: Place, allowed: Sequence[Network], until: float) -> http.client.HTTPConnection:
    """A connection to an address that was looked up and checked once; proxies are not asked."""
    address = resolve(place, allowed)
    sock = socket.create_connection((address, place.port), PATIENCE)
    if place.secure:
        with _ended_by(sock, until):
            sock = _tls().wrap_socket(sock, server_hostname=place.host)
    connection = http.client.HTTPConnection(place.host, place.port)
    connection.sock = sock
    connection.auto_open = 0  # it would look the name up again
    return connection


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _read(status: int, headers: dict[str, str], body: bytes) -> Answer:
    left, reset = _number(headers, LEFT), _until(_number(headers, RESET))
    if status == 404:
        return Answer(None, left, reset, headers)
    if status == 200:
        try:
            return Answer(orjson.loads(body), left, reset, headers)
        except orjson.JSONDecodeError:
            raise UpstreamError("It answered with something that is no JSON") from None
    wait = _seconds(headers.get("retry-after"))
    if status == 429:
        raise UpstreamError("It was asked too often (429)", wait=wait or reset or 60.0)
    if status in (401, 403):
        raise UpstreamError(f"It refuses the key ({status})", certain=True)
    if 300 <= status < 400:
        raise UpstreamError(
            f"It leads elsewhere ({status}), which is not followed: give the address that it means",
            certain=True,
        )
    if status >= 500:
        raise UpstreamError(f"It has trouble of its own ({status})", wait=wait)
    raise UpstreamError(f"It does not answer as the contract says ({status})", certain=True)


def _words(error: Exception) -> str:
    if isinstance(error, AddressError):
        return str(error)
    if isinstance(error, TimeoutError):
        return f"It did not answer within {PATIENCE:.0f} s"
    if isinstance(error, socket.gaierror):
        return "Its name is not known (DNS)"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {error.verify_message}"
    if isinstance(error, ConnectionRefusedError):
        return "It refuses connections: nothing listens there"
    if isinstance(error, OSError):
        return f"It cannot be reached: {error.strerror or type(error).__name__}"
    return f"Its answer broke off or makes no sense: {error or type(error).__name__}"


def _number(headers: Mapping[str, str], names: Sequence[str]) -> int | None:
    text = next((headers[name] for name in names if name in headers), "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 16 else None


def _until(reset: int | None) -> float | None:
    """In how many seconds there are requests again: told as such, or as seconds since 1970."""
    if reset is None:
        return None
    wait = reset - time.time() if reset > EPOCH else reset
    return min(max(wait, 1.0), LONGEST_WAIT)


def _seconds(text: str | None) -> float | None:
    """What `Retry-After` says, where it says a number; a date is as good as a minute."""
    if not text:
        return None
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() else 60.0
