"""How much the engines read: for a page and a report, never a whole project.

PostgreSQL is asked of a project that it has no statistics of yet. A project begins like that, and
stays so until a tenth of the table has changed: for the eleventh million of jobs that is a
million. Meanwhile the planner believes that it has next to none.
"""

import orjson
import pytest
from flask import Flask
from sqlalchemy import event, text

from app.access.keys import create_key
from app.access.scopes import Scope
from app.database import db, reading, writing
from app.ledger import documents, record
from app.ledger.audit import rebuild
from app.ledger.projects import create_project
from app.queries import depth
from app.times import MINUTE, SECOND, format_time, now
from tests.access.test_sign_in import sign_in
from tests.conftest import postgres_only, sqlite_only

JOBS = 20_000
PIECE = 400  # pages of 8 KiB: a row of 100 is three. The jobs have a thousand, an index some 150
STEP = SECOND

FILL = """
INSERT INTO jobs (project_id, job_id, source_doc_id, created_at, received_at, heard_at, ended_at,
    empty, event_count, attempt, status, chunks_processed, nodes_created, edges_created,
    started_at, started_filled, completed_at, completed_filled, error_message)
SELECT :project, 'j' || (n * 7919 % :jobs), 'doc-' || (n % 2000) || '.pdf', at, at, at,
    CASE WHEN status > 1 THEN at END, FALSE, 0, 1, status, 5, 5, 5,
    CASE WHEN status > 0 THEN at END, FALSE, CASE WHEN status > 1 THEN at END, FALSE,
    CASE status WHEN 3 THEN repeat('boom ', 20) END
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
    "/api/v1/projects/new/jobs?status=failed&status=running&offset=500",
    "/api/v1/projects/new/jobs?since={middle}&offset=5000",
    "/api/v1/projects/new/jobs?q=j77",
    "/api/v1/projects/new/jobs?q=doc-77.",
    "/",
    "/projects/new",
    "/projects/new?page=300",
    "/projects/new?status=running",
    "/projects/new?empty=1",
    "/projects/new?stalled=1",
    "/projects/new/jobs/j77",
    "/wall/board",
]
REPORTS = {
    "new": [{"job_id": f"n{number}", "source_doc_id": "doc-7.pdf"} for number in range(20)],
    "further": [{"job_id": f"j{number}", "chunks_processed": 9} for number in range(20)],
    "failed": [
        {"job_id": f"f{number}", "source_doc_id": f"doc-{number}.pdf", "status": "failed"}
        for number in range(20)
    ],
}


@pytest.fixture
def start(app: Flask, monkeypatch: pytest.MonkeyPatch) -> int:
    """When (µs) the jobs of a big, unknown project begin, beside those of one that is known."""
    monkeypatch.setattr(depth, "SHALLOW", 1)
    start = now() - JOBS * STEP - MINUTE
    for project_id, jobs in (("known", 2000), ("new", JOBS)):
        create_project(project_id, name=project_id, mode="kg_vector", now=start)
        values = {"project": project_id, "jobs": jobs, "start": start, "step": STEP}
        with writing() as connection:
            connection.execute(text("ALTER TABLE jobs SET (autovacuum_enabled = off)"))
            connection.execute(text(FILL), values)
            rebuild(connection, project_id, lambda *_: None)
            if project_id == "known":
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
    heard: list[tuple[str, object]] = []

    def hear(_connection, _cursor, statement, parameters, *_) -> None:
        heard.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        ask()
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
    return heard


def read_by(app: Flask, ask) -> dict[str, int]:
    """The pages that each statement of a request reads."""
    statements = asked_by(app, ask)
    with db.engine.connect() as connection:
        pages = {text: pages_read(connection, text, values) for text, values in statements}
        connection.rollback()
    return pages


@postgres_only
def test_no_page_and_no_report_reads_a_whole_project(app: Flask, start: int) -> None:
    with writing() as connection:
        key = create_key(connection, name="k", scope=Scope.WRITE, project_id=None, now=now())
    client = app.test_client()
    assert sign_in(client, key=key).status_code == 303
    headers = {"Authorization": f"Bearer {key}"}
    middle = format_time(start + JOBS // 2 * STEP)
    found: dict[str, dict[str, int]] = {}
    for path in PATHS:

        def ask(path=path) -> None:
            answer = client.get(path.format(middle=middle), headers=headers)
            assert answer.status_code == 200

        found[path] = read_by(app, ask)
    for name, jobs in REPORTS.items():

        def ask(jobs=jobs) -> None:
            url = "/api/v1/projects/new/jobs/bulk"
            assert client.post(url, json={"jobs": jobs}, headers=headers).status_code == 200

        found[name] = read_by(app, ask)
    assert {name: pages for name, pages in found.items() if max(pages.values()) > PIECE} == {}


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
