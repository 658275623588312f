"""A project, the first or another, made on the way to the page that says how to report to it."""

import secrets

from flask import Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.access.viewer import visiting_overview
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.controls import options
from app.ledger.projects import NEW_PROJECT, TakenError, create_project, id_from
from app.queries.projects import list_projects
from app.rules.fields import InvalidError
from app.rules.project import MADE
from app.web.security import keep_nowhere

SUGGESTED = "Documents"


@blueprint.get("/report/project")
def another_project() -> Response:
    """The form for another project, or for the first where there is none."""
    with visiting_overview(now()) as (connection, visit):
        only = visit.grant.project_id
        _check()
        another = bool(list_projects(connection, only, limit=1))
    return no_project(another=another)


@blueprint.post("/report/project", endpoint="make_project")
def make_project() -> AnyResponse:
    """Make it, and lead on; where the form is wrong nothing is made, and it says why."""
    at, another = now(), "another" in request.form
    with visiting_overview(at):
        _check()
    typed = {name: request.form.get(name, "").strip() for name in ("name", "mode")}
    try:
        wanted = NEW_PROJECT.parse(typed)
    except InvalidError as invalid:
        return no_project(typed, dict(invalid.errors), another=another)
    project_id = id_from(wanted["name"]) or f"proj-{secrets.token_hex(6)}"
    try:
        create_project(project_id, **wanted, now=at)
    except TakenError:  # of the first, another administrator was faster: there it is
        if another:
            taken = {"name": f"makes the id {project_id}, which another project has"}
            return no_project(typed, taken, another=True)
    return redirect(url_for(".report", project_id=project_id), 303)


def _check() -> None:
    if not g.viewer.manages:
        abort(403, "Only an administrator of all projects may make one.")


def no_project(
    typed: dict[str, str] | None = None,
    faults: dict[str, str] | None = None,
    *,
    another: bool = False,
) -> Response:
    """The form for a project: on a board without any, for who may make one."""
    typed = typed or {"name": "" if another else SUGGESTED, "mode": ""}
    page = render_template(
        "first_project.html",
        another=another,
        name=typed["name"],
        modes=options("", MADE, typed["mode"])[1:],
        faults=faults or {},
    )
    return keep_nowhere(Response(page, 422 if faults else 200))
