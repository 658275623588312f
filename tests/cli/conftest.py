"""What the tests of commands share."""

from functools import partial

import pytest
from flask import Flask

from tests.kit.commands import invoke


@pytest.fixture
def run(app: Flask):
    """Run a command of the app."""
    return partial(invoke, app)
