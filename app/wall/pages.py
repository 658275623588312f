"""The wall and the part of it that its script fetches."""

from typing import Any

from flask import Blueprint, Response

from app import live
from app.access.viewer import is_script, touring
from app.queries import projects
from app.times import MINUTE, floor, now

blueprint = Blueprint("wall", __name__)


@blueprint.get("/wall")
@blueprint.get("/wall/board", endpoint="board")
def index() -> Response:
    """The page with the board in it, or the board alone: 304 where nothing changed."""
    at = now()
    with touring(at) as (connection, only, version):

        def build() -> tuple[live.Head, dict[str, Any]]:
            lines = projects.list_lines(connection, at, only)
            running = sum(line.facts.running for line in lines)
            return live.Head("Wall"), {"lines": lines, "running": running, "now": at}

        return live.answer("wall", (only,), (version, floor(at, MINUTE)), build, part=is_script())
