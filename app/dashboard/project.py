"""A project: the verdict, the tabs, the chart and the table."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from flask import redirect, request
from sqlalchemy import Connection
from werkzeug.wrappers import Response

from app.access.viewer import visiting
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.answers import answer, title
from app.dashboard.asked import parse_filter
from app.dashboard.controls import Tab
from app.dashboard.estimates import outlook
from app.dashboard.filters import PAGE_SIZE, TableFilter, leads
from app.dashboard.pager import make_pager
from app.queries import charts, jobs, projects
from app.queries.filters import JobFilter
from app.queries.search import limit_words
from app.queries.standby import reading_of
from app.queries.views import Cursor, JobPage
from app.rules.formats import key_text
from app.rules.job import Job
from app.rules.project import Project
from app.rules.silence import silent_since
from app.rules.times import MINUTE, floor
from app.web.live import Head
from app.web.urls import local_path, own_path


@blueprint.get("/projects/<id:project_id>")
def project(project_id: str) -> Response:
    """A project: the verdict, the tabs, the chart and the table."""
    at = now()
    wanted = parse_filter(own_path(), request.args)
    with visiting(project_id, at) as (primary, shown):
        if wanted.moment is not None:
            return redirect(local_path(_page_of(primary, shown, wanted, wanted.moment, at)))

        def build(connection: Connection) -> tuple[Head, dict[str, Any]]:
            [line] = projects.list_lines(connection, at, project_id)
            query, tabs, listed = _listed(connection, shown, wanted, at)
            page = jobs.list_jobs(
                connection,
                shown,
                query,
                limit=PAGE_SIZE,
                offset=(wanted.page - 1) * PAGE_SIZE,
                now=at,
                reading=jobs.WHOLE,
                anchor=wanted.anchor,
                order=wanted.order,
            )
            anchor = wanted.anchor if wanted.order is None else None
            if wanted.order is None and anchor is None and wanted.page == 1 and page.rows:
                anchor = page.rows[0].key
            place = key_text(anchor) if anchor else None

            def link(to: int) -> str:
                return wanted.url(page=to, at=place if to > 1 else None)

            chart = charts.get_chart(
                connection,
                shown,
                at,
                running=line.facts.running > 0,
                scale=wanted.scale,
            )
            head = Head(
                shown.name,
                line.verdict.state.trouble,
                title(shown.name, [line.verdict], alone=True),
                line.until,
            )
            return head, {
                "project": shown,
                "line": line,
                "leads": leads(wanted.path),
                "chart": chart,
                "outlooks": {job.job_id: outlook(job, line.facts, chart, at) for job in page.rows},
                "tabs": tabs,
                "aside": listed.aside(tabs),
                "jobs": replace(page, anchor=place),
                "filter": wanted,
                "listed": listed,
                "chips": wanted.chips(query.stored_labels(connection, project_id)),
                "limit": limit_words(page.capped),
                "newest_href": wanted.url(),
                "pager": make_pager(
                    wanted.page, PAGE_SIZE, page.total - page.new, len(page.rows), link
                ),
            }

        slot, versions = (project_id, wanted), (shown.version, floor(at, MINUTE))
        read = reading_of(primary, shown, build, now=at)
        return answer("project", slot, versions, read, project=shown, now=at)


def _listed(
    connection: Connection, project: Project, wanted: TableFilter, at: int
) -> tuple[JobFilter, list[Tab], TableFilter]:
    """What the table reads, the tabs over it, and the filter by which that is listed."""
    query = wanted.to_query(at, project.silent_after).looked_up(connection, project.project_id)
    counts = jobs.count_jobs(connection, project, query, silent_since(at, project.silent_after))
    tabs = wanted.tabs(counts, graph=project.graph)
    listed = wanted.opened(tabs)
    if listed.aside(tabs):  # then nothing is sought that had to be looked up
        query = listed.to_query(at, project.silent_after)
    return query, tabs, listed


def _page_of(
    connection: Connection, project: Project, wanted: TableFilter, moment: int, at: int
) -> str:
    """The address of the page on which the list reaches the minute of a moment, and of its row."""
    query, _, _ = _listed(connection, project, wanted, at)

    def first(cursor: Cursor | None = None) -> JobPage[Job]:
        return jobs.list_jobs(
            connection, project, query, limit=1, now=at, reading=jobs.WHOLE, cursor=cursor
        )

    newest, there = first(), first(Cursor((floor(moment, MINUTE) + MINUTE, "")))
    number = min(there.offset, max(0, there.total - 1)) // PAGE_SIZE + 1
    anchor = key_text(newest.rows[0].key) if newest.rows and number > 1 else None
    row = f"#row-{quote(there.rows[0].job_id)}" if there.rows else ""
    return replace(wanted, order=None).url(page=number, at=anchor) + row
