"""Summaries: what the pages and the wall say of projects, for scripts to ask."""

from collections.abc import Callable
from typing import Any

import orjson
from flask import Response
from sqlalchemy import Connection

from app.api import blueprint
from app.api.answers import VARY, json_answer
from app.api.operations import operation
from app.api.requests import open_everything, open_project
from app.clock import now
from app.queries import board, causes, charts, projects
from app.queries.projects import ProjectLine
from app.queries.standby import reading_of
from app.queries.views import Chart
from app.rules.causes import cause_name, remedy_of
from app.rules.sentences import plain
from app.rules.times import DAY, MINUTE, floor, format_time
from app.rules.verdicts import Verdict
from app.rules.words import age
from app.store.database import reading
from app.store.nodes import Away
from app.web.cache import Made, body_of, serve
from app.web.etags import Versions, lasting, not_modified, still_known, versioned_etag
from app.web.formatters import clock, short_time

MOST_CAUSES = 5
_SPOKEN = {"ago": "{} ago", "age": "{}", "for": "for {}", "paren": " ({})"}

Body = dict[str, Any]


@blueprint.get("/summary")
@operation(
    "Say how all projects stand that the key may see, the worst first",
    answers={200: ("The summaries", "Summaries")},
)
def get_summaries() -> Response:
    """What the overview says; 304 where nothing changed, after one statement.

    Where a part of the database does not answer, it is of the others, and says so.
    """
    at = now()
    with reading() as connection:
        visit = open_everything(connection)
        only, away = visit.grant.project_id, visit.away

        def build() -> tuple[Body, int | None]:
            lines, until = board.look(connection, at, only and [only])
            lines = board.with_hours(connection, at, lines)
            summaries = [_summary(line, at) | {"causes": _blamed(line.verdict)} for line in lines]
            return {"projects": summaries, "unanswered": away and _unanswered(away)}, until

        return _answer(("summaries", only, away), visit.versions, build, at)


@blueprint.get("/projects/<id:project_id>/summary")
@operation("Say how a project stands", answers={200: ("The summary", "Summary")})
def get_summary(project_id: str) -> Response:
    """What the project's page says; 304 where nothing changed, after one statement."""
    at = now()
    with reading() as primary:
        project = open_project(primary, project_id)

        def build(connection: Connection) -> tuple[Body, int | None]:
            [line] = projects.list_lines(connection, at, project_id)
            running = line.facts.running > 0
            chart = charts.get_chart(connection, project, at, running=running)
            worst, _ = causes.list_worst(connection, project_id, MOST_CAUSES)
            more = {
                "pace": _pace(chart),
                "causes": [_cause(one.name, one.line, one.documents) for one in worst],
            }
            return _summary(line, at) | more, line.until

        read = reading_of(primary, project, build, now=at)
        return _answer(("summary", project_id), (project.version,), read, at)


def _answer(
    slot: tuple[object, ...],
    versions: Versions,
    build: Callable[[], tuple[Body, int | None]],
    at: int,
) -> Response:
    """The body that is built, made once for all who ask; what was said for `at` (µs) says so."""
    versions = (*versions, floor(at, MINUTE))
    if known := still_known(versioned_etag(slot, versions), at):
        return not_modified(known, VARY)

    def make(etag: str) -> Made:
        body, until = build()
        text = orjson.dumps(body | {"as_of": format_time(at)})
        return Made(text, None, lasting(etag, until), until)

    kept = serve(slot, versions, make, now=at)
    body, encoding = body_of(slot, kept)
    return json_answer(body, headers={"ETag": kept.etag, **encoding})


def _unanswered(away: Away) -> Body:
    """What is missing among the projects: how many, None where nobody knows, and since when."""
    return {"projects": away.projects, "since": format_time(away.since)}


def _summary(line: ProjectLine, at: int) -> Body:
    facts = line.facts
    return {
        "project_id": facts.project_id,
        "name": facts.name,
        **_said(line, line.verdict, at),
        "also": [_said(line, one, at) for one in line.beside],
        "counts": {
            "pending": facts.waiting,
            "running": facts.running,
            "completed": facts.completed,
            "failed": facts.total - facts.waiting - facts.running - facts.completed,
            "empty": facts.empty,
            "stalled": facts.stalled + facts.unmoved,
            "failing_documents": facts.failing,
        },
        "last_24h": {
            "completed": sum(hour.completed for hour in facts.hours),
            "failed": sum(hour.failed for hour in facts.hours),
        },
        "last_job_at": _moment(facts.last_created_at),
        "drained_at": _moment(line.verdict.until),
    }


def _said(line: ProjectLine, verdict: Verdict, at: int) -> Body:
    return {
        "state": verdict.state.name,
        "trouble": verdict.state.trouble,
        "since": _moment(verdict.since),
        "sentence": plain(
            verdict.state.sentence(verdict, line.facts),
            lambda moment, style: _told(moment, style, at),
        ),
    }


def _told(micros: int, style: str, now: int) -> str:
    """A time in a text that nobody writes anew: with its day, if that is over."""
    if style not in _SPOKEN:
        today = floor(micros, DAY) == floor(now, DAY)
        return clock(micros) if today else f"{short_time(micros)} UTC"
    return _SPOKEN[style].format(age(now - micros))


def _pace(chart: Chart) -> Body:
    """What jobs take, in seconds, of those that ended since a moment."""
    return {
        "since": _moment(chart.lately if chart.of_now else chart.bars[0].start),
        "median_seconds": chart.median,
        "p95_seconds": chart.p95,
        "seconds_per_chunk": chart.seconds_per_chunk,
        "chunks_per_minute": chart.chunks_per_minute,
    }


def _cause(name: str, error: str, documents: int) -> Body:
    return {"cause": name, "error": error, "documents": documents, "remedy": remedy_of(error)}


def _blamed(verdict: Verdict) -> list[Body]:
    """The cause that a verdict names."""
    if verdict.cause is None or verdict.cause_id is None:
        return []
    return [_cause(cause_name(verdict.cause_id), verdict.cause, verdict.cause_count)]


def _moment(at: int | None) -> str | None:
    return None if at is None else format_time(at)
