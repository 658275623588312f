"""What changes something must come from a page of ours, not from another site in a person's name.

Every request but a plain reading is checked, whatever view it is for: where its browser says that
it comes from, and the token of its form. A view that needs no token says why.

The token is a MAC over a random cookie that only this site can set and read, and over the session:
nothing is stored, and a form of one session is no good in another. On each page it is masked anew
with a random pad: a packed page's length tells nothing of it (BREACH).
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Callable, Collection
from typing import TypeVar

from flask import Blueprint, Flask, Response, abort, after_this_request, current_app, request

from app.access.secret import secret_key
from app.web.cookies import FORM, SESSION, get_cookie, set_cookie
from app.web.urls import host_of

SEED = "jobwall.form"  # of the request, for the cookie that its answer will set
SIZE = hashlib.sha256().digest_size

SAFE = ("GET", "HEAD", "OPTIONS")
REASON = "without_csrf_token"  # the attribute of a view that says why it needs none

View = TypeVar("View", bound=Callable[..., object])


def init_app(app: Flask, apart_from: Collection[Blueprint]) -> None:
    """Check whatever may change something, apart from blueprints that look at no cookie."""
    spared = {blueprint.name for blueprint in apart_from}
    app.jinja_env.globals["csrf_token"] = csrf_token

    @app.before_request
    def check() -> None:
        unknown = request.url_rule is None  # a 404 or 405, which is yet to be raised
        if request.method not in SAFE and not unknown and request.blueprint not in spared:
            _check()


def without_token(reason: str) -> Callable[[View], View]:
    """Mark a view that needs no token, for this reason; where it comes from is checked still."""

    def mark(view: View) -> View:
        setattr(view, REASON, reason)
        return view

    return mark


def csrf_token() -> str:
    """The token for a form on the page that is being rendered; no two are alike."""
    seed = get_cookie(FORM) or request.environ.get(SEED)
    if not seed:
        seed = request.environ[SEED] = secrets.token_urlsafe(24)
        after_this_request(_remember)
    pad = secrets.token_bytes(SIZE)
    return base64.urlsafe_b64encode(pad + _xor(pad, _mac(seed))).decode()


def _check() -> None:
    """Refuse a request that came from elsewhere, or that has no token of ours (400)."""
    view = current_app.view_functions[request.endpoint or ""]
    if not _is_ours() or not (hasattr(view, REASON) or _has_token()):
        abort(400, "The form was open for too long, or came from elsewhere. Please try again.")


def _is_ours() -> bool:
    """Whether the request comes from a page of ours, as far as the browser says so.

    `Sec-Fetch-Site` is sent by browsers since 2019 to 2023, and only over TLS or to this machine;
    then `Origin` has to do, of which a proxy may keep the port from us.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = request.headers.get("Origin")
    return origin is None or host_of(origin) == host_of(f"//{request.host}")


def _has_token() -> bool:
    seed = get_cookie(FORM)
    sent = _unmasked(request.form.get("csrf_token", ""))
    return bool(seed) and hmac.compare_digest(_mac(seed), sent)


def _remember(response: Response) -> Response:
    """Set the cookie that the tokens on this page belong to."""
    set_cookie(response, FORM, request.environ[SEED])
    return response


def _mac(seed: str) -> bytes:
    session = get_cookie(SESSION)
    # Hashed, so that no other split of the two gives the same message.
    parts = [hashlib.sha256(part.encode("utf-8", "replace")).digest() for part in (seed, session)]
    return hmac.new(secret_key(), b"form:" + b"".join(parts), hashlib.sha256).digest()


def _unmasked(token: str) -> bytes:
    """What the mask hides; nothing for what is no token."""
    try:
        masked = base64.b64decode(token.encode("ascii", "replace"), b"-_", validate=True)
    except binascii.Error:
        return b""
    return _xor(masked[:SIZE], masked[SIZE:]) if len(masked) == 2 * SIZE else b""


def _xor(pad: bytes, text: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(pad, text, strict=True))
