"""Report jobs: what to type for the first, filled in for who asks, and what comes of it."""

from typing import Any

from flask import abort, g, redirect, request, url_for
from sqlalchemy import Connection
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from app.access.keys import NewKey, create_key
from app.access.scopes import Scope
from app.access.viewer import is_script, missing, visiting, visiting_overview
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.answers import answer, title
from app.dashboard.controls import options
from app.dashboard.first_project import no_project
from app.queries import jobs
from app.queries.filters import JobFilter
from app.queries.projects import list_projects
from app.rules.fields import IDENTIFIER
from app.rules.project import Project
from app.rules.times import MINUTE, floor, format_time
from app.rules.ways import FIRST, GROUPS, IF_NONE, WAYS, Way, filled
from app.store.database import writing
from app.web import reporter
from app.web.errors import ProblemError
from app.web.live import Head

NEWEST = 5  # jobs that are shown as they come in
MOST_OFFERED = 200  # projects to choose from, the newest: the others' own pages lead here
LONGEST_NAME = 200  # characters of a key's name
NO_KEY = "ib-…"


@blueprint.get("/report")
def report() -> Response:
    """What to type for a project; without one for the newest, or where to make the first."""
    if "project_id" in request.args:
        try:
            return _page(_asked())
        except NotFound:
            back = (url_for(".report"), "Choose a project to report to")
            raise ProblemError(
                404, "There is no such project, or none that you may see.", back=back
            ) from None
    with visiting_overview(now()) as (connection, visit):
        only = visit.grant.project_id
        known = list_projects(connection, only, limit=1, newest=True)
    if not known:
        return no_project()
    way = WAYS.get(request.args.get("way", ""))
    here = url_for(".report", project_id=known[0].project_id, way=way and way.name)
    return redirect(here)


@blueprint.post("/report", endpoint="make_key")
def make_key() -> Response:
    """The same page with a new key filled in, which no other will show."""
    project_id, at = _asked(), now()
    with visiting(project_id, at):
        if not g.viewer.administers(project_id):
            abort(403, "Only an administrator of the project may make a key for it.")
    day = format_time(at)[: len("2026-11-29")]
    name = f"{_chosen().title}, {day}, by {g.viewer.label}"[:LONGEST_NAME]
    with writing() as connection:
        key = create_key(connection, name=name, scope=Scope.WRITE, project_id=project_id, now=at)
    response = _page(project_id, key)
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked() -> str:
    project_id = request.args.get("project_id", "")
    if not IDENTIFIER.fullmatch(project_id):
        missing()
    return project_id


def _chosen() -> Way:
    return WAYS.get(request.args.get("way", ""), FIRST)


def _page(project_id: str, key: NewKey | None = None) -> Response:
    at = now()
    with visiting(project_id, at) as (connection, shown):

        def build() -> tuple[Head, dict[str, Any]]:
            newest = jobs.list_jobs(
                connection, shown, JobFilter(), limit=NEWEST, now=at, reading=jobs.WHOLE
            )
            said = "Jobs come in" if newest.total else "Waiting for the first report"
            name = f"{said} · {shown.name}"
            return Head(name, title=title(name)), {"project": shown, "jobs": newest}

        shell = {} if is_script() else _shell(connection, shown, key)
        versions = (shown.version, floor(at, MINUTE))
        return answer("report", (project_id,), versions, build, now=at, project=shown, **shell)


def _shell(connection: Connection, shown: Project, key: NewKey | None) -> dict[str, Any]:
    """What stands around the live part: the ways, filled in for this viewer alone."""
    values = {
        "url": request.url_root.rstrip("/"),
        "project": shown.project_id,
        "key": key.text if key else NO_KEY,
        "wheel": reporter.wheel().name,
    }
    known = list_projects(connection, g.viewer.project_id, limit=MOST_OFFERED, newest=True)
    names = {one.project_id: one.name for one in (*known, shown)}
    return {
        "groups": GROUPS,
        "chosen": _chosen(),
        "filled": lambda text: filled(text, values, graph=shown.graph),
        "if_none": IF_NONE,
        "first": not (shown.pending or shown.running or shown.completed or shown.failed),
        "key": key,
        "administers": g.viewer.administers(shown.project_id),
        "projects": options("", names, shown.project_id)[1:],
    }
