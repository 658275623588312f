"""How a page answers: the whole of it, its live part alone, or that nothing changed.

The shell is per viewer; the live part names no viewer, so that it can be cached and compared.
"""

from collections.abc import Callable
from typing import Any

from flask import Response, render_template, request

from app.etags import unchanged

VARY = "HX-Request-Type, Cookie"
RUNNING_PACE = 2000  # ms between polls while jobs run
IDLE_PACE = 5000


def wants_part() -> bool:
    """Whether the poller asks, which wants the live part alone."""
    return request.headers.get("HX-Request-Type") == "partial"


def answer(name: str, etag: str, build: Callable[[], dict[str, Any]]) -> Response:
    """Answer with `name`.html, or with its live part `_name`.html where the poller asks.

    `build` gives the context; it is not called where the poller has this answer already.
    """
    if wants_part() and (answer := unchanged(etag, VARY)):
        return answer
    template = f"_{name}.html" if wants_part() else f"{name}.html"
    page = render_template(template, **build(), etag=etag, live_url=_live_url()).strip()
    response = Response(page, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = VARY
    response.headers["Cache-Control"] = "private, no-cache"
    if wants_part():
        response.headers["ETag"] = etag
    return response


def _live_url() -> str:
    return request.full_path.rstrip("?")


def pace(running: int) -> int:
    """How long the poller should wait (ms)."""
    return RUNNING_PACE if running else IDLE_PACE
