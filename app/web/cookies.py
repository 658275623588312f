"""Cookies: how each of ours is called and kept, said once.

Cookies know no port, so each has a mark of its board in its name: two boards on one host would sign
each other out. Over TLS the name says so too (`__Host-`), and browsers hold it to that: no
other host of the domain, and nobody on the way who speaks no TLS, can set one.
"""

import hashlib
import hmac
from collections.abc import Callable
from functools import cached_property

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

SESSION = "session"
FORM = "form"
SETTINGS = "settings"
SCREEN = "screen"


class Naming:
    """How a board calls its cookies, and the path that they are for."""

    def __init__(self, secret_key: Callable[[], bytes], path_prefix: str) -> None:
        self._secret_key = secret_key
        self.path = path_prefix or "/"

    @cached_property
    def mark(self) -> str:
        """What all its names have: it follows from the secret key, and does not tell it."""
        return hmac.new(self._secret_key(), b"cookies", hashlib.sha256).hexdigest()[:8]

    def name(self, kind: str, *, secure: bool) -> str:
        """What a cookie is called; `__Host-` cookies are for every path, so there is another."""
        prefix = ("__Host-" if self.path == "/" else "__Secure-") if secure else ""
        return f"{prefix}jobwall_{kind}_{self.mark}"


def init_app(app: Flask, path_prefix: str, secret_key: Callable[[], bytes]) -> None:
    """Give the app its names of cookies, and its templates too."""
    app.extensions["cookies"] = Naming(secret_key, path_prefix)
    app.jinja_env.globals["cookie_name"] = cookie_name


def naming() -> Naming:
    """How the board of this app calls its cookies."""
    known: Naming = current_app.extensions["cookies"]
    return known


def cookie_name(kind: str) -> str:
    """What the cookie of this kind is called in this request."""
    return naming().name(kind, secure=request.is_secure)


def get_cookie(kind: str) -> str:
    """What the browser holds, empty where it holds none."""
    return request.cookies.get(cookie_name(kind), "")


def set_cookie(
    response: Response, kind: str, value: str, life: int | None = None, *, scripts: bool = False
) -> None:
    """Give the browser a cookie for `life` seconds, or (None) until it is closed.

    No form of another site brings it along; where the page came over TLS, it goes back by TLS
    alone; our scripts may read it only if it holds no secret.
    """
    response.set_cookie(
        cookie_name(kind),
        value,
        max_age=life,
        path=naming().path,
        httponly=not scripts,
        samesite="Lax",
        secure=request.is_secure,
    )


def delete_cookie(response: Response, kind: str) -> None:
    """Take a cookie out of the browser."""
    set_cookie(response, kind, "", 0)
