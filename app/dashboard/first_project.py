"""The first project, made on the page that then says how to report to it."""

import secrets
from contextlib import suppress

from flask import Response, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.access.viewer import visiting_overview
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.controls import options
from app.ledger.projects import NEW_PROJECT, TakenError, create_project, id_from
from app.rules.fields import InvalidError
from app.rules.project import MADE

SUGGESTED = "Documents"


@blueprint.post("/report/project", endpoint="make_project")
def make_project() -> AnyResponse:
    """Make it, and lead on; where the form is wrong nothing is made, and it says why."""
    at = now()
    with visiting_overview(at):
        if not g.viewer.manages:
            abort(403, "Only an administrator of all projects may make one.")
    typed = {name: request.form.get(name, "").strip() for name in ("name", "mode")}
    try:
        wanted = NEW_PROJECT.parse(typed)
    except InvalidError as invalid:
        return no_project(typed, dict(invalid.errors))
    project_id = id_from(wanted["name"]) or f"proj-{secrets.token_hex(6)}"
    with suppress(TakenError):  # another administrator was faster: there it is
        create_project(project_id, **wanted, now=at)
    return redirect(url_for(".report", project_id=project_id), 303)


def no_project(
    typed: dict[str, str] | None = None, faults: dict[str, str] | None = None
) -> Response:
    """The page of a board without projects: a form for who may make one."""
    typed = typed or {"name": SUGGESTED, "mode": ""}
    page = render_template(
        "first_project.html",
        name=typed["name"],
        modes=options("", MADE, typed["mode"])[1:],
        faults=faults or {},
    )
    response = Response(page, 422 if faults else 200)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Cookie"
    return response
