"""`pixels_*`: from an acknowledged report to changed pixels, in a real browser."""

import json
import random
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from app.access.scopes import Scope
from app.rules.times import format_time
from bench.access import key_header, session_headers
from bench.bars import bar
from bench.databases import PROJECTS, SMALL
from bench.measure import Figures, Run, percentile
from bench.server import Server, serve
from screenshots import chromium

TIMES = 25  # reports, each seen on one page
IDLE, BUSY = PROJECTS[1], PROJECTS[2]
PAGES = ((f"/projects/{IDLE}", IDLE), (f"/projects/{BUSY}", BUSY), ("/", IDLE), ("/wall", IDLE))
AT_MOST = 15.0  # s
LOOK = 0.005  # s between two looks at the page


def measure(run: Run) -> Figures:
    """The project page, idle and with jobs that run; the overview; the wall: each TIMES times."""
    with (
        run.databases.scratch_sqlite(SMALL) as settings,
        serve("wsgi:app", settings) as server,
        sync_playwright() as playwright,
        _browser(chromium.launch(playwright)) as browser,
        bar("From a report to pixels") as progress,
    ):
        key = key_header(settings, Scope.WRITE)
        # A header of a page's own is not sent by what its scripts fetch: a cookie is.
        name, _, token = session_headers(settings, 1)[0]["Cookie"].partition("=")
        url = f"http://127.0.0.1:{server.port}"
        context = browser.new_context()
        context.add_cookies([{"name": name, "value": token, "url": url}])
        _report(server, key, BUSY, {"status": "running"})
        times = []
        for done, (path, project) in enumerate(PAGES):
            page = context.new_page()
            page.goto(url + path)
            for number in range(TIMES):
                progress(path, (done + number / TIMES) / len(PAGES))
                time.sleep(random.uniform(0.2, 2))  # whatever a poll is doing
                times.append(_seen(page, server, key, project))
            page.close()
    return {"pixels_p50_s": percentile(times, 50), "pixels_p99_s": percentile(times, 99)}


@contextmanager
def _browser(browser: Browser) -> Iterator[Browser]:
    try:
        yield browser
    finally:
        browser.close()


def _seen(page: Page, server: Server, key: dict[str, str], project: str) -> float:
    """Seconds from the answer to a report to the page that shows it."""
    board = page.locator("#live, #wall").first
    before = board.get_attribute("data-etag")
    acknowledged = _report(server, key, project, {"status": "completed"})
    while board.get_attribute("data-etag") == before:
        if time.monotonic() - acknowledged > AT_MOST:
            raise TimeoutError(f"{page.url} shows nothing new after {AT_MOST} s")
        time.sleep(LOOK)
    return time.monotonic() - acknowledged


def _report(server: Server, key: dict[str, str], project: str, body: dict[str, str]) -> float:
    """Report a new job; when that was acknowledged (of `time.monotonic`)."""
    at = time.time_ns() // 1000
    job = {
        "job_id": f"pixels-{at}",
        "source_doc_id": "a.pdf",
        "started_at": format_time(at),
        **body,
    }
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/api/v1/projects/{project}/jobs",
        json.dumps(job).encode(),
        {"Content-Type": "application/json", **key},
    )
    with urllib.request.urlopen(request, timeout=AT_MOST) as answer:
        answer.read()
    return time.monotonic()
