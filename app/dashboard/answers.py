"""What every page of the dashboard has in common: its live part, and its title."""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Response

from app.access.viewer import is_script
from app.rules.verdicts import Verdict
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
    *,
    now: int,
    **shell: Any,
) -> Response:
    """The page, or its live part where the poller asks: see `live.answer`."""
    return live.answer(name, slot, versions, build, part=is_script(), now=now, vary=VARY, **shell)


def title(name: str, verdicts: Iterable[Verdict] = (), *, alone: bool = False) -> str:
    """`(3 in trouble) Projects · jobwall`, or of one project alone `Failing · Contracts · jobwall`.

    A number in a title is of projects in trouble, here as on the wall.
    """
    troubled = [verdict.state for verdict in verdicts if verdict.state.trouble]
    if not troubled:
        return f"{name} · jobwall"
    if alone:
        return f"{troubled[0].label} · {name} · jobwall"
    return f"({count(len(troubled))} in trouble) {name} · jobwall"
