"""`wall_*`: what a wall of 1,000 projects costs the server, unchanged and made anew."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.projects import change_project
from app.ledger.record import record
from app.ledger.report import Report
from app.queries.projects import list_projects
from app.rules.project import Project
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE
from app.store.database import reading
from bench.access import key_header, session_headers
from bench.bars import bar
from bench.cpu import LIST, REQUESTS, cpu_of
from bench.databases import Settings
from bench.history import ERRORS
from bench.measure import Figures, Run
from bench.server import CACHE_OFF, Client, Server, serve, serve_constant

PROJECTS, FEW_PROJECTS = 1000, 10
IN_TROUBLE = 33  # one project of so many: failing, stalled and late in turn
ROUNDS = 5
CHANGES = 10  # reports in a round, with a poll after each
PAGE, BOARD = "/wall", "/wall/board"
MARGIN = 10  # s before a minute ends in which no round begins: a board's ETag holds the minute


def measure(run: Run) -> Figures:
    """CPU per poll: unchanged over the constant, made anew over a wall of 10 projects.

    Made anew after a report about one project, and with every project judged anew.
    """
    with ExitStack() as stack, bar("Walls of 10 and 1,000 projects") as progress:
        many, few = (Poller(run.databases.wide(size), stack) for size in (PROJECTS, FEW_PROJECTS))
        forgetful = Poller(run.databases.wide(PROJECTS), stack, keeps=False)
        constant = stack.enter_context(serve_constant(many.list_of_50(), many.settings))
        known = Client(constant)
        kinds: dict[str, tuple[Server, Callable[[], object], int]] = {
            "constant": (constant, lambda: known.get(LIST), REQUESTS),
            "unchanged": (many.server, many.poll_unchanged, REQUESTS),
            "anew": (many.server, many.poll_anew, CHANGES),
            "few anew": (few.server, few.poll_anew, CHANGES),
            "all anew": (forgetful.server, forgetful.poll_anew, CHANGES),
        }
        costs: dict[str, list[float]] = {kind: [] for kind in kinds}
        for turn in range(ROUNDS + 1):  # the first only warms up
            for kind, (server, ask, requests) in kinds.items():
                progress(kind, turn / (ROUNDS + 1))
                for poller in (many, few, forgetful):
                    poller.keep_up()
                measured = cpu_of(server, ask, requests)
                if turn:
                    costs[kind].append(measured)
    cost = {kind: median(each) for kind, each in costs.items()}
    return {
        "wall_1000_304": cost["unchanged"] / cost["constant"],
        "wall_1000_changed": cost["anew"] / cost["few anew"],
        "wall_1000_ms": cost["anew"] * 1000,
        "wall_1000_minute_ms": cost["all anew"] * 1000,
        "wall_10_ms": cost["few anew"] * 1000,
        "wall_1000_kb": many.bytes / 1000,
    }


class Poller:
    """A wall's script, signed in, before a server of its own; and a pipeline that reports.

    The reports are recorded in this process, so that they do not count as the server's.
    """

    def __init__(self, settings: Settings, stack: ExitStack, *, keeps: bool = True) -> None:
        self.settings = settings
        self.server = stack.enter_context(
            serve("wsgi:app", settings if keeps else {**settings, **CACHE_OFF})
        )
        self._app = create_app(read(settings))
        with self._app.app_context():
            self._projects = make_trouble()
        self._client = Client(
            self.server, session_headers(settings, 1)[0] | {"Accept-Encoding": "gzip"}
        )
        self._etag = ""
        self.bytes = 0
        """Of the last board, packed."""

    def list_of_50(self) -> bytes:
        """The list that `cpu_*` is about."""
        return Client(self.server, key_header(self.settings)).get(LIST)

    def keep_up(self) -> None:
        """Get the board of a minute that is not over soon."""
        left = 60 - time.time() % 60
        if left < MARGIN:
            time.sleep(left)
        self._etag = ""
        self._poll()

    def poll_unchanged(self) -> None:
        """Poll; raises OSError unless that is answered with a 304."""
        self._client.get(BOARD, 304, **{"If-None-Match": self._etag})

    def poll_anew(self) -> None:
        """Record the report of a job, then load the page with the board in it.

        Not the board alone: of that a poller may get the last one for as long as it is spared.
        """
        report = Report(job_id=f"wide-{now()}", source_doc_id="a.pdf", status=JobStatus.COMPLETED)
        with self._app.app_context():
            record(self._projects[0], [report], now=now())
        self._client.get(PAGE, 200)

    def _poll(self) -> None:
        self.bytes = len(self._client.get(BOARD, 200, **{"If-None-Match": self._etag}))
        self._etag = self._client.answered["ETag"]


def make_trouble() -> list[Project]:
    """Let one project of 33 fail, fall silent or be late; gives all projects."""
    with reading() as connection:
        projects = list_projects(connection)
    for number, project in enumerate(projects[1::IN_TROUBLE]):
        _TROUBLES[number % len(_TROUBLES)](project)
    return projects


def _fail(project: Project) -> None:
    reports = [
        Report(
            job_id=f"failed-{number}",
            source_doc_id=f"{number}.pdf",
            status=JobStatus.FAILED,
            error_message=error,
        )
        for number, error in enumerate(ERRORS)
    ]
    record(project, reports, now=now())


def _fall_silent(project: Project) -> None:
    report = Report(job_id="silent", source_doc_id="silent.pdf", status=JobStatus.RUNNING)
    record(project, [report], now=now() - HOUR)


def _be_late(project: Project) -> None:
    change_project(project.project_id, {"expect_every": MINUTE})


_TROUBLES = (_fail, _fall_silent, _be_late)
