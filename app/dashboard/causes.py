"""Why jobs of a project fail: its failures by cause."""

from typing import Any

from flask import Response
from sqlalchemy import Connection

from app.access.viewer import missing, visiting
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.answers import answer, title
from app.queries import causes as queries
from app.queries.standby import reading_of
from app.rules.causes import parse_cause
from app.rules.common import in_common
from app.rules.times import MINUTE, floor
from app.web.live import Head

NAMED = 3  # documents that still fail, beside each cause of the list
LISTED = 100  # of one cause, on its own page ...
COMPARED = 1000  # ... and of which it is said what they have in common


@blueprint.get("/projects/<id:project_id>/causes")
def causes(project_id: str) -> Response:
    """The causes seen last, the busiest first, each with the documents that still fail by it."""
    at = now()
    with visiting(project_id, at) as (primary, shown):

        def build(connection: Connection) -> tuple[Head, dict[str, Any]]:
            page = queries.list_causes(connection, shown, at)
            failing = queries.list_failing(
                connection, project_id, [line.cause for line in page.lines], most=NAMED
            )
            documents = shown.failing
            name = f"Causes · {shown.name}"
            return Head(name, documents > 0, title=title(name)), {
                "project": shown,
                "causes": page,
                "failing": failing,
                "documents": documents,
            }

        versions = (shown.version, floor(at, MINUTE))
        read = reading_of(primary, shown, build, now=at)
        return answer("causes", (project_id,), versions, read, project=shown, now=at)


@blueprint.get("/projects/<id:project_id>/causes/<cause>", endpoint="cause")
def one_cause(project_id: str, cause: str) -> Response:
    """One cause: its course, the documents that still fail by it, and what they have in common."""
    at = now()
    try:
        number = parse_cause(cause)
    except ValueError:
        missing()
    with visiting(project_id, at) as (primary, shown):

        def build(connection: Connection) -> tuple[Head, dict[str, Any]]:
            one = queries.get_cause(connection, project_id, number)
            if one is None:
                missing()
            failing = queries.list_failing(connection, project_id, [one.cause], most=COMPARED)
            documents = failing.get(one.cause, [])
            return Head(one.line, one.documents > 0, title=title(one.line)), {
                "project": shown,
                "cause": one,
                "course": queries.get_course(connection, project_id, one.cause, at),
                "documents": documents[:LISTED],
                "common": in_common([(each.document, each.failed_at) for each in documents]),
            }

        versions = (shown.version, floor(at, MINUTE))
        read = reading_of(primary, shown, build, now=at)
        return answer("cause", (project_id, cause), versions, read, project=shown, now=at)
