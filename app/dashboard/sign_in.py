"""The pages to sign in and to sign out."""

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.access import viewer
from app.access.keys import find_key
from app.access.sessions import (
    close_session,
    forget_expired,
    link_is_good,
    spend_key,
    spend_link,
)
from app.clock import now
from app.store.database import reading, writing
from app.web.cookies import SESSION, get_cookie
from app.web.urls import local_path

blueprint = Blueprint("sign_in", __name__)

REFUSED_LINK = "This link was used already or is older than 15 minutes. Ask for a new one."
REFUSED_KEY = "This key is unknown, expired or revoked."


@blueprint.after_request
def keep_nowhere(response: Response) -> Response:
    """A page with a form's token is for one browser, and for now."""
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.get("/sign-in")
def form() -> str:
    """The form; a link's token, being in the fragment, is posted by the page's script."""
    target = local_path(request.args.get("next", ""))
    return render_template("sign_in.html", next=target, error=None)


@blueprint.post("/sign-in")
def start_session() -> Response | tuple[str, int]:
    """Spend a link's token or check a key, then show where the person wanted to go."""
    token, key = request.form.get("token", ""), request.form.get("key", "").strip()
    target = local_path(request.form.get("next", ""))
    at = now()
    # Looked up first without a lock: who has no link and no key must not hold up the writers.
    with reading() as connection:
        known = link_is_good(connection, token, at) if token else find_key(connection, key, at)
    opened = None
    if known:
        with writing() as connection:
            spend = spend_link if token else spend_key
            opened = spend(connection, token or key, at)
            if opened and (former := get_cookie(SESSION)):
                close_session(connection, former, at)
            forget_expired(connection, at)
    if opened is None:
        error = REFUSED_LINK if token else REFUSED_KEY
        return render_template("sign_in.html", next=target, error=error), 403
    response = redirect(target, 303)
    viewer.remember(response, opened)
    return response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """End this browser's session, on the server too."""
    token = get_cookie(SESSION)
    if token:
        with writing() as connection:
            close_session(connection, token, now())
    response = redirect(url_for("sign_in.form"), 303)
    viewer.forget(response)
    return response
