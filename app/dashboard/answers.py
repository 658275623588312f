"""What every page of the dashboard has in common: its live part, and its title."""

from collections.abc import Callable
from typing import Any

from flask import Response

from app.access.viewer import is_script
from app.rules.words import count
from app.web import live
from app.web.etags import Versions
from app.web.live import Head

VARY = "HX-Request-Type, Cookie"


def answer(
    name: str,
    slot: tuple[object, ...],
    versions: Versions,
    build: Callable[[], tuple[Head, dict[str, Any]]],
    **shell: Any,
) -> Response:
    """The page, or its live part where the poller asks: see `live.answer`."""
    return live.answer(name, slot, versions, build, part=is_script(), vary=VARY, **shell)


def title(failing: int, name: str) -> str:
    """`(3 failing) Contracts · jobwall`."""
    return (f"({count(failing)} failing) " if failing else "") + f"{name} · jobwall"
