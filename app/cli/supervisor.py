"""What `jobwall demo` starts: the board and the example pipeline, owned by one process.

Both run in sessions of their own, so that Ctrl-C reaches this process alone, which then stops
them in order: first the pipeline, while the board can still hear its last reports.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from flask import current_app

from app.access.keys import create_key, revoke_keys
from app.access.scopes import Scope
from app.access.sessions import create_link
from app.cli import migrations
from app.cli.listening import SERVER_ENVIRONMENT, listen, server_command, url_of
from app.clock import now
from app.config import ROOT, path_prefix
from app.ledger.projects import create_project
from app.queries.projects import get_project
from app.store.database import reading, writing

HOST = "127.0.0.1"
KEY_NAME = "demo"
PROJECT_ID, PROJECT_NAME = "documents", "Documents"
START_PATIENCE = 30.0  # seconds until the board must answer
STOP_PATIENCE = 10.0  # seconds until a process that was asked to stop is killed
LOOK_EVERY = 0.1
PR_SET_PDEATHSIG = 1


class Stop:
    """Whether someone asked us to stop.

    The handler only takes note: an exception raised in it can land where Python swallows it.
    """

    def __init__(self) -> None:
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def run(port: int, documents: Path | None) -> int:
    """Start everything and stay until it ends or a signal comes; gives the exit code."""
    listener = listen(HOST, port)
    migrations.upgrade()
    project_id, key, token = _prepare()
    url = url_of(listener, HOST) + path_prefix()
    stop = Stop()
    inherited = [listener.fileno()]
    command = server_command(listener)
    with owned(command, SERVER_ENVIRONMENT, signal.SIGTERM, inherited) as board:
        listener.close()  # with the board's own, the port is free again
        if not _wait_until_it_answers(url, board, stop):
            if not stop.asked:
                print("The board did not start; its messages are above.", file=sys.stderr)
            return 0 if stop.asked else 1
        print(f"Sign in: {url}/sign-in#{token}", flush=True)
        print(f"API key: {key}", flush=True)
        environment = {"JOBWALL_URL": url, "JOBWALL_KEY": key, "JOBWALL_PROJECT": project_id}
        environment |= _surroundings()
        with owned(_pipeline(documents), environment, signal.SIGINT) as pipeline:
            while not stop.asked and board.poll() is None:
                pipeline.poll()  # so that one that is done does not stay a zombie
                time.sleep(LOOK_EVERY)
    if stop.asked:
        print("\nStopped.", flush=True)
        return 0
    print(f"The board stopped by itself (exit code {board.returncode}).", file=sys.stderr)
    return 1


def _prepare() -> tuple[str, str, str]:
    """The project to ingest into, a fresh key instead of the one printed before, a fresh link."""
    with reading() as connection:
        known = get_project(connection, PROJECT_ID)
    if known is None:
        create_project(PROJECT_ID, name=PROJECT_NAME, mode="kg_vector", now=now())
    with writing() as connection:
        revoke_keys(connection, now(), name=KEY_NAME)
        key = create_key(connection, name=KEY_NAME, scope=Scope.WRITE, now=now()).text
        token = create_link(connection, now())
    return PROJECT_ID, key, token


def _surroundings() -> dict[str, str]:
    """Where the pipeline finds the reporter, which may not be installed, and its spool."""
    ours = dict(os.environ)
    places = [str(ROOT / "reporter"), ours.get("PYTHONPATH", "")]
    return {
        "NO_PROXY": HOST,
        "PYTHONPATH": os.pathsep.join(filter(None, places)),
        "JOBWALL_SPOOL": os.path.join(current_app.instance_path, "spool"),
    }


def _pipeline(documents: Path | None) -> list[str]:
    graph = os.path.join(current_app.instance_path, "graph.db")
    command = [sys.executable, str(ROOT / "examples" / "ingest_documents.py"), "--graph", graph]
    return command + (["--documents", str(documents.absolute())] if documents else [])


@contextmanager
def owned(
    command: list[str],
    environment: dict[str, str],
    stop: signal.Signals,
    inherited: Collection[int] = (),
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with this block: asked by `stop`, killed where that does not help."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
        pass_fds=inherited,
        preexec_fn=_die_with_parent,  # noqa: PLW1509  this process has one thread
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(stop)
        try:
            process.wait(STOP_PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _die_with_parent() -> None:
    """On Linux, have the kernel stop this child should its owner be killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait_until_it_answers(url: str, board: subprocess.Popen[bytes], stop: Stop) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START_PATIENCE
    while not stop.asked and time.monotonic() < deadline and board.poll() is None:
        try:
            with direct.open(f"{url}/healthz", timeout=2):
                return True
        except OSError:
            time.sleep(LOOK_EVERY)
    return False
