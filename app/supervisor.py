"""What `make run` starts: the board and the example pipeline, owned by one process.

Both run in sessions of their own, so that Ctrl-C reaches this process alone, which then stops
them in order: first the pipeline, while the board can still hear its last reports.
"""

import ctypes
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import flask_migrate
from flask import current_app

from app.access.keys import create_key, revoke_keys
from app.access.scopes import Scope
from app.access.sessions import create_link
from app.config import ROOT
from app.database import reading, writing
from app.ledger.projects import create_project
from app.queries.projects import list_projects
from app.times import now

HOST = "127.0.0.1"
KEY_NAME = "make run"
PROJECT_ID, PROJECT_NAME = "documents", "Documents"
START_PATIENCE = 30.0  # seconds until the board must answer
STOP_PATIENCE = 10.0  # seconds until a process that was asked to stop is killed
PR_SET_PDEATHSIG = 1


class _StopError(Exception):
    """Someone asked us to stop."""


def run(port: int, documents: str | None) -> int:
    """Start everything and stay until it ends or a signal comes; gives the exit code."""
    if not _is_free(port):
        print(f"Port {port} is taken. Choose another: make run PORT={port + 1}", file=sys.stderr)
        return 1
    if documents is not None and not os.path.isdir(documents):
        print(f"DOCS={documents} is not a folder.", file=sys.stderr)
        return 1
    _migrate()
    project_id, key, token = _prepare()
    url = f"http://{HOST}:{port}"
    try:
        with _signals_stop(), _owned(_board(), {"PORT": str(port)}, signal.SIGTERM) as board:
            if not _wait_until_it_answers(url, board):
                print("The board did not start; its messages are above.", file=sys.stderr)
                return 1
            print(f"Sign in: {url}/sign-in#{token}", flush=True)
            print(f"API key: {key}", flush=True)
            told = {"JOBWALL_URL": url, "JOBWALL_KEY": key, "JOBWALL_PROJECT": project_id}
            with _owned(_pipeline(documents), told, signal.SIGINT):
                board.wait()
            print(f"The board stopped by itself (exit code {board.returncode}).", file=sys.stderr)
            return 1
    except _StopError:
        print("\nStopped.", flush=True)
        return 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _migrate() -> None:
    logging.getLogger("alembic").setLevel(logging.WARNING)
    flask_migrate.upgrade()


def _prepare() -> tuple[str, str, str]:
    """The project to ingest into, a fresh key instead of the one printed before, a fresh link."""
    with reading() as connection:
        known = list_projects(connection)
    if not known:
        create_project(PROJECT_ID, name=PROJECT_NAME, mode="kg_vector", now=now())
    ids = [one.project_id for one in known] or [PROJECT_ID]
    project_id = PROJECT_ID if PROJECT_ID in ids else ids[0]
    with writing() as connection:
        revoke_keys(connection, now(), name=KEY_NAME)
        key = create_key(connection, name=KEY_NAME, scope=Scope.WRITE, now=now())
        token = create_link(connection, now())
    return project_id, key, token


def _board() -> list[str]:
    return [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:app"]


def _pipeline(documents: str | None) -> list[str]:
    graph = os.path.join(current_app.instance_path, "graph.db")
    command = [sys.executable, str(ROOT / "examples" / "ingest_documents.py"), "--graph", graph]
    return command + (["--documents", os.path.abspath(documents)] if documents else [])


@contextmanager
def _owned(
    command: list[str], told: dict[str, str], stop: signal.Signals
) -> Iterator[subprocess.Popen[bytes]]:
    """A process that ends with this block: asked by `stop`, killed where that does not help."""
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **told},
        stdin=subprocess.DEVNULL,
        start_new_session=True,
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


@contextmanager
def _signals_stop() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in handled:
            signal.signal(number, signal.SIG_IGN)  # one is enough: stopping takes its time
        raise _StopError

    handled = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in handled:
        signal.signal(number, stop)
    yield


def _wait_until_it_answers(url: str, board: subprocess.Popen[bytes]) -> bool:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline and board.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/healthz", timeout=2):  # noqa: S310  our own URL
                return True
        except OSError:
            time.sleep(0.1)
    return False
