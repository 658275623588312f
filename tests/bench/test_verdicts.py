"""`make verdicts` finds in a made-up pipeline what is staged there, and nothing else."""

import re

import pytest
from click.testing import CliRunner

from bench.verdicts.__main__ import main


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "weeks"), [("weekly", 6), ("nightly", 8)])
def test_of_a_pipeline_every_incident_is_named_and_nothing_else(kind: str, weeks: int) -> None:
    done = CliRunner().invoke(main, ["--only", kind, "--weeks", str(weeks), "--verbose"])
    assert done.exit_code == 0, done.output
    assert "named rightly: 100.0% of" in done.output, done.output
    assert re.search(rf"^{kind} +0\.00 false alarms a month$", done.output, re.MULTILINE)
