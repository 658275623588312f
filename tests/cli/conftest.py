"""What the tests of commands share."""

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from app.cli.__main__ import jobwall


@pytest.fixture
def run(app: Flask):
    """Run a command of the app."""

    def invoke(*words: str) -> Result:
        info = ScriptInfo(create_app=lambda: app)
        result = CliRunner().invoke(jobwall, list(words), prog_name="jobwall", obj=info)
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            f"a traceback: {result.exception!r}"
        )
        return result

    return invoke
