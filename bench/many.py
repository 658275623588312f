"""`projects_10k_*`: a board of 10,000 projects, of which 100 change each second.

Somebody has the overview open and somebody the wall; each poll waits for a change, as in a browser.
More than a minute is counted, for within one all projects are judged anew.
"""

import threading
import time
from contextlib import ExitStack
from random import Random

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.record import record
from app.ledger.report import Report
from app.queries.projects import list_projects
from app.rules.status import JobStatus
from app.store.database import db, reading
from bench.access import session_headers
from bench.bars import Progress, bar
from bench.databases import Settings
from bench.measure import Figures, Run
from bench.server import Client, Server, serve

PROJECTS, FEW_PROJECTS = 10_000, 10
CHANGES = 100  # projects that change in a second
SECONDS = 75.0
WARM_UP = 10.0  # s
WAIT = 4  # s that a poll waits for a change
PACE = 1.2  # s between an answer and the next poll
POLLED = ("/", "/wall/board")


def measure(run: Run) -> Figures:
    """CPU a second of the server, and how much more memory it takes than one of 10 projects."""
    memory = {}
    with ExitStack() as stack, bar("10,000 projects") as progress:
        for size in (FEW_PROJECTS, PROJECTS):
            settings = run.databases.wide(size)
            server = stack.enter_context(serve("wsgi:app", {**settings, "WORKERS": "1"}))
            watched = Watched(server, settings)
            few = size == FEW_PROJECTS
            cpu = watched.count(0 if few else CHANGES, 0 if few else SECONDS, progress)
            memory[size] = server.memory()
    return {
        "projects_10k_cpu_ms": cpu * 1000,
        "projects_10k_mb": memory[PROJECTS] - memory[FEW_PROJECTS],
        "projects_10k_refused": watched.refused,
        "projects_10k_new_s": SECONDS * len(POLLED) / max(1, watched.new),
    }


class Watched:
    """A board whose overview and wall are polled, and pipelines that report to it.

    They report in this process, so that they do not count as the server's.
    """

    def __init__(self, server: Server, settings: Settings) -> None:
        self.new = 0
        """How many polls found something new."""
        self.refused = 0
        """How many polls were told to come again: all projects are judged in several requests."""
        self._server = server
        self._settings = settings
        self._headers = session_headers(settings, 1)[0] | {"Accept-Encoding": "gzip"}
        self._ended = threading.Event()

    def count(self, changes: int, seconds: float, progress: Progress) -> float:
        """The CPU (s) of the server in a second."""
        pollers = [threading.Thread(target=self._poll, args=(path,)) for path in POLLED]
        pipelines = threading.Thread(target=self._report, args=(changes,))
        for thread in (*pollers, pipelines):
            thread.start()
        try:
            self._wait(WARM_UP, progress, "warming up", 0.0)
            self.new = self.refused = 0
            before, began = self._server.cpu(), time.monotonic()
            self._wait(seconds, progress, f"{changes} changes a second", 0.5)
            return (self._server.cpu() - before) / (time.monotonic() - began)
        finally:
            self._ended.set()
            for thread in (*pollers, pipelines):
                thread.join()

    def _wait(self, seconds: float, progress: Progress, words: str, share: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            progress(words, share + (1 - left / seconds) / 2)
            time.sleep(min(left, 1.0))

    def _poll(self, path: str) -> None:
        client, etag = Client(self._server, self._headers), ""
        client.headers |= {"HX-Request-Type": "partial", "Prefer": f"wait={WAIT}"}
        while not self._ended.is_set():
            try:
                client.get(path, 200, **({"If-None-Match": etag} if etag else {}))
            except OSError:
                if client.status not in (304, 503):
                    raise
                self.refused += client.status == 503
            else:
                self.new += 1
            etag = client.answered.get("ETag", "")
            self._ended.wait(PACE)

    def _report(self, changes: int) -> None:
        if not changes:
            return
        random = Random(7)
        with create_app(read(self._settings)).app_context():
            with reading() as connection:
                projects = list_projects(connection)
            began, number = time.monotonic(), 0
            while not self._ended.wait(max(0.0, began + number / changes - time.monotonic())):
                number += 1
                report = Report(
                    job_id=f"many-{now()}", source_doc_id="a.pdf", status=JobStatus.COMPLETED
                )
                record(random.choice(projects), [report], now=now())
            db.engine.dispose()
