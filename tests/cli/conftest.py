"""What the tests of commands share."""

import pytest
from click.testing import Result
from flask import Flask


@pytest.fixture
def run(app: Flask):
    """Run a command of the app."""
    runner = app.test_cli_runner()

    def invoke(*words: str) -> Result:
        result = runner.invoke(args=list(words))
        assert result.exception is None or isinstance(result.exception, SystemExit), (
            f"a traceback: {result.exception!r}"
        )
        return result

    return invoke
