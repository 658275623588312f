"""The benchmark's histories are what the ledger itself would have left."""

import pytest
from sqlalchemy import Connection, func, select, text, update

from app.clock import now
from app.config import read
from app.ledger.audit import verify
from app.ledger.report import Report
from app.models import Cause, CreatedCount, Job
from app.queries.projects import list_lines
from app.rules.causes import cause_of
from app.rules.status import JobStatus
from app.rules.times import HOUR
from app.rules.verdicts import FAILING, FINE, LATE, RUNNING, SOME_FAILURES, STALLED
from app.store.database import db, reading, table_of, writing
from bench.databases import wide_histories
from bench.history import ERRORS, History
from bench.load import NotEmptyError, load
from bench.wide import IN_TROUBLE, make_trouble
from tests.kit.databases import indexes_of
from tests.kit.recording import record

SIZE = 3000


def load_here(settings: dict[str, str], *histories: History) -> None:
    load(read(settings).database_url, histories, lambda what, done: None)


def differences(connection: Connection, project_id: str) -> list[str]:
    found = verify(connection, project_id, lambda done, total: None)
    return [str(finding) for finding in found]


def test_a_loaded_history_has_the_counts_of_its_jobs(app, settings):
    load_here(settings, History("even", SIZE), History("burst", SIZE, burst=True))
    with reading() as connection:
        assert connection.scalar(select(func.count()).select_from(Job)) == 2 * SIZE
        assert differences(connection, "even") == []
        assert differences(connection, "burst") == []


@pytest.mark.parametrize("column", ["completed", "failed", "running", "pending", "empty"])
def test_a_count_that_is_off_is_noticed(app, settings, column):
    load_here(settings, History("p", SIZE))
    with writing() as connection:
        amount = getattr(CreatedCount, column)
        one = (
            select(CreatedCount.bucket)
            .where(CreatedCount.level == 2, amount > 0)
            .limit(1)
            .scalar_subquery()
        )
        connection.execute(
            update(CreatedCount)
            .where(CreatedCount.level == 2, CreatedCount.bucket == one)
            .values({column: amount + 1})
        )
    with reading() as connection:
        [difference] = differences(connection, "p")
    assert difference.startswith("created_counts minute")
    assert difference.split(":")[-2].endswith(column)


def test_of_the_projects_of_a_wide_wall_some_are_in_trouble_and_most_are_not(app, settings):
    load_here(settings, *wide_histories(2 * IN_TROUBLE + 2))
    make_trouble()
    with reading() as connection:
        states = {line.verdict.state for line in list_lines(connection, now())}
        assert states == {FAILING, STALLED, LATE, SOME_FAILURES, RUNNING, FINE}
        assert differences(connection, "project-01") == []
        assert differences(connection, "project-02") == []


def test_the_ledger_goes_on_where_the_loader_ended(app, settings):
    load_here(settings, History("p", SIZE))
    with reading() as connection:
        running = connection.scalar(select(Job.job_id).where(Job.status == 1).limit(1))
    record("p", [Report(job_id=running, status=JobStatus.FAILED)], now=now())
    record("p", [Report(job_id="new", source_doc_id="a.pdf")], now=now())
    with reading() as connection:
        assert differences(connection, "p") == []


def test_the_indexes_are_those_of_the_model_again(app, settings):
    load_here(settings, History("p", SIZE))
    # Asked of the catalogues: the inspector passes over indexes on expressions.
    catalogue = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'jobs'",
        "postgresql": "SELECT indexname FROM pg_indexes WHERE tablename = 'jobs'",
    }
    with reading() as connection:
        there = set(connection.scalars(text(catalogue[connection.dialect.name])))
    assert indexes_of(table_of(Job), db.engine.dialect.name) <= there


def test_every_error_is_a_cause(app, settings):
    load_here(settings, History("p", SIZE))
    with reading() as connection:
        causes = connection.execute(select(Cause.cause, Cause.line, Cause.jobs)).all()
        failed = connection.scalar(select(func.count()).where(Job.status == JobStatus.FAILED))
    assert {row.line: row.cause for row in causes} == {line: cause_of(line) for line in ERRORS}
    assert sum(row.jobs for row in causes) == failed > 0


def test_a_burst_is_a_fifth_in_one_hour_and_failures_are_one_in_twenty(app, settings):
    load_here(settings, History("p", SIZE, burst=True))
    with reading() as connection:
        hours = (
            select(func.count()).select_from(Job).group_by(Job.created_at - Job.created_at % HOUR)
        )
        assert max(connection.scalars(hours)) >= SIZE // 5
        failed = select(func.count()).where(Job.status == JobStatus.FAILED)
        assert 0.03 < connection.scalar(failed) / SIZE < 0.07
        documents = connection.scalar(select(func.count(Job.source_doc_id.distinct())))
        assert SIZE / 12 < documents < SIZE / 8


def test_a_database_with_jobs_is_left_alone(app, settings):
    load_here(settings, History("p", SIZE))
    with pytest.raises(NotEmptyError):
        load_here(settings, History("other", SIZE))
