"""`crowd_*` and `memory_mb_*`: a thousand open dashboards while reports come in."""

import asyncio
import itertools
import json
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import mean

from app.access.scopes import Scope
from app.clock import now
from app.rules.times import format_time
from bench.access import key_header, session_headers
from bench.bars import Progress, bar
from bench.browsers import PATIENCE, Answer, Browser
from bench.databases import PROJECTS, SMALL, Settings
from bench.measure import Figures, Run, percentile
from bench.server import Server, serve

DASHBOARDS, WALLS, PIPELINES = 1000, 20, 20
BUSY = PROJECTS[:5]
PACE = 2.0  # s between the polls of one dashboard or wall which asks and asks
WAIT = 4  # s that a poll of a dashboard as it is waits for a change
WAITING_PACE = 1.2  # s between an answer and such a poll
REPORTS_PER_SECOND = 200
WARM_UP = 10.0  # s in which the dashboards are opened; nothing of it counts


@dataclass
class Seen:
    """What all clients saw since the warm-up ended."""

    counting: bool = False
    times: list[float] = field(default_factory=list)
    """Of all polls; of one that failed, how long it was waited for."""
    quiet: list[bool] = field(default_factory=list)
    """Of every poll in a quiet project within the minute of its ETag: was it a 304?"""
    busy: list[bool] = field(default_factory=list)
    errors: int = 0
    turns: int = 0
    """Polls in quiet projects after a minute had begun, whose ETag holds the minute."""
    report_times: list[float] = field(default_factory=list)
    acknowledged: int = 0
    cpu: float = 0.0
    """What the server used meanwhile, s."""

    def failed(self, times: list[float], took: float) -> None:
        """Count an error, if it is time to count."""
        if self.counting:
            self.errors += 1
            times.append(took)

    def answered(self, project: str | None, answer: Answer, took: float, *, fresh: bool) -> None:
        """Count a poll; `fresh`: it was sent and answered in the minute of its ETag."""
        if not self.counting:
            return
        self.times.append(took)
        if project in BUSY:
            self.busy.append(answer.status == 304)
        elif project is not None and fresh:
            self.quiet.append(answer.status == 304)
        elif project is not None:
            self.turns += 1


def measure(run: Run) -> Figures:
    """The crowd before 1,000 jobs (for its memory alone) and before the run's size.

    There also as dashboards are, each poll of which waits for a change.
    """
    figures: Figures = {}
    for size, name in ((SMALL, "1000"), (run.size, "size")):
        with (
            run.databases.scratch_sqlite(size) as settings,
            serve("wsgi:app", settings) as server,
            bar(f"A crowd, {size:,} jobs") as progress,
        ):
            figures[f"memory_mb_idle_{name}"] = server.memory()
            asks = asyncio.run(_gather(server, settings, run.seconds, progress))
            figures[f"memory_mb_crowd_{name}"] = server.memory()
            if size == run.size:
                waits = asyncio.run(_gather(server, settings, run.seconds, progress, wait=WAIT))
    return figures | _figures(asks, run.seconds) | _figures_of_waiting(waits, asks, run.seconds)


def _figures_of_waiting(waits: Seen, asks: Seen, seconds: int) -> Figures:
    return {
        "crowd_waiting_errors": waits.errors,
        "crowd_waiting_polls_per_s": len(waits.times) / seconds,
        "crowd_waiting_cpu": waits.cpu / asks.cpu,
        "crowd_waiting_report_p99_ms": percentile(waits.report_times, 99) * 1000,
    }


def _figures(seen: Seen, seconds: int) -> Figures:
    return {
        "crowd_p50_ms": percentile(seen.times, 50) * 1000,
        "crowd_p99_ms": percentile(seen.times, 99) * 1000,
        "crowd_errors": seen.errors,
        "crowd_polls_per_s": len(seen.times) / seconds,
        "crowd_304_quiet": mean(seen.quiet or [False]),
        "crowd_304_busy": mean(seen.busy or [False]),
        "crowd_minute_turns": seen.turns,
        "crowd_reports_per_s": seen.acknowledged / seconds,
        "crowd_report_p99_ms": percentile(seen.report_times, 99) * 1000,
    }


async def _gather(
    server: Server, settings: Settings, seconds: int, progress: Progress, wait: int = 0
) -> Seen:
    """Open everything, warm up, count for so many seconds, close everything.

    A poll of these dashboards waits so many seconds for a change.
    """
    seen = Seen()
    sessions = session_headers(settings, DASHBOARDS + WALLS)
    key = key_header(settings, Scope.WRITE)
    clients = []
    for number, session in enumerate(sessions):
        delay = WARM_UP * 0.8 * number / len(sessions)
        project = PROJECTS[number % len(PROJECTS)] if number < DASHBOARDS else None
        clients.append(
            asyncio.create_task(_watch(server.port, session, project, delay, seen, wait=wait))
        )
    for number in range(PIPELINES):
        clients.append(asyncio.create_task(_report(server.port, key, number, seen)))
    end = time.monotonic() + WARM_UP + seconds
    while (left := end - time.monotonic()) > 0:
        if left <= seconds and not seen.counting:
            seen.counting, seen.cpu = True, -server.cpu()
        progress("counting" if seen.counting else "warming up", 1 - left / (WARM_UP + seconds))
        await asyncio.sleep(0.1)
    seen.counting = False
    seen.cpu += server.cpu()
    for client in clients:
        client.cancel()
    await asyncio.gather(*clients, return_exceptions=True)
    return seen


async def _watch(
    port: int, session: dict[str, str], project: str | None, delay: float, seen: Seen, *, wait: int
) -> None:
    """A dashboard of a project, or (None) a wall: poll, keep the ETag, poll again."""
    browser, etag, etag_minute = Browser(port, PATIENCE + wait), "", -1.0
    path = "/wall/board" if project is None else f"/projects/{project}"
    headers = session if project is None else session | {"HX-Request-Type": "partial"}
    if wait:
        headers = headers | {"Prefer": f"wait={wait}"}
    await asyncio.sleep(delay)
    due: float = time.monotonic()
    failures = 0
    try:
        while True:
            minute, began = time.time() // 60, time.perf_counter()
            asked = headers | {"If-None-Match": etag} if etag else headers
            try:
                answer = await browser.ask("GET", path, asked)
                failed = answer.status not in (200, 304)
            except OSError:
                failed = True
            took = time.perf_counter() - began
            if failed:
                seen.failed(seen.times, took)
                failures += 1
                # As the dashboard's script waits.
                due = time.monotonic() + min(15.0, 2.0 ** (failures - 1)) * random.uniform(0.75, 1)
            else:
                failures = 0
                one_minute = minute == time.time() // 60
                seen.answered(project, answer, took, fresh=one_minute and minute == etag_minute)
                if answer.status == 200:
                    etag, etag_minute = answer.etag, minute if one_minute else -1.0
                at = time.monotonic()
                due = at + WAITING_PACE if wait else max(due + PACE, at)
            await asyncio.sleep(due - time.monotonic())
    finally:
        browser.close()


async def _report(port: int, key: dict[str, str], number: int, seen: Seen) -> None:
    """A pipeline: one report after the other, as many a second as it has to."""
    browser, due = Browser(port), time.monotonic()
    path = f"/api/v1/projects/{BUSY[number % len(BUSY)]}/jobs"
    try:
        for method, job, body in _reports(number):
            target = path if method == "POST" else f"{path}/{job}"
            began = time.perf_counter()
            try:
                answer = await browser.ask(method, target, key, json.dumps(body).encode())
            except OSError:
                seen.failed(seen.report_times, time.perf_counter() - began)
            else:
                took = time.perf_counter() - began
                if answer.status not in (200, 201):
                    seen.failed(seen.report_times, took)
                elif seen.counting:
                    seen.acknowledged += 1
                    seen.report_times.append(took)
            due += PIPELINES / REPORTS_PER_SECOND
            await asyncio.sleep(max(0.0, due - time.monotonic()))
    finally:
        browser.close()


def _reports(number: int) -> Iterator[tuple[str, str, dict[str, object]]]:
    """The lives of one job after the other: begun, twice further, ended (one in 20 failed)."""
    for turn in itertools.count():
        job = f"crowd-{number}-{turn}"
        yield (
            "POST",
            job,
            {
                "job_id": job,
                "source_doc_id": f"contracts/lease-{turn:07}.pdf",
                "status": "running",
                "started_at": format_time(now()),
                "chunks_total": 40,
            },
        )
        for chunks in (10, 30):
            yield "PATCH", job, {"chunks_processed": chunks, "nodes_created": 3 * chunks}
        if turn % 20 == 19:
            yield "PATCH", job, {"status": "failed", "error_message": "EOF marker not found"}
        else:
            yield "PATCH", job, {"status": "completed", "chunks_processed": 40}
