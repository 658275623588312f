"""Why jobs of a project fail: its failures by cause."""

from typing import Any

from flask import Response

from app.access.viewer import visiting
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.answers import answer, title
from app.queries import causes as queries
from app.rules.times import MINUTE, floor
from app.web.live import Head, pace

DOCUMENTS = 10  # still failing, named under each cause


@blueprint.get("/projects/<id:project_id>/causes")
def causes(project_id: str) -> Response:
    """The causes seen last, the busiest first, each with the documents that still fail by it."""
    at = now()
    with visiting(project_id, at) as (connection, shown):

        def build() -> tuple[Head, dict[str, Any]]:
            page = queries.list_causes(connection, shown, at)
            failing = queries.list_failing(
                connection, project_id, [line.cause for line in page.lines], most=DOCUMENTS
            )
            documents = shown.failing
            name = f"Causes · {shown.name}"
            return Head(name, documents, title=title(documents, name)), {
                "project": shown,
                "causes": page,
                "failing": failing,
                "documents": documents,
                "pace": pace(shown.running),
                "now": at,
            }

        versions = (shown.version, floor(at, MINUTE))
        return answer("causes", (project_id,), versions, build, project=shown, now=at)
