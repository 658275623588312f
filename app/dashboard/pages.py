"""The dashboard's views: parse, ask, render."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, Response, abort, request, url_for

from app import live
from app.access.viewer import is_script, touring, visiting, visiting_job
from app.cache import Versions
from app.dashboard.filters import PAGE_SIZE, anchor_text, parse_filter
from app.dashboard.pager import make_pager
from app.formatters import count, document
from app.health import FAILING, SOME_FAILURES, STATES
from app.live import Head, pace
from app.queries import charts, jobs, projects
from app.queries.overview import shared_causes
from app.status import FAILED
from app.times import MINUTE, floor, now

blueprint = Blueprint("dashboard", __name__)

PROJECTS_PER_PAGE = 50


@blueprint.get("/")
def overview() -> Response:
    """Every project, worst first."""
    at = now()
    q, state = request.args.get("q", "").strip()[:200], request.args.get("state", "")[:40]
    number = request.args.get("page", 1, type=int)
    with touring(at) as (connection, only, version):

        def build() -> tuple[Head, dict[str, Any]]:
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
            failing = sum(line.verdict.state is FAILING for line in shown)

            def link(to: int) -> str:
                return url_for(".overview", q=q or None, state=state or None, page=to)

            head = Head("Projects", failing, not shown, _title(failing, "Projects"))
            return head, {
                "lines": shown,
                "shared_causes": shared_causes(lines),
                "states": [one for one in STATES if any(one is x.verdict.state for x in lines)],
                "everything": len(lines),
                "in_trouble": sum(line.verdict.state.trouble for line in lines),
                "some_failures": sum(line.verdict.state is SOME_FAILURES for line in lines),
                "q": q,
                "state": state,
                "pager": make_pager(page, PROJECTS_PER_PAGE, len(wanted), len(shown), link),
                "pace": pace(sum(line.facts.running for line in lines)),
                "now": at,
            }

        slot = (only, q, state, number)
        return _answer("overview", slot, (version, floor(at, MINUTE)), build, now=at)


@blueprint.get("/projects/<id:project_id>")
def project(project_id: str) -> Response:
    """A project: the verdict, the tabs, the chart and the table."""
    at = now()
    wanted = parse_filter(request.path, request.args)
    with visiting(project_id, at) as (connection, shown):

        def build() -> tuple[Head, dict[str, Any]]:
            [line] = projects.list_lines(connection, at, project_id)
            query = wanted.to_query(at, shown.silent_after)
            page = jobs.list_jobs(
                connection,
                shown,
                query,
                limit=PAGE_SIZE,
                offset=(wanted.page - 1) * PAGE_SIZE,
                now=at,
                reading=jobs.WHOLE,
                anchor=wanted.anchor,
            )
            counts = jobs.count_jobs(connection, shown, query, at - shown.silent_after)
            anchor = wanted.anchor
            if anchor is None and wanted.page == 1 and page.rows:
                anchor = page.rows[0].key
            place = anchor_text(*anchor) if anchor else None

            def link(to: int) -> str:
                return wanted.url(page=to, at=place if to > 1 else None)

            failing = line.verdict.count if line.verdict.state is FAILING else 0
            head = Head(shown.name, failing, not line.facts.total, _title(failing, shown.name))
            return head, {
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
                "pace": pace(line.facts.running),
                "now": at,
            }

        slot, versions = (project_id, wanted), (shown.version, floor(at, MINUTE))
        return _answer("project", slot, versions, build, project=shown, now=at)


@blueprint.get("/projects/<id:project_id>/jobs/<id:job_id>")
def job(project_id: str, job_id: str) -> Response:
    """A job: all that is known of it."""
    at = now()
    with visiting_job(project_id, job_id, at) as (connection, of, heard_at):

        def build() -> tuple[Head, dict[str, Any]]:
            shown = jobs.get_job(connection, of, job_id, at)
            if shown is None:
                abort(404)
            name = document(shown.source_doc_id)[1]
            title = f"{shown.state.label} · {name} · jobwall"
            head = Head(name, int(shown.state is FAILED), title=title)
            return head, {
                "project": of,
                "job": shown,
                "attempts": jobs.list_attempts(connection, of, job_id),
                "events": jobs.list_events(connection, shown),
                "pace": pace(0 if shown.status.terminal else 1),
                "now": at,
            }

        # A sign of life shows here, and raises no version.
        slot, versions = (project_id, job_id), (of.version, heard_at, floor(at, MINUTE))
        return _answer("job", slot, versions, build, project=of, now=at)


def _answer(
    name: str,
    slot: tuple[object, ...],
    versions: Versions,
    build: Callable[[], tuple[Head, dict[str, Any]]],
    **shell: Any,
) -> Response:
    """The page, or its live part where the poller asks."""
    vary = "HX-Request-Type, Cookie"
    return live.answer(name, slot, versions, build, part=is_script(), vary=vary, **shell)


def _title(failing: int, name: str) -> str:
    return (f"({count(failing)} failing) " if failing else "") + f"{name} · jobwall"
