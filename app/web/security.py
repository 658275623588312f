"""Headers that every answer carries, and those of what is for one person alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from flask import Flask
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Answer = TypeVar("Answer", bound=Response)

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)


HEADERS = (
    ("Content-Security-Policy", POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)
SECURE_HEADERS = (*HEADERS, ("Strict-Transport-Security", "max-age=31536000"))


def init_app(app: Flask) -> None:
    """Set the headers; nothing inline, nothing from elsewhere, in no one's frame.

    On the way out of the app, since a response of Flask's checks and copies every header twice.
    """
    answer = app.wsgi_app

    def harden(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        more = SECURE_HEADERS if environ["wsgi.url_scheme"] == "https" else HEADERS

        def start(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *more], exc_info)

        return answer(environ, start)

    app.wsgi_app = harden  # type: ignore[method-assign]  # as Flask's own documentation does


def keep_nowhere(response: Answer) -> Answer:
    """Of a page with a form's token, or with what is shown once: for one browser, and for now."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Cookie"
    return response
