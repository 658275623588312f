"""The pages on which an administrator sets sources, and sees how far behind each of them is."""

from typing import Any, NamedTuple

from flask import Blueprint, abort, redirect, render_template, request, url_for
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from app.access import viewer
from app.access.sealed import seal
from app.clock import now
from app.ledger.projects import TakenError, create_project
from app.ledger.sources import UnknownSourceError, change_source, create_source, remove_source
from app.ledger.sums import UnknownProjectError
from app.mirror.addresses import LONGEST, AddressError, read_address
from app.models.project import MODES
from app.queries.projects import list_projects
from app.queries.sources import SourceLine, list_gone, list_sources
from app.rules.fields import ID_RULE, IDENTIFIER
from app.rules.project import MADE
from app.rules.sources import SourceState, here_up_to, is_unasked, state_of
from app.rules.times import MINUTE, floor
from app.store.database import reading
from app.web.live import IDLE_PACE, Head, answer
from app.web.security import keep_nowhere

blueprint = Blueprint("sources", __name__)
blueprint.after_request(keep_nowhere)

LONGEST_ID, LONGEST_KEY = 250, 1000


class Wanted(NamedTuple):
    """What a form says of a source; the project here is called as there where it says nothing."""

    url: str
    upstream_project: str
    project_id: str
    mode: str
    key: str

    def faults(self) -> dict[str, str]:
        """What is wrong with it, by field, in words that follow the field's name."""
        found = {}
        try:
            read_address(self.url)
        except AddressError as error:
            found["url"] = str(error)
        if not 1 <= len(self.upstream_project) <= LONGEST_ID:
            found["upstream_project"] = f"must have 1 to {LONGEST_ID} characters"
        elif not IDENTIFIER.fullmatch(self.project_id):
            found["project_id"] = f"must be {ID_RULE}"
        if len(self.key) > LONGEST_KEY or not self.key.isascii() or " " in self.key:
            found["key"] = "must be a key such as ib-…"
        if self.mode not in MODES:
            found["mode"] = "must be chosen"
        return found


@blueprint.get("/sources")
def index() -> Response:
    """The sources, and where to add one."""
    at = now()
    with viewer.managing(at) as connection:
        return _index(connection, at, Wanted("", "", "", MODES[0], ""), {})


def _index(connection: Connection, at: int, typed: Wanted, faults: dict[str, str]) -> Response:
    sources = tuple(list_sources(connection))

    def build() -> tuple[Head, dict[str, Any]]:
        context = {"sources": [_shown(one, at) for one in sources]}
        return Head("Sources", title="Sources · jobwall", pace=IDLE_PACE), context

    slot = tuple(one._replace(progress="", sealed_key=None) for one in sources)
    return answer(
        "sources",
        (slot,),
        (floor(at, MINUTE),),
        build,
        part=viewer.is_script(),
        vary="HX-Request-Type, Cookie",
        keep=False,
        now=at,
        typed=typed,
        faults=faults,
        modes=[(mode, words, mode == typed.mode) for mode, words in MADE.items()],
    )


def _shown(one: SourceLine, at: int) -> dict[str, Any]:
    """A source as the page has it: nothing of its key but whether there is one."""
    return {
        **one._replace(sealed_key=None)._asdict(),
        "behind": state_of(one, at) is SourceState.BEHIND,
        "reading": state_of(one, at) is SourceState.READING,
        "here_up_to": here_up_to(one),
        "unasked": is_unasked(one, at),
    }


@blueprint.post("/sources")
def add() -> Response:
    """Follow an upstream; the mirror asks it within seconds, and the page says what came of it."""
    at, wanted = now(), _wanted()
    faults = wanted.faults()
    with viewer.managing(at) as connection:
        if faults:
            return _refused(connection, at, wanted, faults)
        known = list_projects(connection, wanted.project_id)
    try:
        if not known:
            create_project(wanted.project_id, name=wanted.project_id, mode=wanted.mode, now=at)
        create_source(
            wanted.project_id,
            url=wanted.url.rstrip("/"),
            upstream_project=wanted.upstream_project,
            sealed_key=seal(wanted.key) if wanted.key else None,
            now=at,
        )
    except TakenError:
        with reading() as connection:
            taken = {"project_id": "is of a project that follows a source already"}
            return _refused(connection, at, wanted, taken)
    return redirect(url_for(".index"), 303)


def _refused(connection: Connection, at: int, typed: Wanted, faults: dict[str, str]) -> Response:
    response = _index(connection, at, typed, faults)
    response.status_code = 422
    return response


@blueprint.get("/sources/<id:project_id>")
@blueprint.post("/sources/<id:project_id>", endpoint="change")
def show(project_id: str) -> Response | tuple[str, int]:
    """A source, to be given another address or key, to be paused, or to be followed no more."""
    at = now()
    with viewer.managing(at) as connection:
        source = _open(connection, project_id)
        gone = list_gone(connection, project_id)
    typed = Wanted(source.url, source.upstream_project, project_id, MODES[0], "")
    faults: dict[str, str] = {}
    if request.method == "POST":
        typed = _wanted()._replace(project_id=project_id, mode=MODES[0])
        faults = typed.faults()
        if not faults:
            values = {"url": typed.url.rstrip("/"), "upstream_project": typed.upstream_project}
            if typed.key:
                values["sealed_key"] = seal(typed.key)
            _change(project_id, values)
            return redirect(url_for(".index"), 303)
    page = render_template(
        "source.html",
        source=_shown(source, at),
        gone=gone,
        has_key=source.sealed_key is not None,
        typed=typed,
        faults=faults,
    )
    return page, 422 if faults else 200


@blueprint.post("/sources/<id:project_id>/pause")
def pause(project_id: str) -> Response:
    """Ask it no more for now, or, where it is paused, again."""
    at = now()
    with viewer.managing(at) as connection:
        source = _open(connection, project_id)
    _change(project_id, {"paused_at": at if source.paused_at is None else None})
    return redirect(url_for(".index"), 303)


@blueprint.post("/sources/<id:project_id>/remove")
def remove(project_id: str) -> Response:
    """Follow it no more; its jobs stay."""
    with viewer.managing(now()) as connection:
        _open(connection, project_id)
    try:
        remove_source(project_id)
    except (UnknownSourceError, UnknownProjectError):
        abort(404)
    return redirect(url_for(".index"), 303)


def _open(connection: Connection, project_id: str) -> SourceLine:
    found = list_sources(connection, project_id)
    if not found:
        abort(404)
    return found[0]


def _change(project_id: str, values: dict[str, Any]) -> None:
    try:
        change_source(project_id, values)
    except (UnknownSourceError, UnknownProjectError):
        abort(404)


def _wanted() -> Wanted:
    def said(name: str, longest: int) -> str:
        return request.form.get(name, "").strip()[: longest + 1]

    upstream_project = said("upstream_project", LONGEST_ID)
    return Wanted(
        url=said("url", LONGEST),
        upstream_project=upstream_project,
        project_id=said("project_id", LONGEST_ID) or upstream_project,
        mode=request.form.get("mode", ""),
        key=said("key", LONGEST_KEY),
    )
