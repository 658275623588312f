"""Tokens in forms, so that another site cannot send one in a signed-in person's name.

The token is a MAC over a random cookie that only this site can set and read, and over the session:
nothing is stored, and a form of one session is no good in another. On each page it is masked anew
with a random pad: a packed page's length tells nothing of it (BREACH).
"""

import base64
import binascii
import hashlib
import hmac
import secrets

from flask import Response, abort, after_this_request, current_app, request

from app.access.viewer import COOKIE as SESSION

COOKIE = "jobwall_form"
SEED = "jobwall.form"  # of the request, for the cookie that its answer will set
SIZE = hashlib.sha256().digest_size


def csrf_token() -> str:
    """The token for a form on the page that is being rendered; no two are alike."""
    seed = request.cookies.get(COOKIE) or request.environ.get(SEED)
    if not seed:
        seed = request.environ[SEED] = secrets.token_urlsafe(24)
        after_this_request(_remember)
    pad = secrets.token_bytes(SIZE)
    return base64.urlsafe_b64encode(pad + _xor(pad, _mac(seed))).decode()


def check() -> None:
    """Refuse a request that changes something unless its form came from here (400)."""
    seed = request.cookies.get(COOKIE, "")
    elsewhere = request.headers.get("Sec-Fetch-Site", "none") not in ("same-origin", "none")
    sent = _unmasked(request.form.get("csrf_token", ""))
    if elsewhere or not seed or not hmac.compare_digest(_mac(seed), sent):
        abort(400, "The form was open for too long, or came from elsewhere. Please try again.")


def _remember(response: Response) -> Response:
    """Set the cookie that the tokens on this page belong to."""
    response.set_cookie(
        COOKIE, request.environ[SEED], httponly=True, samesite="Lax", secure=request.is_secure
    )
    return response


def _mac(seed: str) -> bytes:
    key = str(current_app.secret_key).encode()
    session = request.cookies.get(SESSION, "")
    # Hashed, so that no other split of the two gives the same message.
    parts = [hashlib.sha256(part.encode("utf-8", "replace")).digest() for part in (seed, session)]
    return hmac.new(key, b"form:" + b"".join(parts), hashlib.sha256).digest()


def _unmasked(token: str) -> bytes:
    """What the mask hides; nothing for what is no token."""
    try:
        masked = base64.b64decode(token.encode("ascii", "replace"), b"-_", validate=True)
    except binascii.Error:
        return b""
    return _xor(masked[:SIZE], masked[SIZE:]) if len(masked) == 2 * SIZE else b""


def _xor(pad: bytes, text: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, text, strict=True))
