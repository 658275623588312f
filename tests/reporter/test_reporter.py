"""The reporter against a real board: what a pipeline tells it arrives, whatever is in the way."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from jobwall_reporter import Reporter
from jobwall_reporter.outbox import Outbox

from tests.kit import ROOT
from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.moody import AWAY, HANG, PASS, Moody, moody
from tests.kit.reports import attempt_of, get

pytestmark = sqlite_only  # what a client does not depend on the engine


@pytest.fixture
def before(live_board: Board) -> Iterator[Moody]:
    with moody(live_board.url) as server:
        yield server


@pytest.fixture
def board(live_board: Board) -> Board:
    live_board.project = live_board.new_project(f"reporter-{next(live_board.numbers)}")
    return live_board


@pytest.fixture
def reporter(board: Board, before: Moody, tmp_path: Path) -> Iterator[Reporter]:
    made = Reporter(before.url, board.key, board.project, spool=str(tmp_path))
    yield made
    made.close()


def jobs(board: Board) -> dict[str, dict[str, object]]:
    """All jobs of the project, by document."""
    return {job["source_doc_id"]: job for job in get(board, "?limit=1000")["jobs"]}


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def eventually(check, patience: float = 20) -> None:
    until = time.monotonic() + patience
    while not check():
        assert time.monotonic() < until
        time.sleep(0.05)


def fail_in_two_steps() -> None:
    try:
        raise KeyError("root")
    except KeyError as error:
        raise RuntimeError("above") from error


def test_what_a_block_does_is_on_the_board(
    board: Board, reporter: Reporter, tmp_path: Path
) -> None:
    with reporter.job("a.pdf") as job:
        job.add(chunks=1, nodes=2, edges=3, of=2)
        job.add(chunks=1, nodes=2)
    with pytest.raises(RuntimeError, match="above"), reporter.job("b.pdf"):
        fail_in_two_steps()
    open_job = reporter.start("c.pdf")
    reporter.waiting("d.pdf")
    assert reporter.flush()
    found = jobs(board)
    done, failed = found["a.pdf"], found["b.pdf"]
    counts = ("chunks_processed", "nodes_created", "edges_created")
    assert (done["status"], *(done[name] for name in counts)) == ("completed", 2, 4, 3)
    assert failed["status"] == "failed"
    message = failed["error_message"]
    assert message.index("KeyError: 'root'") < message.index("RuntimeError: above")
    assert (found["c.pdf"]["status"], found["d.pdf"]["status"]) == ("running", "pending")
    open_job.complete()
    open_job.fail("too late")
    reporter.close()
    assert jobs(board)["c.pdf"]["status"] == "completed"
    assert files(tmp_path) == []


def test_what_is_told_later_has_the_times_at_which_it_was(board: Board, reporter: Reporter) -> None:
    noon = datetime(2026, 11, 1, 12, tzinfo=UTC)
    job = reporter.job("a.pdf", created_at=noon).start(at=noon + timedelta(minutes=1))
    job.fail("then", at=noon.timestamp() + 120)
    assert reporter.flush()
    told = jobs(board)["a.pdf"]
    assert told["started_at"] == "2026-11-01T12:01:00Z"
    assert told["completed_at"] == "2026-11-01T12:02:00Z"


def test_loops_and_functions_are_tracked(board: Board, reporter: Reporter) -> None:
    for path, job in reporter.track([Path("x/1.md"), Path("x/2.md")]):
        job.add(chunks=len(str(path)))

    @reporter.tracked(lambda name, **_: f"sync/{name}")
    def read(name: str, *, fails: bool = False) -> str:
        if fails:
            raise ValueError("unreadable")
        return name.upper()

    @reporter.tracked(key=lambda name: f"async/{name}")
    async def fetch(name: str) -> str:
        await asyncio.sleep(0)
        return name

    assert read("a") == "A"
    with pytest.raises(ValueError, match="unreadable"):
        read("b", fails=True)
    assert asyncio.run(fetch("c")) == "c"

    async def block() -> None:
        async with reporter.job("async/d") as job:
            job.update(chunks=3, of=3)

    asyncio.run(block())
    assert reporter.flush()
    statuses = {name: job["status"] for name, job in jobs(board).items()}
    assert statuses.pop("sync/b") == "failed"
    assert set(statuses) == {"x/1.md", "x/2.md", "sync/a", "async/c", "async/d"}
    assert set(statuses.values()) == {"completed"}


def test_under_one_id_the_attempt_rises(
    board: Board, before: Moody, reporter: Reporter, tmp_path: Path
) -> None:
    for fails in (True, True, False):
        with suppress(ValueError), reporter.job("n.pdf", job_id="nightly"):
            if fails:
                raise ValueError("not yet")
    assert reporter.flush()
    assert attempt_of(board, "nightly") == 3
    assert sum(asked.startswith("GET") for asked in before.asked) == 1
    reporter.close()
    another = Reporter(before.url, board.key, board.project, spool=str(tmp_path))
    another.start("n.pdf", job_id="nightly")
    assert another.flush()
    assert attempt_of(board, "nightly") == 4
    another.start("n.pdf", job_id="given", attempt=7).complete()
    another.close()
    assert attempt_of(board, "given") == 7


@pytest.mark.parametrize("mood", [500, 401, 429, 503, HANG, AWAY])
def test_what_a_board_does_not_take_waits_and_is_sent_by_the_next_run(
    board: Board, before: Moody, tmp_path: Path, caplog: pytest.LogCaptureFixture, mood: int | None
) -> None:
    before.headers = {"Retry-After": "1"}
    before.take(mood)
    caplog.set_level(logging.WARNING, "jobwall_reporter")
    first = Reporter(before.url, board.key, board.project, spool=str(tmp_path))
    for number in range(30):
        with first.job(f"{number}.pdf", job_id=f"j{number}") as job:
            job.add(chunks=number)
    began = time.monotonic()
    first.close()
    assert time.monotonic() - began < 4, "it may hold a pipeline's end for two seconds"
    assert len(caplog.messages) <= 2, caplog.messages
    assert files(tmp_path) and all(path.stat().st_mode & 0o077 == 0 for path in files(tmp_path))
    assert jobs(board) == {}
    assert (first.refusal is not None) == (mood == 401)
    before.take(PASS)
    second = Reporter(before.url, board.key, board.project, spool=str(tmp_path))
    with second.job("0.pdf", job_id="j0"):
        pass
    eventually(lambda: len(jobs(board)) == 30)
    second.close()
    assert {job["chunks_processed"] for name, job in jobs(board).items() if name != "0.pdf"} == {
        *range(1, 30)
    }
    assert attempt_of(board, "j0") == 2, "what was left ran before"
    assert attempt_of(board, "j1") == 1
    assert files(tmp_path) == []


def test_who_waits_for_a_board_that_is_away_does_not_spin(
    board: Board, before: Moody, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before.take(AWAY)
    rounds = []
    keep = Outbox._keep
    monkeypatch.setattr(Outbox, "_keep", lambda self: (rounds.append(1), keep(self)))
    reporter = Reporter(before.url, board.key, board.project, spool=str(tmp_path))
    reporter.start("a.pdf").complete()
    assert not reporter.flush(1.0)
    reporter.close()
    assert 2 <= len(rounds) <= 70, "twenty a second at most"


def test_one_item_that_is_refused_is_told_once_and_keeps_nothing_back(
    board: Board, reporter: Reporter, caplog: pytest.LogCaptureFixture
) -> None:
    reporter.start("x" * 2000)
    reporter.start("good.pdf")
    assert reporter.flush()
    assert list(jobs(board)) == ["good.pdf"]
    [told] = [message for message in caplog.messages if "refused" in message]
    assert "1,024 characters" in told


PIPELINE = """
import sys, time
from jobwall_reporter import Reporter
from jobwall_reporter.outbox import Outbox
jobwall = Reporter()
with jobwall.job("first.pdf") as job:
    job.add(chunks=1)
jobwall.start("second.pdf").add(chunks=5)
time.sleep(1.5)
print("told", flush=True)
time.sleep(60)
"""


def test_a_killed_process_loses_a_second_at_most(
    board: Board, before: Moody, tmp_path: Path
) -> None:
    before.mood = HANG
    environment = {
        **os.environ,
        "JOBWALL_URL": before.url,
        "JOBWALL_KEY": board.key,
        "JOBWALL_PROJECT": board.project,
        "JOBWALL_SPOOL": str(tmp_path),
        "PYTHONPATH": str(ROOT / "reporter"),
    }
    words = [sys.executable, "-c", PIPELINE]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    before.over.set()
    before.mood = PASS
    again = Reporter(before.url, board.key, board.project, spool=str(tmp_path))
    again.start("third.pdf")
    eventually(lambda: len(jobs(board)) == 3)
    again.close()
    found = jobs(board)
    assert found["first.pdf"]["status"] == "completed"
    assert (found["second.pdf"]["status"], found["second.pdf"]["chunks_processed"]) == (
        "running",
        5,
    )


def test_a_child_reports_what_it_does_and_nothing_twice(board: Board, reporter: Reporter) -> None:
    with reporter.job("parent.pdf") as job:
        job.add(chunks=1)
        child = os.fork()
        if child == 0:
            try:
                with reporter.job("child.pdf") as own:
                    own.add(chunks=2)
                reporter.flush()
                os._exit(0)
            except BaseException:
                os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    assert reporter.flush()
    found = jobs(board)
    assert {name: job["status"] for name, job in found.items()} == {
        "parent.pdf": "completed",
        "child.pdf": "completed",
    }
