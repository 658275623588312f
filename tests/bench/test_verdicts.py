"""`make verdicts` finds in a made-up pipeline what is staged there, and nothing else."""

import re

import pytest
from click.testing import CliRunner

from bench.verdicts.__main__ import main


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["weekly", "nightly"])
def test_of_a_pipeline_every_incident_is_named_and_nothing_else(kind: str) -> None:
    done = CliRunner().invoke(main, ["--only", kind, "--verbose"])
    assert done.exit_code == 0, done.output
    assert "named rightly: 100.0% of" in done.output, done.output
    assert re.search(rf"^{kind} +0\.00 false alarms a month$", done.output, re.MULTILINE)
