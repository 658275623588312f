"""The signed-in person behind a page request."""

from flask import Response, abort, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.access.scopes import Grant
from app.access.sessions import SESSION_LIFE, find_session
from app.database import reading
from app.times import SECOND, now

COOKIE = "jobwall_session"


def require_viewer() -> AnyResponse | None:
    """Before a page: find out who asks. Scripts get a 401, people the sign-in page."""
    token = request.cookies.get(COOKIE)
    viewer = None
    if token:
        with reading() as connection:
            viewer = find_session(connection, token, now())
    if viewer is not None:
        g.viewer = viewer
        return None
    if request.headers.get("HX-Request-Type") == "partial" or request.method != "GET":
        return Response("Signed out", 401, content_type="text/plain; charset=utf-8")
    return redirect(url_for("access.sign_in", next=request.full_path.rstrip("?")))


def viewer() -> Grant:
    """Who is signed in, on a page that requires it."""
    grant: Grant = g.viewer
    return grant


def require_project(project_id: str) -> None:
    """A project that is not the viewer's looks like one that does not exist."""
    if not viewer().sees(project_id):
        abort(404)


def remember(response: AnyResponse, token: str) -> None:
    """Give the browser its session."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=SESSION_LIFE // SECOND,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure,
    )


def forget(response: AnyResponse) -> None:
    """Take the session out of the browser."""
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
