"""Projects: list, show, create."""

import secrets
from typing import Any

from flask import Response, request, url_for

from app.access.scopes import Scope
from app.api import blueprint
from app.api.answers import (
    json_answer,
    link_header,
    offset_places,
    project_fields,
    unchanged,
)
from app.api.operations import LOCATION, Header, Parameter, operation
from app.api.params import LIMIT, MAX_LIMIT, OFFSET, parse_place
from app.api.requests import authenticate, open_project, read_json
from app.clock import now
from app.ledger.projects import NEW_PROJECT, TakenError, create_project
from app.queries.projects import count_projects, list_projects
from app.rules.fields import InvalidError
from app.store.commits import InDoubtError
from app.store.database import reading
from app.web.errors import ProblemError, may_be_stored
from app.web.etags import make_etag

MOST_WHOLE = 10_000
"""Projects that are listed where no page of them is asked for."""

_PAGED = "Without one of these two, all projects come at once."


@blueprint.get("/projects")
@operation(
    "List the projects that the key may see, by id",
    parameters=(
        Parameter("limit", LIMIT.schema, f"How many projects at most. {_PAGED}"),
        Parameter("offset", OFFSET.schema, f"How many to pass over. {_PAGED}"),
    ),
    answers={200: ("The projects", "Projects")},
    headers={
        200: (
            Header(
                "Link",
                "The first, previous, next and last page (RFC 8288); where none was asked for and"
                f" there are more than {MOST_WHOLE:,} projects, the next page behind these.",
            ),
        )
    },
)
def get_projects() -> Response:
    """All of them that the key may see, or a page."""
    paged = "limit" in request.args or "offset" in request.args
    with reading() as connection:
        grant = authenticate(connection, Scope.READ)
        limit, offset = parse_place(request.args) if paged else (MOST_WHOLE + 1, 0)
        found = list_projects(connection, grant.project_id, limit=limit, offset=offset)
        total = count_projects(connection, grant.project_id) if paged else len(found)
    body: dict[str, Any] = {"projects": [project_fields(one) for one in found[:MOST_WHOLE]]}
    if paged:
        body |= {"total": total, "limit": limit, "offset": offset}
        headers = link_header(limit, offset_places(total, limit, offset))
    else:
        headers = link_header(MAX_LIMIT, {"next": MOST_WHOLE} if total > MOST_WHOLE else {})
    etag = make_etag("projects", body, headers)
    return unchanged(etag) or json_answer(body, headers={"ETag": etag, **headers})


@blueprint.get("/projects/<id:project_id>")
@operation("Show a project", answers={200: ("The project", "Project")})
def get_project(project_id: str) -> Response:
    """One project."""
    with reading() as connection:
        project = project_fields(open_project(connection, project_id))
    etag = make_etag("project", project)
    return unchanged(etag) or json_answer(project, headers={"ETag": etag})


@blueprint.post("/projects")
@operation(
    "Create a project",
    scope=Scope.ADMIN,
    body="NewProject",
    answers={201: ("The project", "Project"), 409: ("The id is taken", "Problem")},
    headers={201: (LOCATION,)},
)
def post_project() -> Response:
    """Make a project, with an id of the client's choice or ours."""
    with reading() as connection:
        grant = authenticate(connection, Scope.ADMIN)
    if grant.project_id is not None:
        raise ProblemError(403, "This key is for one project and cannot make others.")
    try:
        wanted = NEW_PROJECT.parse(read_json())
    except InvalidError as invalid:
        raise ProblemError(422, "Some values are not valid.", errors=invalid.errors) from None
    project_id = wanted.get("project_id") or f"proj-{secrets.token_hex(6)}"
    try:
        project = create_project(project_id, name=wanted["name"], mode=wanted["mode"], now=now())
    except InDoubtError as error:
        advice = (
            f"ask for this project_id, and send it again with it if it is not there: {project_id}"
        )
        raise may_be_stored(error, advice, project_id=project_id) from error
    except TakenError:
        raise ProblemError(409, "A project with this id exists already.") from None
    location = url_for("api.get_project", project_id=project.project_id)
    return json_answer(project_fields(project), 201, {"Location": location})
