"""A source document: all its jobs, and what changed between them."""

from typing import Any

from flask import Response, request, url_for
from sqlalchemy import Connection

from app.access.viewer import missing, visiting
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.answers import answer, title
from app.dashboard.changes import changes_of
from app.dashboard.filters import LAST_PAGE, PAGE_SIZE
from app.dashboard.pager import make_pager
from app.queries import jobs
from app.queries.filters import JobFilter
from app.queries.search import limit_words
from app.queries.standby import reading_of
from app.rules.documents import folder_and_file
from app.rules.formats import DOCUMENT
from app.rules.times import MINUTE, floor
from app.web.live import Head


@blueprint.get("/projects/<id:project_id>/document")
def document(project_id: str) -> Response:
    """The jobs of `id`, newest first; 404 where it has none."""
    at = now()
    number = min(max(request.args.get("page", 1, type=int), 1), LAST_PAGE)
    try:
        document_id = DOCUMENT.parse(request.args.get("id", ""))
    except ValueError:
        missing()
    with visiting(project_id, at) as (primary, shown):

        def build(connection: Connection) -> tuple[Head, dict[str, Any]]:
            found = jobs.list_jobs(
                connection,
                shown,
                JobFilter(document=document_id),
                limit=PAGE_SIZE + 1,  # one more, to compare the last one with
                offset=(number - 1) * PAGE_SIZE,
                now=at,
                reading=jobs.WHOLE,
            )
            if not found.total:
                missing()
            rows = found.rows[:PAGE_SIZE]
            failing = bool(rows) and number == 1 and rows[0].status.failure

            def link(to: int) -> str:
                page = None if to == 1 else to
                return url_for(".document", project_id=project_id, id=document_id, page=page)

            sent = rows[0].source_doc_id if rows else document_id
            name = folder_and_file(sent)[1]
            return Head(name, failing, title=title(name)), {
                "project": shown,
                "document_id": document_id,
                "sent": sent,
                "jobs": list(zip(rows, changes_of(found.rows), strict=False)),
                "limit": limit_words(found.capped),
                "pager": make_pager(number, PAGE_SIZE, found.total, len(rows), link),
            }

        slot, versions = (project_id, document_id, number), (shown.version, floor(at, MINUTE))
        read = reading_of(primary, shown, build, now=at)
        return answer("document", slot, versions, read, project=shown, now=at)
