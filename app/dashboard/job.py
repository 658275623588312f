"""A job: all that is known of it."""

import json
from typing import Any

from flask import Response
from sqlalchemy import Connection

from app.access.viewer import missing, visiting_job
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.answers import answer, title
from app.dashboard.estimates import outlook
from app.queries import charts, jobs, projects
from app.queries.contract import fields_of
from app.queries.facts import list_facts
from app.queries.standby import reading_of
from app.rules.causes import cause_name, cause_of, chain, remedy_of, telling_line
from app.rules.documents import folder_and_file
from app.rules.job_states import RUNNING
from app.rules.legible import escaped
from app.rules.links import fill, web_address
from app.rules.silence import silent_since, unheard
from app.rules.times import MINUTE, floor
from app.web.live import IDLE_PACE, PACE, Head


@blueprint.get("/projects/<id:project_id>/jobs/<id:job_id>")
def job(project_id: str, job_id: str) -> Response:
    """A job: all that is known of it."""
    at = now()
    with visiting_job(project_id, job_id, at) as (primary, of, heard_at):

        def build(connection: Connection) -> tuple[Head, dict[str, Any]]:
            shown = jobs.get_job(connection, of, job_id, at)
            if shown is None:
                missing()
            name = folder_and_file(shown.source_doc_id)[1]
            pace = IDLE_PACE if shown.status.terminal else PACE
            said = title(f"{shown.state.label} · {name}")
            head = Head(name, shown.status.failure, title=said, pace=pace)
            fields = fields_of(shown)
            links = fill(
                projects.get_links(connection, project_id), fields | {"attempt": shown.attempt}
            )
            origin = jobs.get_origin(connection, project_id, job_id)
            if origin is not None and web_address(origin.log_url or ""):
                links.insert(0, ("Log", str(origin.log_url)))
            expected = None
            if shown.state is RUNNING:  # of no other the history is asked
                facts = None
                if unheard(shown.moved_at or at, silent_since(at, of.silent_after)):
                    [facts] = list_facts(connection, at, [project_id])
                chart = charts.get_chart(connection, of, at, running=True)
                expected = outlook(shown, facts, chart, at)
            return head, {
                "project": of,
                "job": shown,
                "outlook": expected,
                "attempts": jobs.list_attempts(connection, of, job_id),
                "events": jobs.list_events(connection, shown),
                "cause": cause_name(cause_of(shown.error_message)),
                "line": telling_line(shown.error_message),
                "remedy": remedy_of(telling_line(shown.error_message)),
                "chain": chain(shown.error_message or ""),
                "links": links,
                "origin": origin,
                "fields": escaped(json.dumps(fields, indent=2, ensure_ascii=False)),
            }

        # A sign of life shows here, and raises no version.
        slot, versions = (project_id, job_id), (of.version, heard_at, floor(at, MINUTE))
        read = reading_of(primary, of, build, now=at, job=(job_id, heard_at))
        return answer("job", slot, versions, read, project=of, now=at)
