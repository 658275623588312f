"""Cookies: how each of ours is kept, said once."""

from flask import request
from werkzeug.wrappers import Response


def set_cookie(
    response: Response, name: str, value: str, life: int | None = None, *, scripts: bool = False
) -> None:
    """Give the browser a cookie for `life` seconds, or (None) until it is closed.

    No form of another site brings it along; where the page came over TLS, it goes back by TLS
    alone; our scripts may read it only if it holds no secret.
    """
    response.set_cookie(
        name,
        value,
        max_age=life,
        path=request.script_root or "/",
        httponly=not scripts,
        samesite="Lax",
        secure=request.is_secure,
    )


def delete_cookie(response: Response, name: str) -> None:
    """Take a cookie out of the browser."""
    response.delete_cookie(
        name,
        path=request.script_root or "/",
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )
