"""The example pipeline as a person runs it: a process of its own against a live board."""

import os
import re
import select
import shutil
import signal
import socket
import socketserver
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import pytest
import requests
from ingest_documents import conclude, find_documents
from jobwall_reporter import Reporter
from pipeline.board import Board, BoardRefusedError
from pipeline.documents import SAMPLES, Document
from pipeline.graph import Graph
from pipeline.options import UnableError
from pipeline.reports import Reports
from pipeline.stop import Stop

SCRIPT = SAMPLES.parent / "ingest_documents.py"
COUNTS = {"chunks": "chunks_processed", "nodes": "nodes_created", "edges": "edges_created"}


class LiveBoard(Protocol):
    url: str
    key: str
    project: str


class Run:
    """A folder of documents, a graph file, and the script run on them."""

    def __init__(self, board: LiveBoard, tmp_path: Path) -> None:
        self.board = board
        # A name of its own, as other tests report to the same project.
        self.folder = tmp_path / f"documents-{uuid.uuid4().hex[:8]}"
        self.graph = tmp_path / "graph.db"
        shutil.copytree(SAMPLES, self.folder)
        self.started: list[subprocess.Popen[str]] = []

    def start(self, pace: float = 0, env: dict[str, str] | None = None) -> subprocess.Popen[str]:
        options = {
            "--pace": pace,
            "--workers": 2,
            "--documents": self.folder,
            "--graph": self.graph,
        }
        process = subprocess.Popen(
            [sys.executable, "-W", "error", str(SCRIPT)]
            + [str(part) for option in options.items() for part in option],
            env=os.environ
            | {
                "JOBWALL_URL": self.board.url,
                "JOBWALL_KEY": self.board.key,
                "JOBWALL_PROJECT": self.board.project,
                "JOBWALL_SPOOL": str(self.graph.with_name("spool")),
            }
            | (env or {}),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    def __call__(self) -> tuple[int, str, str]:
        return ended(self.start())

    def client(self, project: str | None = None) -> Board:
        return Board(self.board.url, project or self.board.project, self.board.key, Stop())

    def api(self, method: str, path: str, **more: Any) -> Any:
        answer = requests.request(
            method,
            f"{self.board.url}/api/v1/projects/{self.board.project}{path}",
            headers={"Authorization": f"Bearer {self.board.key}"},
            timeout=5,
            **more,
        )
        assert answer.ok, answer.text
        return answer.json()

    def jobs(self) -> list[dict[str, Any]]:
        """The jobs of this folder, as the board lists them page by page."""
        listed: list[dict[str, Any]] = []
        total = 1
        while len(listed) < total:
            page = self.api("GET", f"/jobs?limit=1000&offset={len(listed)}")
            listed, total = listed + page["jobs"], page["total"]
        return [job for job in listed if job["source_doc_id"].startswith(self.folder.name)]

    def open_jobs(self) -> set[str]:
        """The ids of the jobs that the graph file knows as open."""
        with closing(sqlite3.connect(self.graph)) as db:
            rows = db.execute("SELECT job_id FROM jobs WHERE status IN ('pending', 'running')")
            return {job_id for (job_id,) in rows}

    def jobs_once(self, condition: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """The jobs, as soon as one of them meets the condition."""
        deadline = time.monotonic() + 40
        while time.monotonic() < deadline:
            jobs = self.jobs()
            if any(map(condition, jobs)):
                return jobs
            time.sleep(0.1)
        raise AssertionError(f"never came true: {jobs}")

    def rows(self) -> dict[str, int]:
        with closing(sqlite3.connect(self.graph)) as db:
            return {
                table: db.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("nodes", "edges")
            }

    def assert_all_agree(self, stdout: str) -> dict[str, int]:
        """The done line, the rows and the sums on the board are the same; returns the figures."""
        *_, line = stdout.splitlines()
        assert re.fullmatch(r"done:( [a-z]+=\d+){6} graph=.+", line)
        assert line.endswith(f" graph={self.graph}")
        figures = {name: int(n) for name, n in re.findall(r"(\w+)=(\d+)(?= )", line)}
        jobs = self.jobs()
        assert {name: sum(job[field] for job in jobs) for name, field in COUNTS.items()} == {
            name: figures[name] for name in COUNTS
        }
        assert self.rows() == {name: figures[name] for name in ("nodes", "edges")}
        assert figures["documents"] == len({job["source_doc_id"] for job in jobs})
        for status in ("completed", "failed"):
            assert figures[status] == sum(job["status"] == status for job in jobs)
        return figures


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    stdout, stderr = process.communicate(timeout=30)
    return process.returncode, stdout, stderr


def has_progress(job: dict[str, Any]) -> bool:
    return job["status"] == "running" and bool(job["chunks_processed"])


@pytest.fixture
def run(live_board: LiveBoard, tmp_path: Path) -> Iterator[Run]:
    made = Run(live_board, tmp_path)
    yield made
    for process in made.started:
        if process.poll() is None:
            process.kill()
            process.communicate()


def test_figures_agree_over_all_runs_and_unchanged_documents_are_skipped(run: Run) -> None:
    status, stdout, stderr = run()
    assert (status, stderr) == (0, "")
    first = run.assert_all_agree(stdout)
    assert (first["documents"], first["completed"], first["failed"]) == (6, 3, 3)
    assert min(first.values()) > 0
    assert {job["error_message"] for job in run.jobs()} == {
        None,
        "The PDF is encrypted and needs a password",
        "The PDF holds no text (2 pages of images or drawings)",
        "Broken PDF: Stream has ended unexpectedly",
    }

    # The broken download is replaced by a complete file: one document is done, as a new job.
    shutil.copy(run.folder / "kg-handbook.pdf", run.folder / "broken-download.pdf")
    status, stdout, _ = run()
    assert status == 0
    assert "6 documents, 1 of them new or changed" in stdout
    second = run.assert_all_agree(stdout)
    assert (second["completed"], second["failed"]) == (4, 3)
    assert second["chunks"] > first["chunks"]
    assert second["nodes"] == first["nodes"], "the graph knew all of it from the other file"


def test_a_disagreement_with_the_board_is_said_and_fails(
    run: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    with closing(Graph(run.graph)) as graph, closing(run.client()) as board:
        graph.belong_to(board.project())
        reporter = Reporter(run.board.url, run.board.key, run.board.project, spool=str(tmp_path))
        reports = Reports(graph, reporter)
        (job,) = graph.queue([Document(f"{run.folder.name}/a.txt", Path("a.txt"), "1")])
        graph.start(job.job_id)
        graph.add_chunk(job.job_id, ["edge"], [])
        graph.finish(job.job_id)
        reports.send_the_rest(Stop())
        reporter.close()
        assert graph.unreported() == []
        shown = run.api("GET", f"/jobs/{job.job_id}")
        told = graph.job(job.job_id)
        for field in ("started_at", "completed_at"):
            assert shown[field] == getattr(told, field)
        assert conclude(graph, board) == 0
        assert capsys.readouterr().out.startswith("done: documents=1 completed=1 failed=0")

        more = {"nodes_created": 77, "attempt": 1}
        run.api("PATCH", f"/jobs/{job.job_id}", json=more)
        assert conclude(graph, board) == 1
    assert capsys.readouterr().out == ""
    assert f"{job.job_id}: nodes_created is 77 on the board and 1 in the graph file" in caplog.text


@pytest.mark.slow
def test_stopped_it_reports_its_open_jobs_as_interrupted(run: Run) -> None:
    process = run.start(pace=0.8)
    before = run.jobs_once(has_progress)
    assert len(before) == 6
    assert any(job["status"] == "pending" for job in before)
    process.send_signal(signal.SIGTERM)
    asked = time.monotonic()
    status, stdout, stderr = ended(process)
    assert status == 128 + signal.SIGTERM
    assert time.monotonic() - asked < 4
    assert "open jobs are reported as interrupted" in stderr
    assert "done:" not in stdout
    after = run.jobs()
    assert {job["status"] for job in after} <= {"completed", "failed"}
    interrupted = [job for job in after if job["error_message"] == "interrupted"]
    assert any(job["chunks_processed"] for job in interrupted), "partial counts are kept"
    assert sum(job["nodes_created"] for job in after) == run.rows()["nodes"]
    assert sum(job["edges_created"] for job in after) == run.rows()["edges"]


@pytest.mark.slow
def test_after_a_kill_the_next_run_closes_what_was_open_and_does_it_anew(run: Run) -> None:
    process = run.start(pace=8)
    run.jobs_once(has_progress)
    assert "Another run is using" in run()[2]
    process.kill()
    ended(process)
    # By the graph file: the board may not have heard the last word of a job that had ended.
    left = run.open_jobs()
    assert left
    status, stdout, stderr = run()
    assert (status, stderr) == (0, "")
    figures = run.assert_all_agree(stdout)
    assert figures["documents"] == 6
    assert figures["completed"] == 3
    for job in run.jobs():
        assert (job["error_message"] == "interrupted") == (job["job_id"] in left)


@pytest.mark.slow
def test_a_board_that_is_away_holds_up_nothing_and_misses_nothing(run: Run) -> None:
    with closed_gate(run.board.url) as gate:
        process = run.start(pace=0.5, env={"JOBWALL_URL": gate.url})
        assert gate.has_refused.wait(60)
        gate.is_open.set()
        run.jobs_once(has_progress)
        gate.is_open.clear()
        gate.has_refused.clear()
        assert gate.has_refused.wait(60)
        gate.is_open.set()
        status, stdout, stderr = ended(process)
    assert status == 0
    assert "No answer from" in stderr  # at its start it asks itself
    assert "does not answer" in stderr
    assert stderr.count("answers again") == 2
    assert len(stderr.splitlines()) == 4
    run.assert_all_agree(stdout)


def test_what_the_board_refuses_is_explained(run: Run) -> None:
    wrong_key = run.start(env={"JOBWALL_KEY": "ib-no-such-key"})
    assert ended(wrong_key) == (
        1,
        "",
        "The board does not know this key (401): set JOBWALL_KEY to a valid one\n",
    )
    with (
        closing(run.client(project="no-such-project")) as board,
        pytest.raises(BoardRefusedError, match="has no project 'no-such-project'"),
    ):
        board.project()
    assert run.jobs() == []


def test_without_documents_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(UnableError, match="No documents in"):
        find_documents(tmp_path)
    with pytest.raises(UnableError, match="There is no folder"):
        find_documents(tmp_path / "gone")


class Gate(socketserver.ThreadingTCPServer):
    """Passes connections on to the board while it is open, and breaks them while it is not."""

    daemon_threads = True

    def __init__(self, url: str) -> None:
        super().__init__(("127.0.0.1", 0), PassOn)
        self.board = (urlsplit(url).hostname, urlsplit(url).port)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self.is_open, self.has_refused = threading.Event(), threading.Event()


class PassOn(socketserver.BaseRequestHandler):
    server: Gate

    def handle(self) -> None:
        if not self.server.is_open.is_set():
            self.server.has_refused.set()
            return
        with socket.create_connection(self.server.board) as board, suppress(ConnectionError):
            other = {self.request: board, board: self.request}
            while self.server.is_open.is_set():
                for ready in select.select(list(other), [], [], 0.05)[0]:
                    data = ready.recv(65536)
                    if not data:
                        return
                    other[ready].sendall(data)


@contextmanager
def closed_gate(url: str) -> Iterator[Gate]:
    with Gate(url) as gate:
        thread = threading.Thread(target=gate.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield gate
        finally:
            gate.is_open.clear()
            gate.shutdown()
            thread.join()
