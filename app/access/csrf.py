"""Tokens in forms, so that another site cannot send one in a signed-in person's name.

The token is a MAC over a random cookie that only this site can set and read: nothing is stored.
"""

import hashlib
import hmac
import secrets

from flask import Response, abort, current_app, g, request

COOKIE = "jobwall_form"


def csrf_token() -> str:
    """The token for a form on the page that is being rendered."""
    seed = request.cookies.get(COOKIE) or g.get("csrf_seed") or secrets.token_urlsafe(24)
    g.csrf_seed = seed
    return _mac(seed)


def check() -> None:
    """Refuse a request that changes something unless its form came from here (400)."""
    seed = request.cookies.get(COOKIE, "")
    sent = request.form.get("csrf_token", "")
    elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
    if (
        elsewhere
        or not seed
        or not hmac.compare_digest(_mac(seed).encode(), sent.encode("utf-8", "replace"))
    ):
        abort(400, "The form was open for too long, or came from elsewhere. Please try again.")


def remember(response: Response) -> Response:
    """Set the cookie that the tokens on this page belong to."""
    seed = g.get("csrf_seed")
    if seed and request.cookies.get(COOKIE) != seed:
        response.set_cookie(COOKIE, seed, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _mac(seed: str) -> str:
    key = str(current_app.secret_key).encode()
    message = b"form:" + seed.encode("utf-8", "replace")
    return hmac.new(key, message, hashlib.sha256).hexdigest()
