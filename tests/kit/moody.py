"""A server before a board that is in a mood: it passes on, refuses, hangs, or is not there."""

import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.kit.ports import free_port

PASS, HANG, AWAY = 200, 0, None


class Moody:
    """Answers with the status of its `mood`: PASS passes on, HANG never answers."""

    def __init__(self, board: str, port: int | None = None) -> None:
        self.board, self.mood = board, PASS
        self.headers: dict[str, str] = {}
        self.port = port or free_port()
        self.asked: list[str] = []
        self.over = threading.Event()
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it is served."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen."""
        moody = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                moody.asked.append(f"{self.command} {self.path}")
                status, content, headers = moody.answer(self.command, self.path, body, self.headers)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer  # noqa: N815

        self._server = _Quiet(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def take(self, mood: int | None) -> None:
        """Be in this mood from now on: AWAY does not even listen."""
        if mood is AWAY:
            self.stop()
            return
        self.mood = mood
        if self._server is None:
            self.start()

    def stop(self) -> None:
        """Listen no more: who asks is refused the connection."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def answer(
        self, method: str, path: str, body: bytes, headers: Any
    ) -> tuple[int, bytes, dict[str, str]]:
        """What is answered in this mood."""
        mood = self.mood
        if mood == HANG:
            self.over.wait(60)
            mood = 503  # whoever asked has gone
        if mood != PASS:
            return mood, b'{"detail": "a mood"}', self.headers
        kept = ("Authorization", "Content-Type", "Content-Encoding")
        request = urllib.request.Request(
            self.board + path,
            body or None,
            {name: headers[name] for name in kept if headers[name]},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as found:
                return (
                    found.status,
                    found.read(),
                    {"X-Job-Attempt": found.headers["X-Job-Attempt"] or "1"},
                )
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read(), {}


class _Quiet(ThreadingHTTPServer):
    """Whoever hangs up before the answer has its reasons."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing."""


@contextmanager
def moody(board: str) -> Iterator[Moody]:
    """One that passes on, until its mood is changed."""
    server = Moody(board)
    server.start()
    try:
        yield server
    finally:
        server.over.set()
        server.stop()
