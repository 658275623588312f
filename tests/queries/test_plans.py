"""How much the engines read: for a page and a report, never a whole project.

PostgreSQL is asked of a project that it has no statistics of yet. A project begins like that, and
stays so until a tenth of the table has changed: for the eleventh million of jobs that is a
million. Meanwhile the planner believes that it has next to none.
"""

import re
from string import ascii_lowercase

import orjson
import pytest
from flask import Flask
from sqlalchemy import text

from app.access.keys import create_key
from app.access.scopes import Scope
from app.clock import now
from app.ledger import documents, record
from app.ledger.mending import rebuild
from app.ledger.projects import create_project
from app.queries import blame, causes, depth, exports, looking, search, sorts
from app.queries.projects import get_project
from app.rules.causes import cause_name, cause_of
from app.rules.times import HOUR, MINUTE, SECOND, floor, format_time
from app.store.database import db, reading, writing
from tests.kit.databases import postgres_only, sqlite_only
from tests.kit.forms import sign_in
from tests.kit.statements import asked

JOBS = 20_000
PIECE = 400  # pages of 8 KiB: a row of 100 is three. The jobs have a thousand, an index some 150
STEP = SECOND
EVERYWHERE = 7  # a cause

FILL = """
INSERT INTO jobs (project_id, job_id, source_doc_id, created_at, received_at, heard_at, ended_at,
    empty, event_count, attempt, status, chunks_processed, nodes_created, edges_created,
    started_at, started_filled, completed_at, completed_filled, took, cause, error_message)
SELECT :project, 'j' || (n * 7919 % :jobs), 'doc-' || (n % 2000) || '.pdf', at, at, at,
    CASE WHEN status > 1 THEN at END, FALSE, 0, 1, status, 5, 5, 5,
    CASE WHEN status > 0 THEN at - n % 7200 * 1000000 END, FALSE,
    CASE WHEN status > 1 THEN at END, FALSE, CASE WHEN status > 1 THEN n % 7200 * 1000000 END,
    CASE status WHEN 3 THEN (CAST(:causes AS bigint[]))[1 + n / 20 % 20] END,
    CASE status WHEN 3 THEN repeat('boom ', 20) || chr(97 + CAST(n / 20 % 20 AS int)) END
FROM (
    SELECT n, :start + n * :step AS at,
        CASE WHEN n % 5000 = 1 THEN n % 2 WHEN n % 20 = 0 THEN 3 ELSE 2 END AS status
    FROM generate_series(CAST(1 AS bigint), CAST(:jobs AS bigint)) AS n
) AS numbered
"""

PATHS = [
    "/api/v1/projects/new/jobs",
    "/api/v1/projects/new/jobs?offset=11111",
    "/api/v1/projects/new/jobs?status=failed&offset=500",
    *(
        f"/api/v1/projects/new/jobs?{query}cursor={side}~{{key}}"
        for side in ("older", "newer")
        for query in ("", "status=failed&", "status=failed&status=running&", "since={middle}&")
    ),
    "/api/v1/projects/new/jobs?status=failed&status=running&offset=500",
    "/api/v1/projects/new/jobs?since={middle}&offset=5000",
    "/api/v1/projects/new/jobs?q=j77",
    "/api/v1/projects/new/jobs?q=doc-77.",
    "/api/v1/projects/new/jobs?q=c boom",
    "/api/v1/projects/new/jobs?document=doc-77.pdf",
    "/api/v1/projects/new/jobs?cause={cause}",
    "/api/v1/projects/new/jobs?cause={cause}&since={middle}",
    "/api/v1/projects/new/jobs?finished={day}",
    "/api/v1/projects/new/jobs?q=doc-",
    "/api/v1/projects/new/jobs?q=doc-&status=failed",
    "/api/v1/projects/new/jobs?q=boom",
    "/api/v1/projects/new/jobs?longer=110m",
    "/api/v1/projects/new/jobs?stalled=1&longer=110m&cause={cause}&document=doc-77.pdf",
    "/projects/new/jobs.csv?cause={cause}&longer=110m",
    "/",
    "/projects/new",
    "/projects/new?page=300",
    "/projects/new?sort=started",
    "/projects/new?sort=duration",
    "/projects/new?sort=chunks&status=failed&order=asc",
    "/projects/new?status=running",
    "/projects/new?empty=1",
    "/projects/new?stalled=1",
    "/projects/new/jobs/j77",
    "/wall/board",
]
CAUSES = [cause_of("boom " * 20 + letter) for letter in ascii_lowercase[:20]]
CAUSE = cause_name(CAUSES[2])
REPORTS = {
    "new": [{"job_id": f"n{number}", "source_doc_id": "doc-7.pdf"} for number in range(20)],
    "further": [{"job_id": f"j{number}", "chunks_processed": 9} for number in range(20)],
    "failed": [
        {"job_id": f"f{number}", "source_doc_id": f"doc-{number}.pdf", "status": "failed"}
        for number in range(20)
    ],
}

# As many causes as jobs, and one by which every document fails; its own job is gone.
FAILURES = [
    f"UPDATE jobs SET cause = {EVERYWHERE} WHERE status = 2 AND project_id = :project",
    f"""INSERT INTO documents (project_id, document, failed_at, job_id, error, cause, failing_since)
    SELECT project_id, 'of-' || job_id, created_at, job_id, 'torn', {EVERYWHERE}, created_at
    FROM jobs WHERE project_id = :project""",
    f"""INSERT INTO causes (project_id, cause, line, job_id, jobs, documents, first_at, last_at)
    SELECT project_id, {EVERYWHERE} + row_number() OVER () - 1, 'torn', 'gone', 1, 1, created_at,
        created_at
    FROM jobs WHERE project_id = :project""",
    """INSERT INTO cause_counts (project_id, cause, hour, failed)
    SELECT project_id, cause, :last - hour * 3600000000, 1
    FROM causes, generate_series(0, 5) AS hour WHERE project_id = :project AND line = 'torn'""",
]


@pytest.fixture
def start(app: Flask, monkeypatch: pytest.MonkeyPatch) -> int:
    """When (µs) the jobs of a big, unknown project begin, beside those of one that is known."""
    monkeypatch.setattr(depth, "SHALLOW", 1)
    monkeypatch.setattr(search, "MOST_FOUND", 50)
    monkeypatch.setattr(sorts, "MOST_SORTED", 50)
    monkeypatch.setattr(looking, "MOST_DOCUMENTS", 100)
    monkeypatch.setattr(looking, "MOST_FAILURES", 50)
    monkeypatch.setattr(exports, "BATCH", 50)
    start = now() - JOBS * STEP - MINUTE
    for project_id, jobs in (("known", 2000), ("new", JOBS)):
        create_project(project_id, name=project_id, mode="kg_vector", now=start)
        values = {"project": project_id, "jobs": jobs, "start": start, "step": STEP}
        values["causes"] = CAUSES
        with writing() as connection:
            connection.execute(text("ALTER TABLE jobs SET (autovacuum_enabled = off)"))
            connection.execute(text(FILL), values)
        rebuild(project_id, lambda *_: None)
        if project_id == "known":
            with writing() as connection:
                connection.execute(text("ANALYZE"))
    return start


def pages_read(connection, statement: str, parameters) -> int:
    """How many pages a statement reads, from memory or from the disk."""
    explained = connection.exec_driver_sql(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
    ).scalar()
    plan = (explained if isinstance(explained, list) else orjson.loads(explained))[0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def asked_by(app: Flask, ask) -> list[tuple[str, object]]:
    """The statements that a request sends, with their parameters."""
    with asked(db.engine) as heard:
        ask()
    return heard


def read_by(app: Flask, ask, about: str = "") -> dict[str, int]:
    """The pages that each statement of a request reads, of those of some tables."""
    statements = [one for one in asked_by(app, ask) if re.search(about, one[0])]
    with db.engine.connect() as connection:
        pages = {text: pages_read(connection, text, values) for text, values in statements}
        connection.rollback()
    return pages


@postgres_only
def test_no_page_and_no_report_reads_a_whole_project(app: Flask, start: int) -> None:
    with writing() as connection:
        key = create_key(connection, name="k", scope=Scope.WRITE, project_id=None, now=now()).text
    client = app.test_client()
    assert sign_in(client, key=key).status_code == 303
    headers = {"Authorization": f"Bearer {key}"}
    middle = format_time(start + JOBS // 2 * STEP)
    found: dict[str, dict[str, int]] = {}
    for path in PATHS:

        def ask(path=path) -> None:
            key = f"{start + JOBS // 3 * STEP}~j77"
            answer = client.get(
                path.format(middle=middle, day=middle[:10], cause=CAUSE, key=key), headers=headers
            )
            assert answer.status_code == 200
            assert answer.data

        found[path] = read_by(app, ask)
    for name, jobs in REPORTS.items():

        def ask(jobs=jobs) -> None:
            url = "/api/v1/projects/new/jobs/bulk"
            assert client.post(url, json={"jobs": jobs}, headers=headers).status_code == 200

        found[name] = read_by(app, ask)
    assert {name: pages for name, pages in found.items() if max(pages.values()) > PIECE} == {}


@postgres_only
def test_no_question_about_causes_reads_all_failures(app: Flask, start: int) -> None:
    with writing() as connection:
        for statement in FAILURES:
            values = {"project": "new", "last": floor(now(), HOUR)}
            bound = text(statement)
            connection.execute(bound, {name: values[name] for name in bound._bindparams})
        # Autovacuum does it within a minute of so many rows: of tables that have grown by so much.
        connection.execute(text("ANALYZE causes, documents"))
        key = create_key(connection, name="k", scope=Scope.WRITE, project_id=None, now=now()).text
    with reading() as connection:
        project = get_project(connection, "new")
        assert project is not None

        def ask() -> None:
            shown = causes.list_causes(connection, project, now())
            assert (len(shown.lines), shown.total) == (causes.MOST_CAUSES, causes.MOST_COUNTED)
            assert shown.lines[-1].day == 6
            found = causes.get_cause(connection, "new", EVERYWHERE)
            assert found is not None and found.job_id
            several = [EVERYWHERE, *(line.cause for line in shown.lines)]
            assert len(causes.list_failing(connection, "new", several, 8)[EVERYWHERE]) == 8

        pages = read_by(app, ask)
    # 200 causes are sought in three tables, and 10,000 are counted.
    assert {text: number for text, number in pages.items() if number > 5 * PIECE} == {}

    def try_again() -> None:
        jobs = [{"job_id": f"j{20 * n}", "status": "running", "attempt": 2} for n in range(20)]
        url, headers = "/api/v1/projects/new/jobs/bulk", {"Authorization": f"Bearer {key}"}
        answer = app.test_client().post(url, json={"jobs": jobs}, headers=headers)
        assert {one["status"] for one in answer.get_json()["results"]} == {200}

    pages = read_by(app, try_again, " (causes|cause_counts) ")
    assert len(pages) == 3
    assert {text: number for text, number in pages.items() if number > PIECE} == {}


@sqlite_only
@pytest.mark.parametrize(
    ("statement", "plans"),
    [
        (
            causes._newest(),
            [
                "SEARCH causes USING INDEX ix_causes_last (project_id=?)",
                "SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (project_id=? AND job_id=?)",
                "SEARCH jobs USING COVERING INDEX ix_jobs_cause (project_id=? AND cause=?)",
            ],
        ),
        (
            causes._by_hour("sqlite"),
            ["USING PRIMARY KEY (project_id=? AND cause=? AND hour>? AND hour<?)"],
        ),
        (
            causes._failing("sqlite"),
            [
                "SEARCH documents USING PRIMARY KEY (project_id=? AND document=?)",
                "SEARCH documents_1 USING COVERING INDEX ix_documents_cause"
                " (project_id=? AND cause=?)",
            ],
        ),
        (
            causes._worst(),
            ["SEARCH causes USING INDEX ix_causes_documents (project_id=? AND documents>?)"],
        ),
        (
            causes._counted(),
            [
                "SEARCH causes USING COVERING INDEX ix_causes_documents"
                " (project_id=? AND documents>?)"
            ],
        ),
        (
            blame._blamed("sqlite"),
            [
                "SEARCH causes USING PRIMARY KEY (project_id=? AND cause=?)",
                "SEARCH causes_1 USING COVERING INDEX ix_causes_documents"
                " (project_id=? AND documents>?)",
                "SEARCH causes_1 USING COVERING INDEX ix_causes_last (project_id=?)",
                "SEARCH cause_counts USING PRIMARY KEY (project_id=? AND cause=? AND hour>?)",
            ],
        ),
        (
            blame._failing("sqlite"),
            [
                "SEARCH finished_counts USING PRIMARY KEY (project_id=? AND hour>?)",
                "SEARCH documents USING INDEX ix_documents_failing (project_id=?)",
                "SEARCH documents USING COVERING INDEX ix_documents_failing"
                " (project_id=? AND failed_at>? AND failed_at<?)",
                "SEARCH jobs USING COVERING INDEX ix_jobs_ended"
                " (project_id=? AND status=? AND ended_at>?)",
            ],
        ),
    ],
)
def test_what_is_asked_of_sqlite_about_causes_is_a_seek(app: Flask, statement, plans) -> None:
    with reading() as connection:
        compiled = statement.compile(dialect=connection.dialect)
        values = ["[1]"] * len(compiled.positiontup)
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}", tuple(values)).all()
    lines = [row.detail for row in rows]
    for plan in plans:
        assert [line for line in lines if line.endswith(plan)], lines
    scanned = {line.split()[1] for line in lines if line.startswith("SCAN ")}
    assert not scanned & {"causes", "cause_counts", "documents", "jobs"}, lines
    assert not [line for line in lines if line.endswith("PRIMARY KEY (project_id=?)")], lines


@sqlite_only
@pytest.mark.parametrize(
    ("build", "plan"),
    [
        (record._known, "jobs USING INDEX sqlite_autoindex_jobs_1 (project_id=? AND job_id=?)"),
        (documents._stored, "documents USING PRIMARY KEY (project_id=? AND document=?)"),
        (documents._jobs, "jobs USING INDEX ix_jobs_document (project_id=? AND <expr>=?)"),
    ],
)
def test_what_a_report_asks_of_sqlite_is_a_seek(app: Flask, build, plan: str) -> None:
    with reading() as connection:
        statement = str(build("sqlite").compile(dialect=connection.dialect))
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", ("p", '["a"]')).all()
    lines = [row.detail for row in rows]
    assert [line for line in lines if line.endswith(plan)], lines
    assert not [line for line in lines if "SCAN jobs" in line or "SCAN documents" in line]
