"""A thousand browsers in one thread: HTTP/1.1 by hand, so that the client costs little CPU."""

import asyncio
import re

PATIENCE = 4.0  # s: after that a dashboard counts a poll as failed
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ETAG = re.compile(rb"\r\netag: *([^\r]+)", re.IGNORECASE)


class Answer:
    """The status and the ETag of an answer; its body was read and dropped."""

    __slots__ = ("etag", "status")

    def __init__(self, status: int, etag: str) -> None:
        self.status = status
        self.etag = etag


class Browser:
    """One kept-alive connection, made anew where the server has closed it."""

    def __init__(self, port: int, patience: float = PATIENCE) -> None:
        self._port = port
        self._patience = patience
        self._wire: _Wire | None = None

    async def ask(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b""
    ) -> Answer:
        """Send a request and wait for its answer; raises OSError (TimeoutError is one)."""
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if method != "GET":
            lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
        loop = asyncio.get_running_loop()
        if self._wire is None or self._wire.closed:
            _, self._wire = await loop.create_connection(_Wire, "127.0.0.1", self._port)
        wire = self._wire
        answer = wire.send("\r\n".join([*lines, "\r\n"]).encode() + body)
        patience = loop.call_later(self._patience, wire.give_up)
        try:
            return await answer
        finally:
            patience.cancel()

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.give_up()


class _Wire(asyncio.Protocol):
    """Bytes out, bytes in, one answer at a time."""

    def __init__(self) -> None:
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Answer] | None = None
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, request: bytes) -> "asyncio.Future[Answer]":
        """Send; the future is the answer."""
        assert self._transport is not None
        self._received.clear()
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def give_up(self) -> None:
        """Wait no longer."""
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(TimeoutError("no answer in time"))
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in what came; the answer is complete with the last byte of its body."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._answer is None or self._answer.done():
            return
        head = bytes(self._received[: end + 2])
        status, length = int(head[9:12]), _LENGTH.search(head)
        if status != 304 and (length is None or len(self._received) < end + 4 + int(length[1])):
            return
        etag = _ETAG.search(head)
        self._answer.set_result(Answer(status, etag[1].decode() if etag else ""))

    def connection_lost(self, exc: Exception | None) -> None:
        """The server hung up; that is an error only where an answer was due."""
        self.closed = True
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(ConnectionError(str(exc or "closed")))
