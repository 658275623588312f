"""Every way to report that the board's page and the guide tell, copied into a terminal for real."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from app.rules.ways import WAYS, Way
from tests.kit.board import Board, served
from tests.kit.databases import sqlite_only
from tests.kit.newcomer import Newcomer
from tests.kit.ports import free_port
from tests.kit.reports import attempt_of, get

MOST_LINES = 10
REDIS = "redis://127.0.0.1"
PIPELINES = Path(__file__).with_name("adapters") / "pipelines"


class Outcome(NamedTuple):
    """What comes of a way: its library, its jobs (document, status, chunks), tries of the last."""

    library: str
    jobs: list[tuple[str, str, int]]
    attempts: int = 1
    error: str | None = None


LEASE = "lease.pdf"
FAILED = [(LEASE, "failed", 0)]
COMPLETED = [(LEASE, "completed", 0)]
MISSING = "No such file or directory"
OUTCOMES = {
    "python": Outcome("", [("contracts/lease.pdf", "completed", 3)]),
    "cron": Outcome("", [("nightly", "completed", 0), ("nightly", "failed", 0)]),
    "curl": Outcome("", [("handbook.pdf", "completed", 40)]),
    "celery": Outcome("celery", FAILED, 3, MISSING),
    "dramatiq": Outcome("dramatiq", FAILED, 3, MISSING),
    "rq": Outcome("rq", FAILED, 3, MISSING),
    "langchain": Outcome("langchain-core", [(LEASE, "completed", 6)]),
    "llama-index": Outcome("llama-index-core", [(LEASE, "completed", 12)]),
    "haystack": Outcome("haystack-ai", [(LEASE, "completed", 1)]),
    "lightrag": Outcome("lightrag-hku", [("lease.txt", "completed", 1)]),
    "docling": Outcome("docling", [("lease.md", "completed", 0)]),
    "prefect": Outcome("prefect", FAILED, 2, MISSING),
    "dagster": Outcome("dagster", FAILED, 1, MISSING),
    "spark": Outcome("openlineage-python", COMPLETED),
    "openlineage": Outcome("openlineage-python", COMPLETED),
}
ELSEWHERE = ("airflow", "dbt")
"""What needs a DAG, or models: tests/sources/test_clients.py has them, and follows these ways."""

AFTERWARDS = {"lightrag": "-m lightrag_app lease.txt"}
"""What is run of theirs where a way says only what must stand in it."""

STAND_INS = {"spark-submit": "spark_app"}
"""Programs that read what they are given, and send a run as these would."""


@pytest.fixture
def redis() -> Iterator[str]:
    """Where a Redis is, for this test alone."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("there is no redis-server")
    port = free_port()
    words = [program, "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    yield f"redis://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@pytest.fixture
def board(live_board: Board) -> Board:
    live_board.project = live_board.new_project(f"way-{next(live_board.numbers)}")
    return live_board


def jobs_of(board: Board) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = get(board, "?limit=100")["jobs"]
    return sorted(found, key=lambda job: (job["source_doc_id"], job["status"]))


def told(board: Board) -> list[tuple[str, str, int]]:
    return [
        (job["source_doc_id"], job["status"], job["chunks_processed"]) for job in jobs_of(board)
    ]


def newcomer_of(way: Way, board: Board, folder: Path, words: dict[str, str]) -> Newcomer:
    someone = Newcomer(board, folder, OUTCOMES[way.name].library, words)
    someone.environment["PYTHONPATH"] = str(PIPELINES)
    for program, module in STAND_INS.items():
        script = someone.python.with_name(program)
        script.write_text(f'#!/bin/sh\nexec "{someone.python}" -m {module} "$@"\n')
        script.chmod(0o755)
    return someone


@sqlite_only  # what a client does not depend on the engine
@pytest.mark.parametrize("name", [name for name in WAYS if name not in ELSEWHERE])
def test_a_way_does_what_it_says(
    name: str, board: Board, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    way, outcome = WAYS[name], OUTCOMES[name]
    words = {"/opt/ingest/nightly.sh": "true"}
    if any(REDIS in block.text for block in way.blocks):
        words[REDIS] = request.getfixturevalue("redis")
    someone = newcomer_of(way, board, tmp_path, words)
    for file in ("lease.md", "lease.txt"):
        (tmp_path / file).write_text("# A lease\n\n" + "Some words of it. " * 20)

    def done() -> bool:
        jobs = jobs_of(board)
        tries = bool(jobs) and attempt_of(board, jobs[-1]["job_id"]) == outcome.attempts
        return tries and told(board) == outcome.jobs

    said = someone.follow(way, done)
    if name in AFTERWARDS:
        said += someone.run([str(someone.python), *AFTERWARDS[name].split()], done)
    assert done(), f"{told(board)}\n{said}"
    if outcome.error:
        assert outcome.error in jobs_of(board)[-1]["error_message"]


@sqlite_only
@pytest.mark.parametrize("name", ["python", "spark", "openlineage"])
def test_a_board_below_a_path_is_reported_to_as_well(
    name: str, settings: dict[str, str], tmp_path: Path
) -> None:
    with served({**settings, "PATH_PREFIX": "/ingest/board"}) as board:
        board.project = board.new_project("documents")
        someone = newcomer_of(WAYS[name], board, tmp_path, {})
        said = someone.follow(WAYS[name], lambda: False)
        assert told(board) == OUTCOMES[name].jobs, said


def test_a_way_has_ten_lines_at_most_beside_its_installation() -> None:
    for way in WAYS.values():
        code = [block for block in way.blocks if not block.text.startswith("pip install")]
        lines = [line for block in code or way.blocks for line in block.text.splitlines() if line]
        assert len(lines) <= MOST_LINES, way.name
