"""The signed-in person behind a page request."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NoReturn, TypeVar

from flask import Response, abort, g, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response as AnyResponse

from app.access.door import (
    visit_overview_with_session,
    visit_wall_with_screen,
    visit_wall_with_session,
    visit_with_session,
)
from app.access.entry import OverviewVisit, Visit, WallVisit
from app.access.sessions import SESSION_LIFE, find_session
from app.rules.project import Project
from app.rules.times import DAY, SECOND
from app.store.database import reading
from app.web.cookies import SCREEN, SESSION, delete_cookie, get_cookie, set_cookie
from app.web.urls import fits_headers, own_address

SCREEN_LIFE = 400 * DAY  # as long as any browser keeps a cookie; it is renewed long before

Entry = TypeVar("Entry", Visit, OverviewVisit)


@contextmanager
def visiting(project_id: str, now: int) -> Iterator[tuple[Connection, Project]]:
    """One transaction for the page of a project, begun by finding out who asks.

    Scripts without a session get a 401, people the sign-in page. A project that is not the
    viewer's looks like one that does not exist: see `missing`.
    """
    with reading() as connection:
        visit = _enter(lambda token: visit_with_session(connection, token, project_id, now))
        if visit.project is None:
            missing()
        yield connection, visit.project


@contextmanager
def visiting_job(
    project_id: str, job_id: str, now: int
) -> Iterator[tuple[Connection, Project, int]]:
    """The same for the page of a job; the number is when it was last heard of (µs)."""
    with reading() as connection:
        visit = _enter(lambda token: visit_with_session(connection, token, project_id, now, job_id))
        if visit.project is None or visit.heard_at is None:
            missing()
        yield connection, visit.project, visit.heard_at


@contextmanager
def visiting_overview(now: int) -> Iterator[tuple[Connection, OverviewVisit]]:
    """The same for a page about all that the viewer may see: every project, or the only one."""
    with reading() as connection:
        yield connection, _enter(lambda token: visit_overview_with_session(connection, token, now))


@contextmanager
def visiting_wall(asked: Sequence[str], now: int) -> Iterator[tuple[Connection, WallVisit | None]]:
    """The same for the wall of all projects or of those asked for: None for who may not see it.

    Only here a screen's cookie counts. Who is signed in sees what they may see, also on a screen.
    """
    session, screen = get_cookie(SESSION), get_cookie(SCREEN)
    with reading() as connection:
        found = visit_wall_with_session(connection, session, asked, now) if session else None
        if found is None and screen:
            found = visit_wall_with_screen(connection, screen, asked)
        yield connection, found


@contextmanager
def managing(now: int) -> Iterator[Connection]:
    """The same for a page about what opens or fills the board; 403 for who may not manage that."""
    with reading() as connection:
        token = get_cookie(SESSION)
        grant = find_session(connection, token, now) if token else None
        if grant is None:
            _turn_away()
        g.viewer = grant
        if not grant.manages:
            abort(403, "Only an administrator of all projects may see this page.")
        yield connection


def _enter(find: Callable[[str], Entry | None]) -> Entry:
    token = get_cookie(SESSION)
    found = find(token) if token else None
    if found is None:
        _turn_away()
    g.viewer = found.grant
    return found


def _turn_away() -> NoReturn:
    if is_script() or request.method != "GET":
        abort(Response("Signed out", 401, content_type="text/plain; charset=utf-8"))
    entry = url_for("sign_in.form", next=own_address())
    abort(redirect(entry if fits_headers(entry) else url_for("sign_in.form")))


def missing() -> NoReturn:
    """404, but to a script of ours 410: it asks for what its page shows, and that was removed."""
    if is_script():
        abort(Response("Removed", 410, content_type="text/plain; charset=utf-8"))
    abort(404)


def is_script() -> bool:
    """Whether one of our scripts asks, which a redirect would not help."""
    return request.headers.get("HX-Request-Type") == "partial" or request.endpoint == "wall.board"


def remember(response: AnyResponse, token: str) -> None:
    """Give the browser its session."""
    set_cookie(response, SESSION, token, SESSION_LIFE // SECOND)


def remember_screen(response: AnyResponse, token: str) -> None:
    """Give a screen its token, or renew it."""
    set_cookie(response, SCREEN, token, SCREEN_LIFE // SECOND)


def forget(response: AnyResponse) -> None:
    """Take the session out of the browser."""
    delete_cookie(response, SESSION)
