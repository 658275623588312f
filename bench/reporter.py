"""`reporter_*`: what a pipeline pays for being seen, whatever the board does meanwhile."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from statistics import median

from app.access.scopes import Scope
from bench.access import key_header
from bench.bars import bar
from bench.databases import MAIN, SMALL, Settings
from bench.measure import Figures, Run
from bench.server import ROOT, serve
from tests.kit.libraries import install, python_of
from tests.kit.moody import AWAY, HANG, PASS, Moody, moody

JOBS, UPDATES = 1000, 20
ROUNDS = 3
ANOTHER = "openlineage-python"
FEW_JOBS = 20  # by the other client, which waits for every event
MOODS = {"up": PASS, "down": AWAY, "hanging": HANG, "500": 500, "401": 401, "429": 429}
SCRIPT = ROOT / "bench" / "reporting.py"


def measure(run: Run) -> Figures:
    """What the loop takes longer for each job, by what the board does; and with another client.

    Raises RuntimeError where a job is not right on the board, once that has returned.
    """
    with (
        run.databases.scratch_sqlite(SMALL) as settings,
        serve("wsgi:app", settings) as server,
        moody(f"http://127.0.0.1:{server.port}") as board,
        tempfile.TemporaryDirectory(prefix="jobwall-reporter-") as folder,
        bar("What reporting costs a pipeline") as progress,
    ):
        pipeline = Pipeline(settings, Path(folder), board)
        figures: Figures = {}
        for done, (name, mood) in enumerate(MOODS.items()):
            progress(f"the board is {name}", done / (len(MOODS) + 2))
            figures |= {
                f"reporter_{name}_{key}": value for key, value in pipeline.pays(mood).items()
            }
        progress("another client", len(MOODS) / (len(MOODS) + 2))
        return figures | pipeline.pays_another()


class Pipeline:
    """The loop, before a board in some mood; and the jobs that it has reported."""

    def __init__(self, settings: Settings, folder: Path, board: Moody) -> None:
        self._board = board
        self._store = Path(settings["INSTANCE"]) / "jobwall.db"
        self._reported = 0
        key = key_header(settings, Scope.WRITE)["Authorization"].removeprefix("Bearer ")
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT / "reporter"),
            "JOBWALL_URL": board.url,
            "JOBWALL_KEY": key,
            "JOBWALL_PROJECT": MAIN,
            "JOBWALL_SPOOL": str(folder / "spool"),
            "OPENLINEAGE_URL": board.url,
        }

    def pays(self, mood: int | None) -> Figures:
        """Milliseconds a job that the loop takes longer, and of CPU; the longest call, ms."""
        plain, told = [], []
        for _ in range(ROUNDS):
            plain.append(self._run("nobody"))
            self._board.take(mood)
            told.append(self._run("jobwall"))
            self._board.take(PASS)
            self._replay()
        per_job = {
            key: (median(one[key] for one in told) - median(one[key] for one in plain)) / JOBS
            for key in ("seconds", "cpu")
        }
        return {
            "ms": per_job["seconds"] * 1000,
            "cpu_ms": per_job["cpu"] * 1000,
            "longest_ms": max(one["longest"] for one in told) * 1000,
        }

    def pays_another(self) -> Figures:
        """The same for OpenLineage's client, which is installed alone."""
        install(ANOTHER)
        figures = {}
        for name, mood, jobs in (("up", 201, FEW_JOBS), ("down", AWAY, 1)):
            self._board.take(mood)
            told = self._run("openlineage", python_of(ANOTHER), jobs, UPDATES if jobs > 1 else 0)
            figures[f"reporter_openlineage_{name}_ms"] = told["seconds"] / jobs * 1000
        return figures

    def _replay(self) -> None:
        """Let the next run send what is left in the spool; then all must be there."""
        words = "from jobwall_reporter import Reporter; jobwall = Reporter()"
        words += "; jobwall.start('next').complete(); raise SystemExit(not jobwall.flush(60))"
        subprocess.run([sys.executable, "-c", words], env=self._environment, check=True)
        self._reported += JOBS
        query = """SELECT count(*) FROM jobs WHERE project_id = ? AND status = 2
            AND source_doc_id LIKE 'documents/%' AND attempt = 1
            AND chunks_processed = ? AND nodes_created = ? AND edges_created = ?"""
        counts = (UPDATES, 3 * UPDATES, 5 * UPDATES)
        with closing(sqlite3.connect(self._store)) as connection:
            [[there]] = connection.execute(query, (MAIN, *counts)).fetchall()
        if there != self._reported:
            raise RuntimeError(f"{there} jobs are right on the board, of {self._reported}")

    def _run(
        self,
        way: str,
        python: Path = Path(sys.executable),
        jobs: int = JOBS,
        updates: int = UPDATES,
    ) -> dict[str, float]:
        words: list[str | Path] = [python, SCRIPT, way, str(jobs), str(updates)]
        done = subprocess.run(
            words, env=self._environment, check=True, stdout=subprocess.PIPE, timeout=300
        )
        told: dict[str, float] = json.loads(done.stdout)
        return told
