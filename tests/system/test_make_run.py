"""`make run` and `make serve` in a fresh clone: a board, real documents and failures, an end."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from tests.kit.ports import free_port

DONE = re.compile(
    r"done: documents=(\d+) completed=(\d+) failed=(\d+) chunks=(\d+) nodes=(\d+) edges=(\d+) "
    r"graph=(\S+)"
)


class Run:
    """`make` in a clone, with its output in a file."""

    def __init__(self, clone: Path, port: int, *words: str) -> None:
        self.clone = clone
        self.port = port
        self.log = clone.parent / f"output-{time.monotonic_ns()}"
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                ["make", *words, f"PORT={port}"],
                cwd=clone,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in os.environ.items() if name != "INSTANCE"},
                start_new_session=True,
            )

    def wait_for(self, pattern: str | re.Pattern[str], seconds: float) -> re.Match[str]:
        """The first match in the output."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            output = self.log.read_text()
            if match := re.search(pattern, output):
                return match
            assert self.process.poll() is None, output
            time.sleep(0.1)
        raise AssertionError(f"{pattern} does not come:\n{self.log.read_text()}")

    def interrupt(self) -> None:
        """Ctrl-C in the terminal: the whole foreground group gets it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(30)

    def left_over(self) -> list[str]:
        """The command lines of processes that still run from the clone."""
        found = []
        for folder in Path("/proc").iterdir():
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if str(self.clone) in command:
                found.append(command)
        return found


@pytest.fixture(scope="module")
def clone(sources: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A clone with what `make` makes in it."""
    folder = tmp_path_factory.mktemp("made") / "jobwall"
    shutil.copytree(sources, folder)
    yield folder
    shutil.rmtree(folder)


def jobs_of(run: Run, key: str) -> list[dict[str, object]]:
    """The jobs on the board."""
    answer = requests.get(
        f"http://127.0.0.1:{run.port}/api/v1/projects/documents/jobs?limit=1000",
        headers={"Authorization": f"Bearer {key}"},
        timeout=10,
    )
    answer.raise_for_status()
    return answer.json()["jobs"]


def test_make_run_serves_a_board_whose_sums_are_true(clone: Path) -> None:
    port = free_port()
    run = Run(clone, port, "run", "DOCS=examples/documents")
    try:
        link = run.wait_for(rf"Sign in: (http://127\.0\.0\.1:{port}/sign-in#\S{{22,}})\n", 240)
        key = run.wait_for(r"API key: (ib-\S+)", 5)[1]
        assert requests.get(link[1], timeout=10).status_code == 200
        seen = set()
        while not (done := DONE.search(run.log.read_text())):
            seen |= {(job["job_id"], job["status"]) for job in jobs_of(run, key)}
            assert run.process.poll() is None, run.log.read_text()
            time.sleep(0.3)
        by_status: dict[str, list[str]] = {}
        for job_id, status in seen:
            by_status.setdefault(status, []).append(job_id)
        assert set(by_status) >= {"pending", "running"}, "nobody could watch it"
        jobs = jobs_of(run, key)
        documents, completed, failed, chunks, nodes, edges, graph = done.groups()
        assert int(documents) == len(jobs) == 6
        failures = [job["error_message"] for job in jobs if job["status"] == "failed"]
        assert len(failures) == int(failed) == 3
        assert int(completed) == 3
        assert any("encrypted" in str(message) for message in failures)
        assert sum(job["chunks_processed"] for job in jobs) == int(chunks)
        assert sum(job["nodes_created"] for job in jobs) == int(nodes) == rows(graph, "nodes") > 0
        assert sum(job["edges_created"] for job in jobs) == int(edges) == rows(graph, "edges") > 0

        taken = subprocess.run(
            ["make", "run", f"PORT={port}"], cwd=clone, capture_output=True, text=True, check=False
        )
        assert taken.returncode != 0
        assert f"Port {port} is taken" in taken.stderr
        assert "Traceback" not in taken.stderr
    finally:
        run.interrupt()
    assert "Stopped." in run.log.read_text()
    assert run.left_over() == []

    again = Run(clone, port, "run", "DOCS=examples/documents")
    try:
        fresh = again.wait_for(r"API key: (ib-\S+)", 30)[1]
        again.wait_for(DONE, 30)
        assert fresh != key
        assert len(jobs_of(again, fresh)) == 6, "the data was not kept, or ingested twice"
        with pytest.raises(requests.HTTPError, match="401"):
            jobs_of(again, key)
    finally:
        again.interrupt()
    assert again.left_over() == []


def test_make_serve_makes_its_store_and_lets_the_first_person_in(clone: Path) -> None:
    port = free_port()
    run = Run(clone, port, "serve", f"INSTANCE={clone / 'instance' / 'served'}")
    try:
        link = run.wait_for(rf"Sign in: (http://127\.0\.0\.1:{port}/sign-in#\S{{22,}})\n", 240)
        assert requests.get(link[1], timeout=10).status_code == 200
    finally:
        run.interrupt()
    assert run.left_over() == []
    assert "Traceback" not in run.log.read_text()


def rows(graph: str, table: str) -> int:
    """How many rows a table of the graph file has."""
    with closing(sqlite3.connect(graph)) as connection:
        return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
