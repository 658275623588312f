"""Migrations: every step up and down, and a filled store of the first revision keeps all it has."""

from collections.abc import Mapping

import flask_migrate
import pytest
from alembic.script import ScriptDirectory
from flask import Flask, current_app
from sqlalchemy import Connection, inspect, text

from app.clock import now
from app.ledger.audit import verify
from app.ledger.counts import step_of
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.filters import JobFilter
from app.queries.jobs import WHOLE, list_jobs
from app.queries.projects import get_project
from app.rules.causes.folding import RUN, fold
from app.rules.documents import identity
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE
from app.store.database import Base, db, reading, writing
from tests.kit.databases import indexes_of
from tests.kit.recording import record

START = 1_770_000_000_000_000
JOBS = 40
TRACEBACK = """Traceback (most recent call last):
  File "/srv/pipeline/read.py", line {line}, in read
    page = pages[{line}]
IndexError: list index {line} out of range
"""
ERRORS = [
    "boom",
    "timeout after 31 s on part-7f3a.pdf",
    "timeout after 64 s on part-91bc.pdf\nand its second line",
    TRACEBACK.format(line=7),
    TRACEBACK.format(line=12),
    "",
    None,  # but it was noted before the end
    "  \n “長い” エラー " + "長" * 400,
]
FAILED_BY = {
    "boom": 2,
    "timeout after # on ‹path›": 3,
    "IndexError: list index # out of range": 2,
    "": 1,
    "disk full": 1,
    "‹text› エラー " + "長" * RUN: 1,
}
KEPT = ("jobs", "attempts", "events", "api_keys")
FAULTY_CLOCKS = {
    "j02": "heard_at = ended_at - 1000000",
    "j06": "heard_at = ended_at - 28800000000",
    "j10": "completed_filled = TRUE, skew_seconds = 28800",
    "j11": "heard_at = ended_at - 28800000000",
    "j15": "completed_filled = TRUE, noted_completed_at = ended_at + 28800000000,"
    " ended_at = ended_at + 28800000000",
    "j19": "started_at = ended_at + 28800000000",
}
"""What is to be changed of jobs so that their times contradict each other."""


def revisions() -> list[str]:
    """All revisions, the first one first."""
    config = current_app.extensions["migrate"].migrate.get_config()
    steps = ScriptDirectory.from_config(config).walk_revisions()
    return [step.revision for step in steps][::-1]


def schema() -> dict[str, object]:
    """The tables as the engine describes them, with every index and constraint."""
    described = inspect(db.engine)
    tables = [name for name in described.get_table_names() if name != "alembic_version"]
    with reading() as connection:
        found = indexes_in(connection)
    return {"indexes": found} | {
        name: (
            [
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in described.get_columns(name)
            ],
            described.get_pk_constraint(name),
            sorted(map(repr, described.get_foreign_keys(name))),
            sorted(map(repr, described.get_check_constraints(name))),
            sorted(map(repr, described.get_unique_constraints(name))),
        )
        for name in tables
    }


def indexes_in(connection: Connection) -> list[tuple[str, str]]:
    """Every index as the engine keeps it: its name, and what it is of."""
    indexes = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL",
        "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    }
    found = connection.execute(text(indexes[connection.dialect.name]))
    return sorted(
        (name, " ".join(sql.split())) for name, sql in found if not name.startswith("alembic_")
    )


# The indexes are compared as the engine keeps them.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_every_step_down_undoes_its_step_up(app: Flask) -> None:
    head = schema()
    assert set(head) == {*Base.metadata.tables, "indexes"}
    flask_migrate.downgrade(revision="base")
    before = schema()
    assert before == {"indexes": []}
    for revision in revisions():
        flask_migrate.upgrade(revision=revision)
        after = schema()
        flask_migrate.downgrade(revision="-1")
        assert schema() == before
        flask_migrate.upgrade(revision=revision)
        assert schema() == after
        before = after
    assert before == head


def test_the_migrated_tables_are_the_models(app: Flask) -> None:
    """What every model names is there, with its nullability, in every table."""
    described = inspect(db.engine)
    for name, table in Base.metadata.tables.items():
        found = {column["name"]: column["nullable"] for column in described.get_columns(name)}
        assert found == {column.name: column.nullable for column in table.columns}
        with reading() as connection:
            query = {
                "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND sql > ''"
                f" AND tbl_name = '{name}'",
                "postgresql": f"SELECT indexname FROM pg_indexes WHERE tablename = '{name}'"
                " AND indexname LIKE 'ix%'",
            }[connection.dialect.name]
            indexes = set(connection.scalars(text(query)))
        assert indexes == indexes_of(table, connection.dialect.name)


def test_the_migrated_indexes_are_those_of_the_models(app: Flask) -> None:
    """Their columns too, in order and direction, and of which rows they are."""
    with db.engine.connect() as connection:
        migrated = indexes_in(connection)
        for table in Base.metadata.tables.values():
            for index in table.indexes:
                if index.name in indexes_of(table, connection.dialect.name):
                    index.drop(connection)
                    index.create(connection)
        made = indexes_in(connection)
        connection.rollback()
    assert made == migrated


def fill_the_first_schema(connection: Connection, changes: Mapping[str, str]) -> None:
    """A project with jobs of every status, and its counts, as revision 0001 kept them."""

    def run(statement: str, **values: object) -> None:
        connection.execute(text(statement), values)

    run("INSERT INTO projects VALUES ('p', 'Old', 'kg_vector', :at, 77, 900000000, NULL)", at=START)
    run(
        "INSERT INTO api_keys (key_id, key_hash, hint, name, scope, project_id, created_at)"
        " VALUES (1, 'hash', 'ib-abc', 'old key', 3, 'p', :at)",
        at=START,
    )
    columns = (
        "project_id, job_id, source_doc_id, created_at, received_at, heard_at, ended_at, empty,"
        " event_count, attempt, status, chunks_processed, nodes_created, edges_created, started_at,"
        " started_filled, completed_at, completed_filled, error_message, noted_error"
    )
    for number in range(JOBS):
        status = number % 4
        error = ERRORS[number // 4 % len(ERRORS)] if status == 3 else None
        at = START + number * 7 * MINUTE
        ended = at + MINUTE if status >= 2 else None
        run(
            f"INSERT INTO jobs ({columns}) VALUES ('p', :job, :doc, :at, :at, :heard, :ended,"
            " :empty, 1, 1, :status, 10, :nodes, 0, :started, FALSE, :ended, FALSE, :error,"
            " :noted)",
            job=f"j{number:02}",
            doc="Ordner/日本語-" + "長" * (700 if number in (5, 7) else number),
            at=at,
            ended=ended,
            heard=ended or at,
            empty=status == 2 and number % 3 == 0,
            status=status,
            nodes=number % 3,
            started=at if status else None,
            error=error,
            noted="disk full" if status == 3 and error is None else None,
        )
        run(
            "INSERT INTO events VALUES ('p', :job, 0, :at, 'reported', 1, :status, NULL)",
            job=f"j{number:02}",
            at=at,
            status=status,
        )
    run(
        "INSERT INTO attempts SELECT project_id, job_id, 0, 3, 1, NULL, 0, 0, NULL, FALSE, NULL,"
        " FALSE, 'first try', NULL, NULL FROM jobs WHERE job_id = 'j09'"
    )
    for job_id, change in changes.items():
        run(f"UPDATE jobs SET {change} WHERE job_id = :job_id", job_id=job_id)
    kinds = ", ".join(f"SUM(CASE WHEN status = {n} THEN 1 ELSE 0 END)" for n in range(4))
    for level, span in enumerate((DAY, HOUR, MINUTE)):
        run(
            f"INSERT INTO created_counts SELECT 'p', {level}, created_at - created_at % {span},"
            f" {kinds}, SUM(CASE WHEN empty THEN 1 ELSE 0 END) FROM jobs GROUP BY 3"
        )
    hour = f"ended_at - ended_at % {HOUR}"
    run(
        f"INSERT INTO finished_counts SELECT 'p', {hour},"
        " SUM(CASE WHEN status = 2 THEN 1 ELSE 0 END), SUM(CASE WHEN status = 3 THEN 1 ELSE 0 END),"
        " SUM(chunks_processed), SUM(nodes_created), SUM(edges_created)"
        " FROM jobs WHERE ended_at IS NOT NULL GROUP BY 2"
    )
    run(
        f"INSERT INTO duration_counts SELECT 'p', {hour}, {step_of(MINUTE)}, COUNT(*)"
        " FROM jobs WHERE status = 2 GROUP BY 2"
    )


def rows_of(table: str) -> list[dict[str, object]]:
    with reading() as connection:
        rows = connection.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))
        return [dict(row._mapping) for row in rows]


def kept() -> dict[str, list[dict[str, object]]]:
    """What a migration must never lose."""
    return {name: rows_of(name) for name in KEPT}


@pytest.fixture
def filled(app: Flask) -> dict[str, list[dict[str, object]]]:
    """A filled store of revision 0001."""
    flask_migrate.downgrade(revision="0001")
    with writing() as connection:
        fill_the_first_schema(connection, {})
    return kept()


def differences() -> list[str]:
    with reading() as connection:
        return [str(found) for found in verify(connection, "p", lambda *_: None)]


def test_a_filled_store_keeps_everything_on_its_way_up(filled) -> None:
    flask_migrate.upgrade()
    for name, rows in kept().items():
        assert [row | before for row, before in zip(rows, filled[name], strict=True)] == rows
    assert differences() == []
    with reading() as connection:
        project = get_project(connection, "p")
        assert (project.name, project.version) == ("Old", 77)
        page = list_jobs(
            connection, project, JobFilter(), limit=100, offset=0, now=now(), reading=WHOLE
        )
    assert page.total == len(page.rows) == JOBS
    again = [
        Report(job_id=f"j{n:02}", status=JobStatus.FAILED, attempt=n % 3 + 1) for n in range(JOBS)
    ]
    record("p", again, now=now())
    assert differences() == []


def test_every_failure_is_counted_by_its_cause(filled) -> None:
    flask_migrate.upgrade()
    with reading() as connection:
        causes = connection.execute(text("SELECT line, job_id, jobs FROM causes")).all()
        counted = dict(
            connection.execute(text("SELECT cause, sum(failed) FROM cause_counts GROUP BY 1")).all()
        )
        derived = dict(
            connection.execute(
                text("SELECT cause, count(*) FROM jobs WHERE status = 3 GROUP BY 1")
            ).all()
        )
    assert {fold(row.line): row.jobs for row in causes} == FAILED_BY
    assert counted == derived
    [timeout] = [row for row in causes if row.line.startswith("timeout")]
    assert (timeout.line, timeout.job_id) == ("timeout after 31 s on part-7f3a.pdf", "j39")


def test_what_causes_have_in_common_is_worked_out_again_on_the_way_down(filled) -> None:
    flask_migrate.upgrade()
    with writing() as connection:  # what no job tells any more
        connection.execute(text("UPDATE causes SET first_at = 1"))
    before = rows_of("causes")
    flask_migrate.downgrade(revision="0007")
    after = rows_of("causes")
    assert {row.pop("pattern"): row["jobs"] for row in after} == FAILED_BY
    assert after == before
    flask_migrate.upgrade()
    assert rows_of("causes") == before


FORMS = ("cafe\u0301/", "caf\u00e9/")
"""The beginning of a document as it is called on a Mac, and in NFC."""


def forms(number: int, of: str) -> str:
    """One of a hundred documents: too long for a key, for the most part."""
    return FORMS[of == "NFC"] + f"{number % 100:03}" + "x" * (number % 100 * 4)


@pytest.fixture
def two_forms(app: Flask) -> None:
    """A store of revision 0010, with jobs of documents that were sent in two forms."""
    create_project("p", name="p", mode="kg_vector", now=START)
    reports = [
        Report(
            job_id=f"j{number:04}",
            source_doc_id=forms(number, "NFC"),
            status=JobStatus.FAILED if number % 3 else JobStatus.COMPLETED,
            error_message=f"torn by {'abc'[number % 7 % 3]}" if number % 3 else None,
            created_at=START,
            completed_at=START + number * 7919 % 1000 * MINUTE,
        )
        for number in range(2500)
    ]
    for first in range(0, len(reports), 1000):
        record("p", reports[first : first + 1000], now=START + DAY)
    flask_migrate.downgrade(revision="0010")
    mac = [
        {"job": f"j{number:04}", "document": forms(number, "NFD")}
        for number in range(2500)
        if number // 100 % 2
    ]
    with writing() as connection:
        connection.execute(
            text("UPDATE jobs SET source_doc_id = :document WHERE job_id = :job"), mac
        )
    # The documents of that revision: of each form one, as its own migrations work them out.
    flask_migrate.downgrade(revision="0003")
    flask_migrate.upgrade(revision="0010")


def test_documents_that_were_sent_in_two_forms_become_one_and_two_again(two_forms) -> None:
    sent = {row["job_id"]: row["source_doc_id"] for row in rows_of("jobs")}
    before = {name: rows_of(name) for name in ("jobs", "documents", "causes")}
    assert {identity(one) for one in sent.values()} < set(sent.values())
    flask_migrate.upgrade()
    jobs = rows_of("jobs")
    assert {row["job_id"]: row["sent_doc_id"] or row["source_doc_id"] for row in jobs} == sent
    assert all(row["source_doc_id"] == identity(sent[row["job_id"]]) for row in jobs)
    assert len(rows_of("documents")) == len(before["documents"]) / 2
    assert differences() == []
    flask_migrate.downgrade(revision="0010")
    assert {name: rows_of(name) for name in before} == before


def test_an_id_that_would_be_too_long_in_nfc_stays_as_it_is(app: Flask) -> None:
    flask_migrate.downgrade(revision="0001")
    with writing() as connection:
        fill_the_first_schema(connection, {})
        long = "\U0001d160" * 1024
        connection.execute(
            text("UPDATE jobs SET source_doc_id = :id WHERE job_id = 'j03'"), {"id": long}
        )
    flask_migrate.upgrade()
    [job] = [row for row in rows_of("jobs") if row["job_id"] == "j03"]
    assert (job["source_doc_id"], job["sent_doc_id"]) == (long, None)
    assert differences() == []


def test_a_filled_store_keeps_everything_on_its_way_down(filled) -> None:
    flask_migrate.upgrade()
    flask_migrate.downgrade(revision="0001")
    assert kept() == filled
    flask_migrate.upgrade()
    assert differences() == []


def told() -> dict[str, list[dict[str, object]]]:
    """The jobs, and every count that is not zero."""
    counts = ("finished_counts", "duration_counts", "cause_counts")
    rows = {name: rows_of(name) for name in ("jobs", "documents", "causes", *counts)}
    for name in counts:
        amounts = {"completed", "failed", "jobs"}
        rows[name] = [row for row in rows[name] if any(row.get(one) for one in amounts)]
        rows[name].sort(key=lambda row: [*row.values()])
    return rows


def test_what_ended_after_it_was_heard_of_is_judged_by_that(app: Flask) -> None:
    flask_migrate.downgrade(revision="0001")
    with writing() as connection:
        fill_the_first_schema(connection, FAULTY_CLOCKS)
    flask_migrate.upgrade(revision="0009")
    before = told()
    flask_migrate.upgrade()
    assert differences() == []
    after = {row["job_id"]: row for row in rows_of("jobs")}
    for old in before["jobs"]:
        new = after[old["job_id"]]
        judged = new["ended_at"] if old["ended_at"] != new["ended_at"] else None
        assert new["end_heard_at"] == judged
        assert (new["ended_at"] or 0) == min(old["ended_at"] or 0, old["heard_at"])
        unmeasured = old["job_id"] in ("j10", "j19")
        assert new["took"] == (None if unmeasured else old["took"])
    assert [job for job in after if after[job]["end_heard_at"]] == ["j02", "j06", "j11", "j15"]
    flask_migrate.downgrade(revision="0009")
    assert told() == before
    flask_migrate.upgrade()
    assert differences() == []
