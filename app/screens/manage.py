"""The pages on which an administrator lets screens in, names them and closes them again."""

import hashlib
from typing import Any, NamedTuple

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from app.access import origin, viewer
from app.clock import now
from app.ledger.projects import NAME
from app.queries.projects import name_projects, offer_projects
from app.rules.fields import IDENTIFIER
from app.rules.times import MINUTE, SECOND, floor
from app.screens import codes, store
from app.store.database import reading, writing
from app.web.cookies import SESSION, get_cookie
from app.web.errors import ProblemError
from app.web.live import IDLE_PACE, Head, answer
from app.web.security import keep_nowhere

blueprint = Blueprint("screens", __name__)
blueprint.after_request(keep_nowhere)

MOST_LISTED = 200  # projects to choose from at a time; a filter finds the others
MOST_CHOSEN = 300  # whose ids fit into a form
NO_CODE = "No screen shows this code. Codes last for 10 minutes: look at the screen again."
TOO_MANY = "Too many wrong codes were entered. Wait a few minutes, or use a one-time link."


class Choice(NamedTuple):
    """What a form says of a screen: its name, which projects, and by what those are filtered.

    `done` where it was confirmed.
    """

    name: str
    every: bool
    chosen: tuple[str, ...] = ()
    words: str = ""
    done: bool = False

    @property
    def projects(self) -> tuple[str, ...] | None:
        """The ids that it may show, None for every project."""
        return None if self.every else self.chosen

    def fault(self, connection: Connection) -> str:
        """What is wrong with it, in a sentence; empty if nothing is."""
        try:
            NAME.check(self.name)
        except ValueError as error:
            return f"The name {error}."
        if not self.every and not self.chosen:
            return "Choose a project at least, or all."
        if len(self.chosen) > MOST_CHOSEN:
            return f"Choose {MOST_CHOSEN} projects at most, or all."
        if not self.every and (unknown := store.unknown_projects(connection, self.chosen)):
            return f"There is no project {unknown[0]} any more."
        return ""


@blueprint.get("/screens")
@blueprint.get("/screens/pair", endpoint="refused")
def index() -> Response:
    """The screens, and where to enter the code of another one.

    Also where a code was refused: there the page goes on asking for its own address.
    """
    at = now()
    with viewer.managing(at) as connection:
        return _index(connection, at)


def _index(connection: Connection, at: int, error: str = "", entered: str = "") -> Response:
    screens = tuple(store.list_screens(connection, at))

    def build() -> tuple[Head, dict[str, Any]]:
        context = {"screens": screens, "words_of": origin.browser_words}
        return Head("Screens", title="Screens · jobwall", pace=IDLE_PACE), context

    # No number rises with a change of a screen, and they are few: the list is its own version.
    slot = (screens, tuple(screen.is_on(at) for screen in screens))
    return answer(
        "screens",
        slot,
        (floor(at, MINUTE),),
        build,
        part=viewer.is_script(),
        vary="HX-Request-Type, Cookie",
        keep=False,  # it shows what screens say of themselves
        now=at,
        error=error,
        entered=entered,
    )


@blueprint.post("/screens/pair")
def pair() -> Response | tuple[str, int]:
    """Show what shows this code; once that is named and confirmed, let it in."""
    at, who, wanted = now(), _who(), _choice()
    with viewer.managing(at) as connection:
        if wait := codes.must_wait(connection, who, at):
            raise ProblemError(429, TOO_MANY, headers={"Retry-After": str(-(-wait // SECOND))})
        code = codes.read_code(request.form.get("code", ""))
        found = codes.find_code(connection, code, at)
        fault = wanted.fault(connection) if wanted.done else ""
        if found and (fault or not wanted.done):
            return _form(connection, wanted, fault, tv=found)
    with writing() as connection:
        if found and codes.claim(
            connection, code, name=wanted.name, projects=wanted.projects, now=at
        ):
            return redirect(url_for(".index"), 303)
        if not found:  # else another administrator was faster
            codes.note_wrong(connection, who, at)
    with reading() as connection:
        response = _index(connection, at, NO_CODE, request.form.get("code", "")[:50])
    response.status_code = 422
    return response


@blueprint.get("/screens/link")
@blueprint.post("/screens/link", endpoint="make_link")
def link() -> Response | tuple[str, int]:
    """A one-time link for a screen that has a keyboard: what it is for, then the link itself."""
    at, wanted = now(), _choice()
    with viewer.managing(at) as connection:
        fault = wanted.fault(connection) if wanted.done else ""
        if fault or not wanted.done:
            return _form(connection, wanted, fault, tv=None)
    with writing() as connection:
        token = store.create_link(connection, name=wanted.name, projects=wanted.projects, now=at)
    address = url_for("wall.index", _external=True, _anchor=token)
    return render_template("screen_link.html", link=address, name=wanted.name), 200


@blueprint.get("/screens/<int:screen_id>")
@blueprint.post("/screens/<int:screen_id>", endpoint="change")
def show(screen_id: int) -> Response | tuple[str, int]:
    """A screen, to be called something else, to show other projects, or to be revoked."""
    at, wanted = now(), _choice()
    with viewer.managing(at) as connection:
        screen = _open_screen(connection, screen_id, at)
        if request.method == "GET":
            wanted = Choice(screen.name, screen.projects is None, screen.asked)
        fault = wanted.fault(connection) if wanted.done else ""
        if fault or not wanted.done:
            return _form(connection, wanted, fault, "screen.html", screen=screen)
    with writing() as connection:
        store.change_screen(connection, screen_id, name=wanted.name, projects=wanted.projects)
    return redirect(url_for(".index"), 303)


def _open_screen(connection: Connection, screen_id: int, at: int) -> store.ScreenLine:
    found = store.list_screens(connection, at, screen_id) if screen_id < 2**31 else []
    if not found or found[0].revoked_at is not None:
        abort(404)
    return found[0]


@blueprint.post("/screens/<int:screen_id>/revoke")
def revoke(screen_id: int) -> Response:
    """Close a screen for good: its next poll is refused."""
    at = now()
    with viewer.managing(at):
        pass  # who may not is turned away
    with writing() as connection:
        if screen_id >= 2**31 or not store.revoke_screen(connection, screen_id, at):
            abort(404)
    return redirect(url_for(".index"), 303)


def _choice() -> Choice:
    form = request.form
    chosen = {text for text in form.getlist("project") if IDENTIFIER.fullmatch(text)}
    words, filtered = (form.get(name, "").strip()[:200] for name in ("q", "filtered"))
    every = form.get("projects", "all") == "all"
    # Enter means the form's first button, also where it was pressed among words to filter by.
    sent = request.method == "POST" and form.get("step") == "done"
    done = sent and (every or words == filtered)
    return Choice(form.get("name", "").strip(), every, tuple(sorted(chosen)), words, done)


def _form(
    connection: Connection,
    wanted: Choice,
    fault: str,
    template: str = "screen_form.html",
    **about: object,
) -> tuple[str, int]:
    listed, found, total = offer_projects(connection, wanted.words, MOST_LISTED)
    hidden = set(wanted.chosen).difference(one.project_id for one in listed)
    page = render_template(
        template,
        **about,
        wanted=wanted,
        fault=fault,
        listed=listed,
        found=found,
        total=total,
        hidden=name_projects(connection, hidden) if hidden else [],
        words_of=origin.browser_words,
    )
    return page, 422 if fault else 200


def _who() -> tuple[str, str]:
    """Whom wrong codes are counted by: the session, and the network."""
    session = get_cookie(SESSION)
    return (
        hashlib.sha256(f"codes:{session}".encode("utf-8", "replace")).hexdigest(),
        origin.network_of(origin.address()),
    )
