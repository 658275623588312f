"""The board answers what its document says, whatever Schemathesis asks: `make fuzz`, in small."""

from pathlib import Path

import pytest

from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.fuzz.running import run


@sqlite_only
@pytest.mark.slow
def test_every_answer_is_what_the_document_says(live_board: Board, tmp_path: Path) -> None:
    outcome = run(live_board, tmp_path / "report.json", seed=1, examples=20, phases="fuzzing")
    assert outcome.code == 0
    assert outcome.cases > 100
