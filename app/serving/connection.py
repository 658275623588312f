"""A client's connection: what it sent, what it has yet to take, and when its time is up."""

import io
import re
import select
import socket
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from gunicorn.http.body import ChunkedReader
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine
from gunicorn.http.message import Request
from gunicorn.http.unreader import IterUnreader

from app.serving.bodies import Body, Chunked, Sized
from app.serving.watch import Wait

PIECE = 65536
"""Bytes that are moved at once."""

HEAD = 65536
"""Bytes of a request's head, at most; its lines have limits of their own."""

AHEAD = 1024 * 1024
"""Bytes of an answer that are kept for a client that does not take them, until its maker waits."""

GRACE = 10.0
PACE = 10_000
"""A transfer may take so many seconds, and one more for so many bytes (what a slow phone does)."""


class TooSlowError(OSError):
    """The client does not take its answer."""


class TooLargeError(Exception):
    """The body is larger than its request may have."""


class Connection:
    """One client. The loop of its worker has it, but while a thread makes an answer: then that.

    To gunicorn, which writes the answer, it is a socket that never waits for its client, up to
    `AHEAD` bytes. By `time.monotonic`, `deadline` is when the loop closes it, and `arrived` when
    its request was there.
    """

    def __init__(self, sock: socket.socket, client: Any, server: Any) -> None:
        sock.setblocking(False)
        self.sock = self  # where gunicorn looks for the socket
        self.client = client
        self.server = server
        self.request: Any = None
        self.wait: Wait | None = None
        self.deadline = self.arrived = 0.0
        self.closed = False
        self._socket = sock
        self._requests = 0
        self._received = bytearray()
        self._looked = 0  # bytes of these in which no head ends
        self._body: Body | None = None
        self._answer = bytearray()
        self._moved = 0  # bytes of the transfer that is under way
        self._began = 0.0

    @property
    def held(self) -> int:
        """Bytes that are kept for it."""
        body = 0 if self._body is None else len(self._body.content)
        return len(self._received) + body + len(self._answer)

    @property
    def silent(self) -> bool:
        """Whether nothing came of its next request."""
        return not self._received and self.request is None

    @property
    def asked(self) -> str:
        """The path that its request names, as far as that can be told."""
        if self.request is not None:
            return str(self.request.path)
        words = bytes(self._received[:HEAD]).split(None, 2)
        return words[1].decode("latin-1") if len(words) > 1 else ""

    def fileno(self) -> int:
        """For a selector."""
        return self._socket.fileno()

    def close(self) -> None:
        """Be rid of it."""
        self.closed = True
        self._socket.close()

    # What comes in.

    def receive(self) -> bool:
        """Read what is there; False where the client is gone."""
        try:
            data = self._socket.recv(PIECE)
        except BlockingIOError:
            return True
        except OSError:  # reset, or closed by us a moment ago
            return False
        self._received += data
        return bool(data)

    def read_head(self, cfg: Any, now: float) -> bool:
        """Whether the head of its next request is there: then it is `request`.

        Raises what gunicorn does of a head that makes no sense.
        """
        return self.request is not None or self._read_head(cfg, now)

    def read_body(self, most: int) -> bool:
        """Whether the body of the request is there, whole, of so many bytes at most.

        Raises MalformedBodyError and TooLargeError.
        """
        if self._body is None:
            raise RuntimeError("a request without a body to read")
        if self._body.length > most:
            raise TooLargeError
        whole = self._body.take(self._received)
        self._moved = len(self._body.content)
        if self._moved > most:
            raise TooLargeError
        self._pace()
        if whole:
            self.request.body = io.BytesIO(self._body.content)
            self._body = None
        elif self.request._expected_100_continue:
            self.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.flush()
        self.request._expected_100_continue = False  # what is to be said to that was said
        return whole

    def _read_head(self, cfg: Any, now: float) -> bool:
        received = self._received
        end = received.find(b"\r\n\r\n", max(0, self._looked - 3), HEAD)
        self._looked = len(received)
        if end < 0:
            if b"\r\n" not in received[: cfg.limit_request_line + 2] and (
                len(received) > cfg.limit_request_line
            ):
                raise LimitRequestLine(len(received), cfg.limit_request_line)
            if len(received) > HEAD:
                raise LimitRequestHeaders("the head is too large")
            return False
        head = bytes(received[: end + 4])
        self._requests += 1
        request = Request(cfg, IterUnreader([head]), self.client, self._requests)
        del received[: end + 4]
        self._looked = 0
        self.request = request
        reader = request.body.reader
        chunked = isinstance(reader, ChunkedReader)
        self._body = Chunked() if chunked else Sized(reader.length)
        self._began, self._moved = now, 0
        return True

    def _pace(self) -> None:
        self.deadline = self._began + GRACE + self._moved / PACE

    # What goes out.

    def begin_answer(self) -> None:
        """From here on what it is sent is of the answer to its request."""
        self._began, self._moved = 0.0, 0

    def sendall(self, data: bytes) -> None:
        """Send it, or keep it to be sent; waits only where much is kept already.

        Raises TooSlowError where the client takes too little, and OSError where it is gone.
        """
        self._answer += data
        if len(self._answer) < PIECE:
            return  # head and body go together
        while not self.flush() and len(self._answer) > AHEAD:
            self._wait()

    def flush(self) -> bool:
        """Send what is kept as far as the client takes it; whether that is all. Raises OSError."""
        if not self._began:
            self._began = time.monotonic()
        while self._answer:
            try:
                sent = self._socket.send(self._answer[:PIECE])
            except BlockingIOError:
                self._pace()
                return False
            del self._answer[:sent]
            self._moved += sent
        return True

    def _wait(self) -> None:
        left = self.deadline - time.monotonic()
        poll = select.poll()
        poll.register(self._socket, select.POLLOUT)
        if left <= 0 or not poll.poll(left * 1000):
            raise TooSlowError("the client does not take its answer")

    @property
    def may_wait(self) -> bool:
        """Whether its answer says that nothing changed, and it would rather wait for a change."""
        return self.wait is not None and self._answer.startswith(b"HTTP/1.1 304 ")

    def take_back(self) -> None:
        """Forget an answer of which nothing was sent."""
        self._answer.clear()

    def date_anew(self) -> None:
        """Let an answer that waited be of now."""
        date = format_datetime(datetime.now(UTC), usegmt=True).encode()
        self._answer[:] = re.sub(rb"(?<=\r\nDate: )[^\r]*", date, bytes(self._answer), count=1)

    def next_request(self) -> None:
        """Its request is answered."""
        self.request = self._body = self.wait = None

    def shutdown(self, how: int) -> None:
        """Say that no more will come, one way."""
        self._socket.shutdown(how)

    def discard(self) -> bool:
        """Read and forget what is there; False where the client is gone."""
        alive = self.receive()
        self._received.clear()
        return alive
