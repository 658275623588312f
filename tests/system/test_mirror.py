"""One Jobwall follows another for real, killed again and again: both lists end up equal."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.kit import ROOT
from tests.kit.board import Board, served
from tests.kit.commands import JOBWALL
from tests.kit.databases import sqlite_only

pytestmark = sqlite_only  # tests/mirror/ follows on both engines

PATIENCE = 60  # s
PIPELINE = ROOT / "examples" / "ingest_documents.py"


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[Board]:
    settings = {"INSTANCE": str(tmp_path / "upstream")}
    command = [JOBWALL, "db", "upgrade"]
    subprocess.run(command, env=os.environ | settings, check=True, capture_output=True)
    with served(settings) as board:
        board.new_project("theirs", name="Their contracts", mode="vector_only")
        yield board


@pytest.fixture
def board(settings: dict[str, str]) -> Iterator[Board]:
    with served(settings | {"MIRROR_ALLOW": "127.0.0.1"}) as board:
        yield board


def add(board: Board, *words: str, key: str) -> subprocess.CompletedProcess[str]:
    command = [JOBWALL, "sources", "add", *words, "--key-file", "-"]
    how: dict[str, Any] = {"input": key, "capture_output": True, "text": True, "timeout": 60}
    return subprocess.run(command, check=False, env=board.environment, **how)


def start_mirror(board: Board) -> subprocess.Popen[bytes]:
    return subprocess.Popen([JOBWALL, "mirror"], env=board.environment, stdout=subprocess.DEVNULL)


def listed(board: Board, project_id: str) -> list[dict[str, Any]]:
    answer = requests.get(
        f"{board.url}/api/v1/projects/{project_id}/jobs?limit=1000",
        headers={"Authorization": f"Bearer {board.key}"},
        timeout=10,
    )
    return [{**job, "project_id": "-"} for job in answer.json()["jobs"]]


def ingest(upstream: Board, folder: Path) -> subprocess.Popen[bytes]:
    """The example pipeline, of one folder."""
    shutil.copytree(PIPELINE.parent / "documents", folder)
    environment = {
        "JOBWALL_URL": upstream.url,
        "JOBWALL_KEY": upstream.key,
        "JOBWALL_PROJECT": "theirs",
        "JOBWALL_SPOOL": str(folder.with_name("spool")),
    }
    options = ["--documents", str(folder), "--graph", str(folder.with_suffix(".db"))]
    return subprocess.Popen(
        [sys.executable, str(PIPELINE), *options, "--pace", "0.3"], env=os.environ | environment
    )


def test_both_lists_are_equal_at_the_end_though_the_mirror_is_killed(
    board: Board, upstream: Board, tmp_path: Path
) -> None:
    added = add(board, upstream.url, "theirs", "--project", "ours", key=upstream.key)
    assert added.returncode == 0, added.stderr
    pipeline, mirror = ingest(upstream, tmp_path / "documents"), start_mirror(board)
    try:
        for pause in (1.5, 0.7, 1.9):
            time.sleep(pause)
            mirror.kill()
            mirror.wait()
            mirror = start_mirror(board)
        assert pipeline.wait(PATIENCE) in {0, 1}  # some of the samples are broken
        ends, theirs = time.monotonic() + PATIENCE, listed(upstream, "theirs")
        assert len(theirs) > 5
        while listed(board, "ours") != theirs and time.monotonic() < ends:
            time.sleep(0.5)
        assert listed(board, "ours") == theirs
        mirror.send_signal(signal.SIGTERM)
        assert mirror.wait(10) == 0
    finally:
        for process in (pipeline, mirror):
            process.kill()
            process.wait()


def test_what_is_wrong_with_an_upstream_is_said_before_anything_is_kept(
    board: Board, upstream: Board, settings: dict[str, str]
) -> None:
    refused = add(board, upstream.url, "theirs", key="ib-wrong")
    assert (refused.returncode, "refuses the key (401)" in refused.stderr) == (1, True)
    unknown = add(board, upstream.url, "nothing", key=upstream.key)
    assert (unknown.returncode, "no such project" in unknown.stderr) == (1, True)
    board.settings = settings  # which allow no private address
    private = add(board, upstream.url, "theirs", key=upstream.key)
    assert (private.returncode, "no public address" in private.stderr) == (1, True)
    listing = [JOBWALL, "sources", "list"]
    said = subprocess.run(listing, check=True, env=board.environment, capture_output=True)
    assert not said.stdout
