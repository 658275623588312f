"""The wall and the part of it that its script fetches."""

import logging
from typing import Any

from flask import Blueprint, Response, current_app, render_template, request
from markupsafe import Markup

from app.access import origin
from app.access.entry import WallVisit
from app.access.seen import SEEN_EVERY, note_seen
from app.access.viewer import is_script, remember_screen, visiting_wall
from app.clock import now
from app.queries import board
from app.queries.wall import Wall, get_wall
from app.rules.fields import IDENTIFIER
from app.rules.times import MINUTE, floor
from app.store import deadline
from app.store.database import writing
from app.store.faults import is_away, reason_of
from app.web import live
from app.web.cookies import SCREEN, get_cookie
from app.web.security import keep_nowhere

NOTING = 0.2
"""Seconds that it may take to note that a screen was seen: its thread has others to answer."""

log = logging.getLogger(__name__)

MOST_ASKED = 200  # projects in the address of a wall

blueprint = Blueprint("wall", __name__)


@blueprint.get("/wall")
@blueprint.get("/wall/board", endpoint="board")
def index() -> Response:
    """The page with the board in it, or the board alone: 304 where nothing changed.

    `project` names those that are wanted. A screen that is not known yet gets the page without a
    board, whose script asks for a code (`screens/pairing.py`); the script of one gets a 401. Its
    names lead to their projects for who is signed in; a screen may see nothing but the wall.
    """
    at = now()
    asked = _asked()
    with visiting_wall(asked, at) as (connection, visit):
        if visit is None:
            return _unknown(at, asked)
        leads = visit.screen_id is None

        def build() -> tuple[live.Head, dict[str, Any]]:
            lines, until = board.look(connection, at, visit.only)
            wall = get_wall(connection, at, lines, visit.away)
            return live.Head("Wall", until=until), {"wall": wall, "asked": asked, "leads": leads}

        versions = (*visit.versions, floor(at, MINUTE))
        slot = (visit.only, visit.away, leads)
        response = live.answer("wall", slot, versions, build, part=is_script(), now=at, asked=asked)
    return _seen(response, visit, at)


def _asked() -> list[str]:
    """The projects that the address asks for, in one order; none means all that may be seen.

    What no project can be called asks for one that is not there: "-", which no id is.
    """
    given = request.args.getlist("project")
    return sorted({name if IDENTIFIER.fullmatch(name) else "-" for name in given})[:MOST_ASKED]


def _unknown(at: int, asked: list[str]) -> Response:
    if is_script():
        response = Response("Signed out", 401, content_type="text/plain; charset=utf-8")
    else:
        context = {
            "wall": Wall(()),
            "now": at,
            "unknown": True,
            "etag": "",
        }
        board = Markup(render_template("_wall.html", **context))  # noqa: S704  our own template made it
        response = Response(render_template("wall.html", live=board, asked=asked))
    return keep_nowhere(response)


def _seen(response: Response, visit: WallVisit, at: int) -> Response:
    """Once a minute, write down that a screen was seen; then and with every page renew its cookie.

    Written when the answer is out: a screen must not wait for the writers, nor fail with them.
    """
    if visit.screen_id is None:
        return response
    # Also where it was seen in the future: the clock was set back since.
    due = visit.last_seen_at is None or abs(at - visit.last_seen_at) >= SEEN_EVERY
    if due or not is_script():
        remember_screen(response, get_cookie(SCREEN))
    if due:
        app = current_app._get_current_object()  # type: ignore[attr-defined]  # Flask's own way
        address, browser, screen_id = origin.address(), origin.browser(), visit.screen_id

        def note() -> None:
            try:
                with app.app_context(), deadline.within(NOTING), writing() as connection:
                    note_seen(connection, screen_id, address=address, browser=browser, now=at)
            except Exception as error:  # nobody is left who could be told
                if is_away(error):
                    log.warning("screen %s was not noted as seen: %s", screen_id, reason_of(error))
                else:
                    log.exception("screen %s was not noted as seen", screen_id)

        response.call_on_close(note)
    return response
