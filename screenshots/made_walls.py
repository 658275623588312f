"""Walls made up: so many projects, so many of them in trouble, with names that are hard to show.

What decides a state is tried elsewhere; this is for what a screen makes of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Flask, render_template
from markupsafe import Markup
from playwright.sync_api import Page, Route

from app.queries.projects import ProjectLine
from app.queries.views import CauseLine
from app.queries.wall import Closeup, Wall
from app.rules.job import Job
from app.rules.job_states import RUNNING as JOB_RUNNING
from app.rules.job_states import STALLED as JOB_STALLED
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.rules.verdicts import (
    EMPTY,
    FAILING,
    FINE,
    LATE,
    RUNNING,
    SOME_FAILURES,
    STALLED,
    Hour,
    ProjectFacts,
    ProjectState,
    Verdict,
)

NAMES = (
    "contracts",
    "wiki-and-handbook-knowledge-graph-production-eu-west-1-prime",
    "取締役会議事録と秘密保持契約の知識グラフ" * 3,
    "قاعدة المعرفة الدولية للإنتاج في المنطقة الغربية والشرقية ١٢٣",
    "🧾📚🏛️📄🔍 invoices and a library 🧾📚🏛️📄🔍 🧾📚🏛️📄🔍 to the end",
    "support mail",
    "ดัชนีเอกสารกฎหมายและสัญญาทั้งหมดของบริษัทในภูมิภาคเอเชียตะวันออก",
)
ADDRESS = "http://wall.test"
LONGEST = 60  # characters of a name
CAUSES = (
    "LLM API timeout after 3 retries",
    "Invalid extraction: missing required properties in chunk 14 of 88 (schema contract-v7, "
    "field obligations[3].party.registered_address)",
    "“取締役会議事録-2026-第四四半期-最終版.pdf” は暗号化されているため読み込めません",
    "Quota exceeded",
    "urllib3.exceptions.MaxRetryError:HTTPSConnectionPool(host='embeddings.internal',port=443)",
    "تعذر الاتصال بقاعدة البيانات: انتهت مهلة الاتصال بعد ثلاثين ثانية",
)
_TROUBLES = (FAILING, FAILING, STALLED, LATE)
_OTHERS = (RUNNING, FINE, FINE, SOME_FAILURES, FINE, EMPTY)


def made_lines(
    projects: int, troubles: int, now: int, names: Sequence[str] = NAMES
) -> list[ProjectLine]:
    """So many projects, worst first; the same every time."""
    lines = [_line(number, _state(number, troubles), now, names) for number in range(projects)]
    return sorted(lines, key=lambda line: line.verdict.state.rank)


def _state(number: int, troubles: int) -> ProjectState:
    if number < troubles:
        return _TROUBLES[number % len(_TROUBLES)]
    return _OTHERS[(number - troubles) % len(_OTHERS)]


def _line(number: int, state: ProjectState, now: int, names: Sequence[str]) -> ProjectLine:
    name = names[number % len(names)]
    if number >= len(names):
        name = f"{number} {name}"
    since = now - (23 * MINUTE, 3 * HOUR, 47 * HOUR, 9 * DAY)[number % 4]
    documents = (23, 1, 12_345, 7)[number % 4]
    verdict = Verdict(state, last_at=now - MINUTE)
    if state is FAILING:
        cause = CAUSES[number % len(CAUSES)]
        verdict = Verdict(state, since, documents, cause=cause, last_at=now - 12 * SECOND)
        verdict = replace(verdict, cause_id=number, cause_count=documents, causes=1)
    elif state is STALLED:
        verdict = Verdict(state, since, 1 + number % 3, last_at=since)
    elif state is LATE:
        verdict = Verdict(state, since, last_at=since - DAY)
    elif state is SOME_FAILURES:
        verdict = Verdict(state, now - DAY, documents, cause=CAUSES[0], last_at=now - HOUR)
        verdict = replace(verdict, cause_id=1, cause_count=documents, causes=1)
    elif state is RUNNING:
        verdict = Verdict(state, count=1 + number % 3)
    facts = ProjectFacts(
        project_id=f"p{number}",
        name=name[:LONGEST],
        mode="kg_vector",
        created_at=now - 60 * DAY,
        silent_after=15 * MINUTE,
        wait_after=15 * MINUTE,
        stalled=verdict.count if state is STALLED else 0,
        total=0 if state is EMPTY else 100,
        running=verdict.count if state in (RUNNING, STALLED) else 0,
        hours=made_hours(now),
    )
    return ProjectLine(facts, verdict)


def made_hours(now: int) -> tuple[Hour, ...]:
    """A day with failures at its end."""
    first = floor(now, HOUR) - 23 * HOUR
    return tuple(
        Hour(first + hour * HOUR, 900 + 37 * hour % 400, 140 * max(0, hour - 20))
        for hour in range(24)
    )


def made_closeup(line: ProjectLine, causes: int, running: int, now: int) -> Closeup:
    """A project that has a wall to itself, with so many causes and running jobs."""
    return Closeup(
        replace(line, facts=replace(line.facts, running=running)),
        causes=[
            CauseLine(
                cause=number,
                line=CAUSES[number % len(CAUSES)],
                job_id=f"j{number}",
                jobs=20,
                documents=max(1, 1200 // (number + 1)),
                first_at=now - DAY,
                last_at=now - 12 * SECOND,
                day=20,
                share=0.5,
            )
            for number in range(min(causes, 24))
        ],
        more_causes=max(0, causes - 24),
        running=[_job(number, now) for number in range(min(running, 24))],
        unnamed=max(0, running - 24),
    )


def _job(number: int, now: int) -> Job:
    silent = number % 5 == 4
    return Job(
        project_id="p0",
        job_id=f"j{number}",
        source_doc_id=f"s3://contracts/2026/{NAMES[number % len(NAMES)]}.pdf",
        status=JobStatus.RUNNING,
        state=JOB_STALLED if silent else JOB_RUNNING,
        chunks_processed=37 * (number + 1) % 640,
        chunks_total=None if number % 4 == 3 else 640,
        nodes_created=10,
        edges_created=20,
        created_at=now - HOUR,
        started_at=now - HOUR,
        completed_at=None,
        error_message=None,
        attempt=1,
        heard_at=now - (22 * MINUTE if silent else SECOND),
        received_at=now,
    )


def board_of(app: Flask, wall: Wall, now: int, asked: Sequence[str] = (), etag: str = "e") -> str:
    """The live part, as a poll gets it."""
    context: Mapping[str, object] = {
        "wall": wall,
        "asked": asked,
        "leads": True,
        "now": now,
        "etag": etag,
    }
    with app.test_request_context():
        return render_template("_wall.html", **context).strip()


def page_of(app: Flask, board: str) -> str:
    """The whole page around a live part."""
    with app.test_request_context():
        return render_template("wall.html", live=Markup(board), asked=())  # noqa: S704  from our own template


def show(page: Page, app: Flask, wall: Wall, now: int, asked: Sequence[str] = ()) -> None:
    """Show a wall in a browser without a server: its files are ours, its polls change nothing."""
    html = page_of(app, board_of(app, wall, now, asked))
    client = app.test_client()

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(ADDRESS)
        if path == "/wall":
            route.fulfill(body=html, content_type="text/html; charset=utf-8")
        elif path.startswith("/wall/"):
            route.fulfill(status=304)
        else:
            found = client.get(path)
            route.fulfill(body=found.data, content_type=found.content_type)

    page.unroute_all()
    page.route(f"{ADDRESS}/**", answer)
    page.goto(f"{ADDRESS}/wall")
