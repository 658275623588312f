"""The wall and the part of it that its script fetches."""

from flask import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from app.access.viewer import require_viewer, viewer
from app.database import reading
from app.etags import make_etag, unchanged
from app.queries import projects
from app.times import MINUTE, floor, now

blueprint = Blueprint("wall", __name__)


@blueprint.before_request
def sign_in() -> AnyResponse | None:
    """The script gets a 401, a person the sign-in page."""
    answer = require_viewer()
    if answer is not None and request.endpoint == "wall.board":
        return Response("Signed out", 401, content_type="text/plain; charset=utf-8")
    return answer


@blueprint.get("/wall")
def index() -> Response:
    """The page, with the board in it."""
    return _answer("wall.html")


@blueprint.get("/wall/board")
def board() -> Response:
    """The board alone; 304 where nothing changed within the minute."""
    return _answer("_wall.html")


def _answer(template: str) -> Response:
    at = now()
    only = viewer().project_id
    with reading() as connection:
        etag = make_etag("wall", projects.versions(connection, only), floor(at, MINUTE))
        if template.startswith("_") and (answer := unchanged(etag, "Cookie")):
            return answer
        lines = projects.list_lines(connection, at, only)
    running = sum(line.facts.running for line in lines)
    page = render_template(template, lines=lines, running=running, now=at, etag=etag)
    response = Response(page.strip(), content_type="text/html; charset=utf-8")
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie"
    response.headers["ETag"] = etag
    return response
