"""The dashboard's views: parse, ask, render."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from app.access.viewer import require_project, require_viewer, viewer
from app.dashboard import live
from app.dashboard.filters import PAGE_SIZE, anchor_text, parse_filter
from app.dashboard.pager import make_pager
from app.database import reading
from app.etags import make_etag
from app.health import SOME_FAILURES, STATES
from app.queries import charts, jobs, projects
from app.queries.overview import shared_causes
from app.times import MINUTE, floor, now

blueprint = Blueprint("dashboard", __name__)
blueprint.before_request(require_viewer)

PROJECTS_PER_PAGE = 50


@blueprint.get("/")
def overview() -> Response:
    """Every project, worst first."""
    at = now()
    q, state = request.args.get("q", "").strip()[:200], request.args.get("state", "")
    number = request.args.get("page", 1, type=int)
    only = viewer().project_id
    with reading() as connection:
        seen = projects.versions(connection, only)
        etag = make_etag("overview", seen, q, state, number, floor(at, MINUTE))

        def build() -> dict[str, Any]:
            lines = projects.list_lines(connection, at, only)
            needle = q.casefold()
            wanted = [
                line
                for line in lines
                if needle in line.facts.name.casefold()
                or needle in line.facts.project_id.casefold()
                if state in ("", line.verdict.state.name)
            ]
            page = min(max(1, number), max(1, -(-len(wanted) // PROJECTS_PER_PAGE)))
            shown = wanted[(page - 1) * PROJECTS_PER_PAGE : page * PROJECTS_PER_PAGE]
            running = sum(line.facts.running for line in lines)

            def link(to: int) -> str:
                return url_for(".overview", q=q or None, state=state or None, page=to)

            return {
                "lines": shown,
                "shared_causes": shared_causes(lines),
                "states": [one for one in STATES if any(one is x.verdict.state for x in lines)],
                "everything": len(lines),
                "in_trouble": sum(line.verdict.state.trouble for line in lines),
                "some_failures": sum(line.verdict.state is SOME_FAILURES for line in lines),
                "q": q,
                "state": state,
                "pager": make_pager(page, PROJECTS_PER_PAGE, len(wanted), len(shown), link),
                "pace": live.pace(running),
                "now": at,
            }

        return live.answer("overview", etag, build)


@blueprint.get("/projects/<id:project_id>")
def project(project_id: str) -> Response:
    """A project: the verdict, the tabs, the chart and the table."""
    require_project(project_id)
    at = now()
    wanted = parse_filter(request.path, request.args)
    with reading() as connection:
        shown = projects.get_project(connection, project_id)
        if shown is None:
            abort(404)
        etag = make_etag("project", project_id, shown.version, wanted, floor(at, MINUTE))

        def build() -> dict[str, Any]:
            [line] = projects.list_lines(connection, at, project_id)
            query = wanted.to_query(at, shown.silent_after)
            page = jobs.list_jobs(
                connection,
                shown,
                query,
                limit=PAGE_SIZE,
                offset=(wanted.page - 1) * PAGE_SIZE,
                now=at,
                anchor=wanted.anchor,
            )
            counts = jobs.count_jobs(connection, shown, query, at - shown.silent_after)
            anchor = wanted.anchor
            if anchor is None and wanted.page == 1 and page.rows:
                anchor = page.rows[0].key
            place = anchor_text(*anchor) if anchor else None

            def link(to: int) -> str:
                return wanted.url(page=to, at=place if to > 1 else None)

            return {
                "project": shown,
                "facts": line.facts,
                "verdict": line.verdict,
                "chart": charts.get_chart(connection, shown, at, running=line.facts.running > 0),
                "tabs": wanted.tabs(counts),
                "jobs": replace(page, anchor=place),
                "filter": wanted,
                "newest_href": wanted.url(),
                "pager": make_pager(
                    wanted.page, PAGE_SIZE, page.total - page.new, len(page.rows), link
                ),
                "pace": live.pace(line.facts.running),
                "now": at,
            }

        return live.answer("project", etag, build)


@blueprint.get("/projects/<id:project_id>/jobs/<id:job_id>")
def job(project_id: str, job_id: str) -> Response:
    """A job: all that is known of it."""
    require_project(project_id)
    at = now()
    with reading() as connection:
        of = projects.get_project(connection, project_id)
        shown = None if of is None else jobs.get_job(connection, of, job_id, at)
        if of is None or shown is None:
            abort(404)
        attempts = jobs.list_attempts(connection, of, job_id)
        events = jobs.list_events(connection, shown)
        etag = make_etag("job", of.name, shown, attempts, events)
        running = 0 if shown.status.terminal else 1
        return live.answer(
            "job",
            etag,
            lambda: {
                "project": of,
                "job": shown,
                "attempts": attempts,
                "events": events,
                "pace": live.pace(running),
                "now": at,
            },
        )
