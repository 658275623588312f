"""What the tests of access need."""

import pytest
from flask import Flask, g


@pytest.fixture(autouse=True)
def _g_of_its_own(app: Flask) -> None:
    """Give every request an empty `g`, as in production.

    The `app` fixture keeps an app context open, and requests within one share its `g`: the token
    of one browser's form would be good in another.
    """

    def clear() -> None:
        g.__dict__.clear()

    app.before_request_funcs.setdefault(None, []).insert(0, clear)
