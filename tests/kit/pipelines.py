"""A pipeline on a library, in a process of its own, before a live board."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.kit import ROOT
from tests.kit.board import Board
from tests.kit.libraries import PATIENT, python_of
from tests.kit.reports import get

Jobs = dict[str, dict[str, Any]]
"""What the board lists, by document."""


class Pipeline:
    """A pipeline on a library, and a project of its own on a live board."""

    def __init__(self, board: Board, folder: Path, scripts: Path) -> None:
        self.board = board
        self.project = board.new_project(f"adapter-{next(board.numbers)}")
        self.folder = folder
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "reporter"), str(scripts))),
            "JOBWALL_URL": board.url,
            "JOBWALL_KEY": board.key,
            "JOBWALL_PROJECT": self.project,
            "JOBWALL_SPOOL": str(folder / "spool"),
            **PATIENT,
        }

    def start(self, library: str, *words: str) -> subprocess.Popen[str]:
        """Run the Python that has the library; the test is skipped where none has."""
        python = python_of(library)
        if not python.exists():
            pytest.skip(f"{library} is not installed: make test-adapters")
        return subprocess.Popen(
            [python, *words],
            env=self.environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, library: str, *words: str, ends: int = 0) -> None:
        """Run it to its end, which must be a good one, or with the exit code that is said."""
        process = self.start(library, *words)
        try:
            printed, _ = process.communicate(timeout=120)
        finally:
            process.kill()  # of one that hangs nothing may be left
        assert process.returncode == ends, printed

    def jobs(self) -> Jobs:
        """The jobs on the board, by document."""
        self.board.project = self.project
        return {job["source_doc_id"]: job for job in get(self.board, "?limit=1000")["jobs"]}

    def jobs_of(self, document: str) -> list[dict[str, Any]]:
        """All jobs of a document."""
        self.board.project = self.project
        return list(get(self.board, f"?document={document}")["jobs"])

    def jobs_once(self, check: Callable[[Jobs], bool]) -> Jobs:
        """The same, as soon as they are as they must be."""
        until = time.monotonic() + 60
        while not check(found := self.jobs()):
            assert time.monotonic() < until, {
                name: (job["status"], job["error_message"]) for name, job in found.items()
            }
            time.sleep(0.1)
        return found
