"""`make soak-wall`: months of a television in minutes, and whether its browser hoards anything.

The wall's own script runs in Chromium against a stub on loopback, its two paces shortened: one
answer in two is a 304, the others are boards that differ. After garbage collection nodes, listeners
and heap are read at an early poll and at the last.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click
from flask import Flask
from playwright.sync_api import CDPSession, sync_playwright

from app import create_app
from app.clock import now
from app.config import read
from app.queries.wall import Wall
from bench.bars import bar
from screenshots import chromium
from screenshots.made_walls import board_of, made_closeup, made_lines, page_of

PACES = (("TICK = 500", "TICK = 4"), ("POLL = 1200", "POLL = 4"))
BOARDS = ((9, 3), (130, 2), (31, 12), (130, 60), (1, 0))
READ = ("Nodes", "JSEventListeners", "JSHeapUsedSize")
MOST_HEAP = 1.1  # of the early poll's


class Stub(ThreadingHTTPServer):
    """Answers as the board does, and counts the polls."""

    daemon_threads = True

    def __init__(self, app: Flask) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.polls = self.goal = 0
        at = now()
        self.boards = []
        for number, size in enumerate(BOARDS):
            lines = made_lines(*size, at)
            wall = Wall(lines, made_closeup(lines[0], 3, 9, at) if len(lines) == 1 else None)
            self.boards.append(board_of(app, wall, at, etag=f"e{number}"))
        self.page = page_of(app, self.boards[0]).encode()
        self.client = app.test_client()

    def asset(self, path: str) -> tuple[bytes, str]:
        """A file of ours; the script in a hurry."""
        answer = self.client.get(path)
        body = answer.data
        if path.startswith("/assets/wall.") and path.endswith(".js"):
            text = body.decode()
            for slow, fast in PACES:
                if slow not in text:
                    raise click.ClickException(f"the script says nothing of {slow}")
                text = text.replace(slow, fast)
            body = text.encode()
        return body, answer.content_type


class Answers(BaseHTTPRequestHandler):
    """One connection to the stub."""

    protocol_version = "HTTP/1.1"
    server: Stub

    def do_GET(self) -> None:
        """The page, a file, or a poll: unchanged and changed in turns."""
        if self.path == "/wall":
            self._send(200, self.server.page, "text/html; charset=utf-8")
        elif self.path.startswith("/wall/board"):
            while self.server.polls >= self.server.goal:
                time.sleep(0.01)
            self.server.polls += 1
            turn, changed = divmod(self.server.polls, 2)
            board = self.server.boards[turn % len(BOARDS)].encode() if changed else b""
            self._send(200 if changed else 304, board, "text/html; charset=utf-8")
        else:
            self._send(200, *self.server.asset(self.path))

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response_only(status)
        self.send_header("Date", formatdate(usegmt=True))
        if status != 304:
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its name there
        """Nothing: there are too many."""


@contextmanager
def stub() -> Iterator[Stub]:
    """The stub, answering."""
    with tempfile.TemporaryDirectory() as instance:
        server = Stub(create_app(read({"INSTANCE": instance, "DATABASE_URL": ""})))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def measure(client: CDPSession) -> dict[str, float]:
    """What the page holds after garbage collection."""
    for _ in range(3):
        client.send("HeapProfiler.collectGarbage")
    found = client.send("Performance.getMetrics")["metrics"]
    values = {one["name"]: one["value"] for one in found}
    return {name: values[name] for name in READ}


@click.command()
@click.option("--polls", type=click.IntRange(200), default=50_000, show_default=True)
@click.option("--early", type=click.IntRange(100), default=1000, show_default=True)
def main(polls: int, early: int) -> None:
    """Poll the wall so often, and compare what its browser holds with an early poll.

    Ends with an error if nodes or listeners grew, or the heap by a tenth.
    """
    with stub() as server, sync_playwright() as playwright, bar("Polls") as progress:
        browser = chromium.launch(playwright)
        page = browser.new_page(viewport={"width": 1920, "height": 1080})
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        client = page.context.new_cdp_session(page)
        client.send("Performance.enable")
        page.goto(f"http://127.0.0.1:{server.server_port}/wall")
        began = time.monotonic()
        figures = []
        for goal in (early, polls):
            # The same board at both, or more rows would look like growth.
            server.goal = goal - goal % (2 * len(BOARDS))
            while server.polls < server.goal:
                progress(f"{server.polls:,}", server.polls / polls)
                page.wait_for_timeout(100)
            page.wait_for_timeout(200)  # the last answer is on the screen
            figures.append(measure(client))
        took = time.monotonic() - began
        browser.close()
    before, after = figures
    click.echo(f"\n{polls:,} polls in {took:.0f} s, {len(faults)} errors of the script")
    for name in READ:
        click.echo(f"{name:<17} {before[name]:>12,.0f} {after[name]:>12,.0f}")
    grown = [name for name in READ[:2] if after[name] > before[name]]
    if after[READ[2]] > before[READ[2]] * MOST_HEAP:
        grown.append(READ[2])
    if grown or faults:
        raise click.ClickException(f"grown: {', '.join(grown) or 'nothing'}; {faults[:3]}")


if __name__ == "__main__":
    main()
