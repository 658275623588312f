"""The faults, each a block for whose length it is caused; everybody else is around it."""

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass

import psycopg

from bench.chaos.deaths import again_and_again, connections, database, server, worker
from bench.chaos.others import Headers, Heard, ask
from bench.chaos.scene import THEIRS, Scene
from bench.databases import MAIN

Fault = Callable[[Scene], AbstractContextManager[Heard | None]]
"""Gives what those were told who cause it, where they ask something."""

HOLDER = """
import fcntl, sys, time
with open(sys.argv[1], "a") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print(flush=True)
    time.sleep(600)
"""


@contextmanager
def nothing(_scene: Scene) -> Iterator[None]:
    """No fault: what everybody has on a good day."""
    yield None


@contextmanager
def _asked(number: int, one: Callable[[], tuple[int, bytes]]) -> Iterator[Heard]:
    """So many who ask, each again as soon as they are answered."""
    heard, ended = Heard(), threading.Event()

    def go_on() -> None:
        while not ended.is_set():
            began = time.monotonic()
            status, _ = one()
            heard.note(status, time.monotonic() - began)
            if status != 200:
                ended.wait(0.1)

    threads = [threading.Thread(target=go_on, daemon=True) for _ in range(number)]
    for thread in threads:
        thread.start()
    try:
        yield heard
    finally:
        ended.set()
        for thread in threads:
            thread.join(60)


@contextmanager
def hostile_searches(scene: Scene) -> Iterator[Heard]:
    """14 who search for 39 words that are in every line but for their ends."""
    words = "+".join("ab" * 12 + letter for letter in "cdefghijklmnopqrstuvwxyz0123456789CDEFG")
    path = f"/api/v1/projects/{MAIN}/jobs?q={words[:1000]}"
    with _asked(14, lambda: ask(scene.server.port, "GET", path, scene.reader)) as heard:
        yield heard


HOSTILE = ("a" * 300, "/a" * 150, "a." * 150, "a-1" * 100, '"' * 300, "1a" * 150, "(" * 300)
"""Errors that folding may find hard."""


@contextmanager
def hostile_bulks(scene: Scene) -> Iterator[Heard]:
    """Two who report a thousand failures at once, whose errors are hard to fold."""
    path = f"/api/v1/projects/{MAIN}/jobs/bulk"
    headers: Headers = {**scene.writer, "Content-Type": "application/json"}
    rng = random.Random(7)

    def one() -> tuple[int, bytes]:
        jobs = [
            {
                "job_id": f"bulk-{rng.getrandbits(64)}",
                "source_doc_id": f"d{n}",
                "status": "failed",
                "error_message": rng.choice(HOSTILE)[:280] + f" {rng.getrandbits(48):x}",
            }
            for n in range(1000)
        ]
        return ask(scene.server.port, "POST", path, headers, json.dumps({"jobs": jobs}).encode())

    with _asked(2, one) as heard:
        yield heard


@contextmanager
def locked_project(scene: Scene) -> Iterator[None]:
    """Somebody holds the row of the project to which all others report."""
    url = scene.settings["DATABASE_URL"].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("SELECT * FROM projects WHERE project_id = %s FOR UPDATE", (THEIRS,))
        yield None
        connection.rollback()


@contextmanager
def frozen_server(scene: Scene) -> Iterator[None]:
    """PostgreSQL is stopped as it is, and refuses nothing."""
    pids = scene.databases.postgres_pids()
    try:
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        yield None
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@contextmanager
def foreign_writer(scene: Scene) -> Iterator[None]:
    """Another program writes to the SQLite file, and does not end."""
    with closing(sqlite3.connect(scene.store, isolation_level=None)) as connection:
        connection.execute("PRAGMA busy_timeout = 60000")
        connection.execute("BEGIN IMMEDIATE")
        yield None
        connection.execute("ROLLBACK")


@contextmanager
def stopped_writer(scene: Scene) -> Iterator[None]:
    """A process is stopped while it has the turn to write."""
    command = [sys.executable, "-c", HOLDER, f"{scene.store}.lock"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError("the lock file is not to be had")
            process.send_signal(signal.SIGSTOP)
            yield None
        finally:
            process.kill()


@contextmanager
def idle_clients(scene: Scene) -> Iterator[None]:
    """200 connections are silent, 64 send half a head or body, 40 take nothing of an export.

    Who is sent away comes again at once.
    """
    key = "".join(f"{name}: {value}\r\n" for name, value in scene.writer.items())
    post = f"POST /api/v1/projects/{THEIRS}/jobs HTTP/1.1\r\nHost: board\r\n{key}"
    export = f"GET /projects/{MAIN}/jobs.csv HTTP/1.1\r\nHost: board\r\nCookie: "
    export += f"{scene.person['Cookie']}\r\n\r\n"
    half = f"{post}Content-Type: application/json\r\nContent-Length: 90\r\n\r\n{{"
    said = [""] * 200 + [post] * 32 + [half] * 32 + [export] * 40
    ended = threading.Event()

    def again(words: list[str]) -> None:
        with ExitStack() as stack:
            clients: list[socket.socket | None] = [None] * len(words)
            while not ended.wait(0.5):
                for place, client in enumerate(clients):
                    if client is not None and not _is_gone(client):
                        continue
                    with suppress(OSError):
                        new = socket.create_connection(("127.0.0.1", scene.server.port), 5)
                        stack.enter_context(new)
                        new.sendall(words[place].encode())
                        clients[place] = new

    thread = threading.Thread(target=again, args=(said,), daemon=True)
    thread.start()
    try:
        yield None
    finally:
        ended.set()
        thread.join(30)


def _is_gone(client: socket.socket) -> bool:
    """Whether the board has closed it; what it has sent is not taken."""
    client.setblocking(False)
    try:
        return client.recv(1, socket.MSG_PEEK) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True


def _command(*words: str) -> Fault:
    @contextmanager
    def fault(scene: Scene) -> Iterator[None]:
        process = scene.command(*words)
        try:
            yield None
        finally:
            with suppress(subprocess.TimeoutExpired):
                process.wait(120)
            process.kill()

    return fault


FAULTS: dict[str, tuple[str, Fault]] = {
    "nothing": ("both", nothing),
    "hostile searches": ("both", hostile_searches),
    "hostile bulks": ("both", hostile_bulks),
    "locked project": ("postgresql", locked_project),
    "frozen server": ("postgresql", frozen_server),
    "foreign writer": ("sqlite", foreign_writer),
    "stopped writer": ("sqlite", stopped_writer),
    "idle clients": ("both", idle_clients),
    "rebuild": ("both", _command("rebuild")),
    "prune": ("both", _command("prune", "--older-than", "1d", "--yes")),
    "30 workers killed": ("both", again_and_again(worker, 30)),
    "board killed 5 times": ("both", again_and_again(server, 5)),
    "20 times no connection": ("postgresql", again_and_again(connections, 20)),
    "database killed 5 times": ("postgresql", again_and_again(database, 5)),
    "backup": ("sqlite", _command("backup", "--force", "{folder}/backup.db")),
}
"""Every fault by its name, and the engine on which there is such a thing."""


@dataclass(frozen=True)
class Outcome:
    """What became of the reports of everybody else, in numbers, and how late all of them were told.

    `stored` of the `refused` were stored nevertheless. `own` is what those heard who caused the
    fault; `wrong` what `jobwall verify` found, empty if nothing.
    """

    acknowledged: int
    lost: int
    refused: int
    stored: int
    doubtful: int
    heard: Mapping[str, Heard]
    own: Heard | None
    wrong: str


def cause(scene: Scene, fault: Fault, seconds: float) -> Outcome:
    """Cause a fault for so long while everybody asks and reports, and look what became of it."""
    others = scene.others()
    with others.around():
        time.sleep(1)
        with fault(scene) as own:
            time.sleep(seconds)
        time.sleep(1)
    there = scene.stored(others.acknowledged + others.refused)
    return Outcome(
        len(others.acknowledged),
        sum(one not in there for one in others.acknowledged),
        len(others.refused),
        sum(one in there for one in others.refused),
        len(others.doubtful),
        others.heard,
        own,
        scene.wrong(),
    )
