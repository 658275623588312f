"""What a screen that may not see the wall yet asks for: a code to show, or to spend a link."""

from typing import Any

from flask import Blueprint, Response, abort, jsonify, request

from app.access import csrf, origin
from app.access.viewer import remember_screen
from app.clock import now
from app.rules.times import SECOND
from app.screens.codes import is_full, is_screen, pending, show_code
from app.screens.store import link_is_good, spend_link
from app.store.database import reading, writing
from app.web.cookies import SCREEN, get_cookie
from app.web.errors import ProblemError

blueprint = Blueprint("pairing", __name__)

RETRY_AFTER = "60"
BY_SCRIPT = "no form of another site can send the header that our script sends"


@blueprint.post("/wall/code")
@csrf.without_token(BY_SCRIPT)
def code() -> Response:
    """The code that this screen shows, or a new one, and for how many seconds it is good.

    Asked for by the script alone: whoever opens /wall without one, or over and over, leaves
    nothing behind. No token that a browser brings becomes a screen's: they are made here.
    """
    _from_our_script()
    at, address = now(), origin.address()
    network, token = origin.network_of(address), get_cookie(SCREEN)
    with reading() as connection:
        if token and is_screen(connection, token):
            return _answer(known=True)
        found = pending(connection, token, at) if token else None
        full = found is None and is_full(connection, network, at)
    if found is None and not full:
        with writing() as connection:
            found = show_code(
                connection, address=address, network=network, browser=origin.browser(), now=at
            )
    if found is None:
        headers = {"Retry-After": RETRY_AFTER}
        raise ProblemError(429, "Too many screens show a code at the moment.", headers=headers)
    response = _answer(code=found.code, seconds=(found.expires_at - at) // SECOND)
    if found.token is not None:
        remember_screen(response, found.token)
    return response


@blueprint.post("/wall/link")
@csrf.without_token(BY_SCRIPT)
def link() -> Response:
    """Spend a one-time link: from now on this browser is the screen that it was made for."""
    _from_our_script()
    at, token = now(), request.form.get("token", "")
    own = None
    # Looked up first without a lock: who has no link must not hold up the writers.
    with reading() as connection:
        good = link_is_good(connection, token, at)
    if good:
        with writing() as connection:
            own = spend_link(
                connection, token, address=origin.address(), browser=origin.browser(), now=at
            )
    if own is None:
        abort(403, "This link was used already or is older than 15 minutes. Ask for a new one.")
    response = _answer(known=True)
    remember_screen(response, own)
    return response


def _from_our_script() -> None:
    # No form of another site can send this header, so none can make this browser another screen.
    if request.headers.get("X-Requested-With") != "wall":
        abort(400, "This is for the script of the wall.")


def _answer(**values: Any) -> Response:
    response: Response = jsonify(values)
    response.headers["Cache-Control"] = "no-store"
    return response
