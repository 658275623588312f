"""One run of Schemathesis, in a process of its own."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.kit import ROOT
from tests.kit.board import Board


@dataclass(frozen=True)
class Outcome:
    """How a run ended: its exit code is 0 where it found nothing; then its cases count."""

    code: int
    cases: int
    failures: int


def run(board: Board, report: Path, *, seed: int, examples: int, phases: str) -> Outcome:
    """Try every operation of a board with so many examples; what it finds is printed."""
    words = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run"),
        f"{board.url}/api/v1/openapi.json",
        *("--header", f"Authorization: Bearer {board.new_key('admin')}"),
        *("--seed", str(seed), "--max-examples", str(examples), "--phases", phases),
        *("--continue-on-failure", "--request-timeout", "30"),
        *("--report", "json", "--report-json-path", str(report)),
    ]
    code = subprocess.run(words, cwd=ROOT, check=False).returncode
    told = json.loads(report.read_text())["test_cases"] if report.exists() else {}
    report.unlink(missing_ok=True)
    return Outcome(code, told.get("generated", 0), told.get("unique_failures", 0))
