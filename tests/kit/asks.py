"""Every route with what is asked of it, and how many statements each answer costs."""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.access.keys import create_key
from app.access.scopes import Scope
from app.config import read
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.rules.causes import cause_name, cause_of
from app.rules.status import JobStatus
from app.rules.times import MINUTE, SECOND, format_time
from app.store.database import db, writing
from tests.kit.forms import form_of, sign_in
from tests.kit.recording import record
from tests.kit.statements import statements

CLOCK = 1_790_000_000 * SECOND
PART = {"HX-Request-Type": "partial"}


@dataclass
class Store:
    """A store of some size, and what a request to it is made of."""

    app: Flask  # keeps no pages
    cached: Flask
    key: str
    jobs: int

    def fill(self, path: str) -> str:
        """A path with this store's own values."""
        return path.format(
            last=self.jobs - 1,
            day=format_time(CLOCK)[:10],
            since=format_time(CLOCK - 2 * MINUTE),
            until=format_time(CLOCK + SECOND),
            at=f"{CLOCK - (self.jobs - 1) * SECOND}~j{self.jobs - 1}",
        )

    def visitor(self, app: Flask) -> FlaskClient:
        """A browser that is signed in."""
        client = app.test_client()
        assert sign_in(client, key=self.key).status_code == 303
        return client


def make_store(settings: dict[str, str], projects: int, jobs: int) -> Store:
    """A store of so many projects and one more, two of which have so many jobs."""
    app = create_app(read(settings | {"CACHE_MB": "0"}))
    with app.app_context():
        for project_id in ("own", *(f"p{number}" for number in range(1, projects + 1))):
            create_project(project_id, name=project_id, mode="kg_vector", now=CLOCK)
            amount = jobs if project_id in ("own", "p1") else 3
            record(project_id, [report(item) for item in range(amount)], now=CLOCK)
        with writing() as connection:
            key = create_key(connection, name="k", scope=Scope.ADMIN, now=CLOCK).text
    return Store(app, create_app(read(settings)), key, jobs)


def report(number: int) -> Report:
    """Failed, empty and silent in turn; one a second, the first the newest."""
    created = CLOCK - number * SECOND
    return Report(
        job_id=f"j{number}",
        source_doc_id=f"doc-{number}",
        status=(JobStatus.FAILED, JobStatus.RUNNING, JobStatus.COMPLETED)[number % 3],
        created_at=created,
        started_at=created,
        completed_at=created,
        chunks_processed=3,
        error_message="it broke",
    )


@dataclass(frozen=True)
class Ask:
    """A request and the number of its statements; `json` and `form` make its body.

    To SQLite it may be so many more that walk to a place in the list.
    """

    path: str
    statements: int
    method: str = "GET"
    status: int = 200
    part: bool = False
    walks: int = 0
    json: Callable[[Store], object] | None = None
    form: Callable[[Store], dict[str, str]] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}{' (part)' if self.part else ''}"

    def send(self, store: Store, client: FlaskClient, etag: str | None = None):
        headers = {"Authorization": f"Bearer {store.key}"} | (PART if self.part else {})
        if etag is not None:
            headers["If-None-Match"] = etag
        more: dict[str, object] = {}
        if self.json is not None:
            more["json"] = self.json(store)
        if self.form is not None:
            more["data"] = {**form_of(client), **self.form(store)}
        with client.application.app_context():
            engine = db.engine
        with statements(engine) as heard:
            answer = client.open(store.fill(self.path), method=self.method, headers=headers, **more)
            assert answer.data is not None  # what is streamed asks while it is read
        return answer, heard


def new_jobs(store: Store) -> dict[str, object]:
    """As many new jobs as the project has."""
    jobs = [{"job_id": f"new-{item}", "source_doc_id": "d"} for item in range(store.jobs)]
    return {"jobs": jobs}


def job_of() -> dict[str, object]:
    """An event of OpenLineage of a job."""
    return {"eventTime": "2026-11-20T03:00:00Z", "job": {"namespace": "own", "name": "d"}}


def run_of(number: int) -> dict[str, object]:
    """What makes it one of a run."""
    return {"eventType": "START", "run": {"runId": str(UUID(int=number))}}


def new_failures(store: Store) -> dict[str, object]:
    """As many failures as the project has jobs, for two reasons."""
    jobs = [
        {
            "job_id": f"failed-{item}",
            "source_doc_id": f"d{item}",
            "status": "failed",
            "error_message": ("it broke", "it is torn")[item % 2],
        }
        for item in range(store.jobs)
    ]
    return {"jobs": jobs}


def new_attempts(store: Store) -> dict[str, object]:
    """A new attempt of each job that the project began with."""
    jobs = [
        {"job_id": f"j{number}", "status": "failed", "attempt": 7} for number in range(store.jobs)
    ]
    return {"jobs": jobs}


def new_project(store: Store) -> dict[str, object]:
    return {"name": "another", "mode": "kg_vector"}


MOST_DOUBTS = 9  # what is asked of projects in doubt, whether one or a thousand
LIST = "/api/v1/projects/p1/jobs"
OWN = "/api/v1/projects/own/jobs"  # for what changes jobs, which no other answer shows
PAGE = "/projects/p1"
OWN_PAGE = "/projects/own"
SETTINGS = {"name": "own", "silent_after": "15m", "wait_after": "15m"}
CAUSE = cause_name(cause_of("it broke"))
BETWEEN = "since={since}&until={until}"
ASKS: dict[str, list[Ask]] = {
    "api.get_jobs": [
        Ask(LIST, 2),
        Ask(f"{LIST}?limit=1&offset={{last}}", 3, walks=3),
        Ask(f"{LIST}?{BETWEEN}", 4),
        Ask(f"{LIST}?status=failed", 2),
        Ask(f"{LIST}?status=failed&status=running", 2),
        Ask(f"{LIST}?status=failed&status=running&{BETWEEN}", 4),
        Ask(f"{LIST}?q=doc", 7),
        Ask(f"{LIST}?q=doc&status=failed&{BETWEEN}", 8),
        Ask(f"{LIST}?q=nothing", 6),
        Ask(f"{LIST}?document=doc-0", 3),
        Ask(f"{LIST}?cause={CAUSE}", 3),
        Ask(f"{LIST}?finished={{day}}&longer=1s", 3),
        Ask(f"{LIST}?finished={{day}}&stalled=1", 3),
        Ask(f"{LIST}?empty=1", 2),
        Ask(f"{LIST}?q=doc-0&document=doc-0&cause={CAUSE}&finished={{day}}&status=failed", 8),
        Ask(f"{LIST}?offset=99999", 1),
        Ask(f"{LIST}?limit=1&cursor=older~9000000000000000~j", 3),
        Ask(f"{LIST}?limit=1&cursor=newer~1~j&status=failed", 3),
        Ask(f"{LIST}?cursor=older~1~j", 2),
        Ask(f"{LIST}?cursor=older~9000000000000000~j&{BETWEEN}", 5),
        Ask(f"{LIST}?cursor=older~9000000000000000~j&q=doc", 7),
        Ask("/api/v1/projects/none/jobs", 1, status=404),
    ],
    "api.get_job": [Ask(f"{LIST}/j1", 2), Ask(f"{LIST}/none", 2, status=404)],
    "api.post_job": [
        Ask(OWN, 5, "POST", 201, json=lambda _: {"source_doc_id": "d"}),
        Ask(OWN, 2, "POST", json=lambda _: {"job_id": "j0", "source_doc_id": "doc-0"}),
    ],
    "api.patch_job": [Ask(f"{OWN}/j0", 2, "PATCH", json=lambda _: {})],
    "api.post_bulk": [
        Ask(f"{OWN}/bulk", 5, "POST", json=new_jobs),
        Ask(f"{OWN}/bulk", 14, "POST", json=new_failures),
        Ask(f"{OWN}/bulk", 20, "POST", json=new_attempts),
    ],
    "api.post_lineage": [
        Ask("/api/v1/lineage?project_id=own", 6, "POST", 201, json=lambda _: job_of() | run_of(1)),
        Ask("/api/v1/lineage", 8, "POST", 201, json=lambda _: job_of() | run_of(1000)),
        Ask("/api/v1/lineage?project_id=own", 1, "POST", json=lambda _: job_of()),
    ],
    "api.post_lineage_batch": [
        Ask(
            "/api/v1/lineage/batch?project_id=own",
            6,
            "POST",
            json=lambda store: [job_of() | run_of(item) for item in range(2, 2 + store.jobs)],
        )
    ],
    "api.get_openapi": [Ask("/api/v1/openapi.json", 0)],
    "api.get_projects": [Ask("/api/v1/projects", 2), Ask("/api/v1/projects?limit=1", 3)],
    "api.get_summaries": [Ask("/api/v1/summary", 5)],
    "api.get_summary": [Ask("/api/v1/projects/p1/summary", 9)],
    "api.get_project": [Ask("/api/v1/projects/p1", 1)],
    "api.post_project": [Ask("/api/v1/projects", 3, "POST", 201, json=new_project)],
    "sign_in.form": [Ask("/sign-in", 0)],
    "sign_in.start_session": [
        Ask("/sign-in", 6, "POST", 303, form=lambda store: {"key": store.key}),
        Ask("/sign-in", 1, "POST", 403, form=lambda store: {"key": "none"}),
        Ask("/sign-in", 1, "POST", 403, form=lambda store: {"token": "none"}),
    ],
    "sign_in.sign_out": [Ask("/sign-out", 1, "POST", 303, form=lambda _: {})],
    "dashboard.overview": [
        Ask("/", 6),
        Ask("/", 6, part=True),
        Ask("/?q=p1&state=failing&page=2", 5),
    ],
    "dashboard.project": [
        Ask(PAGE, 9),
        Ask(PAGE, 9, part=True),
        Ask(f"{PAGE}?at={{at}}", 11, part=True, walks=3),
        Ask(f"{PAGE}?{BETWEEN}", 13),
        Ask(f"{PAGE}?status=failed", 9),
        Ask(f"{PAGE}?empty=1", 9),
        Ask(f"{PAGE}?stalled=1", 9),
        Ask(f"{PAGE}?q=doc", 14),
        Ask(f"{PAGE}?q=doc&at={{at}}", 14, part=True),
        Ask(f"{PAGE}?document=doc-0", 10),
        Ask(f"{PAGE}?cause={CAUSE}&finished={{day}}", 13),
        Ask(f"{PAGE}?longer=1m&stalled=1", 10),
        Ask(f"{PAGE}?sort=started", 10),
        Ask(f"{PAGE}?time={{until}}", 5, status=302),
        Ask(f"{PAGE}?sort=duration&order=asc&status=failed", 10),
        Ask("/projects/none", 1, status=404),
    ],
    "dashboard.jobs_csv": [
        Ask(f"{PAGE}/jobs.csv", 2),
        Ask(f"{PAGE}/jobs.csv?status=failed&{BETWEEN}", 2),
        Ask(f"{PAGE}/jobs.csv?document=doc-0", 3),
        Ask(f"{PAGE}/jobs.csv?q=doc", 7),
        Ask("/projects/none/jobs.csv", 1, status=404),
    ],
    "dashboard.jobs_ndjson": [
        Ask(f"{PAGE}/jobs.ndjson", 2),
        Ask(f"{PAGE}/jobs.ndjson?cause={CAUSE}", 3),
        Ask("/projects/none/jobs.ndjson", 1, status=404),
    ],
    "dashboard.job": [
        Ask(f"{PAGE}/jobs/j0", 6),
        Ask(f"{PAGE}/jobs/j0", 6, part=True),
        Ask(f"{PAGE}/jobs/j1", 8),  # it runs: two more say how long others took
        Ask(f"{PAGE}/jobs/none", 1, status=404),
    ],
    "dashboard.project_settings": [
        Ask(f"{PAGE}/settings", 3),
        Ask("/projects/none/settings", 1, status=404),
    ],
    "dashboard.report": [
        Ask("/report?project_id=p1", 3),
        Ask("/report?project_id=p1&way=celery", 2, part=True),
        Ask("/report", 2, status=302),
        Ask("/report?project_id=none", 1, status=404),
    ],
    "dashboard.make_key": [
        Ask("/report?project_id=p1", 5, "POST", form=lambda _: {}),
        Ask("/report?project_id=none", 1, "POST", 404, form=lambda _: {}),
    ],
    "dashboard.another_project": [Ask("/report/project", 2)],
    "dashboard.make_project": [
        Ask("/report/project", 1, "POST", 422, form=lambda _: {"name": ""}),
        Ask("/report/project", 3, "POST", 303, form=lambda _: {"name": "b", "mode": "kg_vector"}),
    ],
    "reporter.fetch": [Ask("/reporter/jobwall-report.pyz", 0)],
    "dashboard.change_project": [
        Ask(f"{PAGE}/settings", 3, "POST", 422, form=lambda _: {"name": ""}),
        Ask(f"{OWN_PAGE}/settings", 4, "POST", 303, form=lambda _: SETTINGS),
    ],
    "assets.show": [Ask("/assets/project.0.css", 0)],
    "settings.remember": [Ask("/settings", 0, "POST", 303, form=lambda _: {})],
    "dashboard.causes": [
        Ask(f"{PAGE}/causes", 6),
        Ask(f"{PAGE}/causes", 6, part=True),
        Ask("/projects/none/causes", 1, status=404),
    ],
    "dashboard.cause": [
        Ask(f"{PAGE}/causes/{CAUSE}", 4),
        Ask(f"{PAGE}/causes/{CAUSE}", 4, part=True),
        Ask(f"{PAGE}/causes/{'0' * 16}", 2, status=404),
        Ask(f"{PAGE}/causes/nothing", 0, status=404),
    ],
    "dashboard.failing_txt": [
        Ask(f"{PAGE}/failing.txt", 2),
        Ask(f"{PAGE}/failing.txt?cause=nothing", 1, status=422),
    ],
    "dashboard.failing_ndjson": [Ask(f"{PAGE}/failing.ndjson?cause={CAUSE}", 2)],
    "dashboard.document": [
        Ask(f"{PAGE}/document?id=doc-0", 3),
        Ask(f"{PAGE}/document?id=none", 2, status=404),
    ],
    "wall.index": [Ask("/wall", 5), Ask("/wall?project=own&project=p1&project=none", 5)],
    "wall.board": [Ask("/wall/board", 5), Ask("/wall/board?project=p1", 9)],
    "pairing.code": [Ask("/wall/code", 0, "POST", 400)],
    "pairing.link": [Ask("/wall/link", 0, "POST", 400)],
    "screens.index": [Ask("/screens", 3)],
    "screens.refused": [Ask("/screens/pair", 3)],
    "screens.pair": [
        Ask("/screens/pair", 6, "POST", 422, form=lambda _: {"code": "nothing"}),
    ],
    "screens.link": [Ask("/screens/link", 3)],
    "screens.make_link": [
        Ask("/screens/link", 3, "POST", form=lambda _: {"name": "tv", "step": "done"}),
        Ask("/screens/link", 4, "POST", form=lambda _: {"q": "p1", "step": "filter"}),
        Ask("/screens/link", 5, "POST", form=lambda _: {"q": "p1", "project": "own"}),
    ],
    "screens.show": [Ask("/screens/999", 3, status=404)],
    "screens.change": [Ask("/screens/999", 3, "POST", 404, form=lambda _: {})],
    "screens.revoke": [Ask("/screens/999/revoke", 2, "POST", 404, form=lambda _: {})],
    "sources.index": [Ask("/sources", 2)],
    "sources.add": [Ask("/sources", 2, "POST", 422, form=lambda _: {"url": "nothing"})],
    "sources.show": [Ask("/sources/p1", 2, status=404)],
    "sources.change": [Ask("/sources/p1", 2, "POST", 404, form=lambda _: {})],
    "sources.pause": [Ask("/sources/p1/pause", 2, "POST", 404, form=lambda _: {})],
    "sources.remove": [Ask("/sources/p1/remove", 2, "POST", 404, form=lambda _: {})],
    "healthz.healthz": [Ask("/healthz", 0)],
    "healthz.readyz": [],  # which asks by a connection of its own: tests/web/test_healthz.py
}
