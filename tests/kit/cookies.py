"""Cookies of a board in a client of the test's own process."""

from flask import Flask
from flask.testing import FlaskClient

from app.web.cookies import naming


def name_in(app: Flask, kind: str, *, secure: bool = False) -> str:
    """What a cookie of this kind is called by an app, over TLS or not."""
    with app.app_context():
        return naming().name(kind, secure=secure)


def give(client: FlaskClient, kind: str, value: str) -> None:
    """Put a cookie into the browser."""
    client.set_cookie(name_in(client.application, kind), value)


def held(client: FlaskClient, kind: str) -> str | None:
    """What the browser holds, None where it holds none."""
    cookie = client.get_cookie(name_in(client.application, kind))
    return None if cookie is None else cookie.value
