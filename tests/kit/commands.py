"""`jobwall`, as people run it, and inside the test's own process."""

import sys
from pathlib import Path

from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from app.cli.__main__ import jobwall

JOBWALL = str(Path(sys.executable).with_name("jobwall"))
"""The script that an installation makes."""


def invoke(app: Flask, *words: str) -> Result:
    """Run a command of an app; fails where it would print a traceback."""
    info = ScriptInfo(create_app=lambda: app)
    result = CliRunner().invoke(jobwall, list(words), prog_name="jobwall", obj=info)
    assert result.exception is None or isinstance(result.exception, SystemExit), (
        f"a traceback: {result.exception!r}"
    )
    return result
