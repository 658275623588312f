"""What goes to PostgreSQL with what: nothing is told before its turn, and no error is lost."""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import ARRAY, BigInteger, Boolean, Connection, Text, bindparam, cast, select, text
from sqlalchemy.exc import DBAPIError

from app.clock import now
from app.ledger import record as ledger
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.models import Project
from app.queries.projects import get_project
from app.rules.status import JobStatus
from app.store import deadline
from app.store.database import reading, writing
from app.store.driver import ask_directly, post_directly
from app.store.faults import is_away
from app.store.pipelined import PipelinedConnection
from app.store.prepared import Prepared
from tests.kit.databases import postgres_only

pytestmark = postgres_only

NAMES = Prepared(lambda _: select(Project.name).where(Project.project_id == bindparam("of_id")))
RENAME = "UPDATE projects SET name = $1 WHERE project_id = 'p'"
LIFE = {
    "new": ["BEGIN SELECT", "INSERT", "WITH INSERT COMMIT"],
    "on its way": ["BEGIN SELECT", "UPDATE WITH COMMIT"],  # the job, the project
    "done": [
        "BEGIN SELECT",
        # The job, its event, the project, three kinds of counts, and how its document stands.
        "UPDATE INSERT WITH INSERT INSERT INSERT SELECT",
        "COMMIT",
    ],
}


@pytest.fixture
def project(app: Flask) -> Iterator[str]:
    create_project("p", name="one", mode="kg_vector", now=now())
    deadline.begin()
    yield "p"
    deadline.end()


def name() -> str:
    with reading() as connection:
        [(found,)] = NAMES.rows(connection, of_id="p")
    return found


def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The first words of what is sent together, for each time that an answer is waited for."""
    heard: list[str] = []
    exchange, commit = PipelinedConnection._exchange, psycopg.Connection.commit

    def hear(connection, sent):
        heard.append(" ".join(statement.split()[0] for statement, _ in sent))
        return exchange(connection, sent)

    def hear_commit(connection):
        heard.append("COMMIT")
        commit(connection)

    def refuse(*_, **__):
        raise AssertionError("by a cursor")

    monkeypatch.setattr(PipelinedConnection, "_exchange", hear)
    monkeypatch.setattr(psycopg.Connection, "commit", hear_commit)
    monkeypatch.setattr(psycopg.Connection, "cursor", refuse)
    return heard


def test_what_a_report_says_goes_in_few_messages(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with reading() as connection:
        of = get_project(connection, project)
    assert of is not None
    new = Report(job_id="j", source_doc_id="d", status=JobStatus.RUNNING, started_at=now())
    later = Report(job_id="j", chunks_processed=1)
    end = Report(job_id="j", status=JobStatus.COMPLETED, completed_at=now())
    heard = exchanges(monkeypatch)
    for moment, report in zip(LIFE, (new, later, end), strict=True):
        heard.clear()
        ledger.record(of, [report], now=now())
        assert heard == LIFE[moment], moment


def test_what_waits_is_stored_with_the_commit(project: str) -> None:
    with writing() as connection:
        post_directly(connection, RENAME, ["two"])
    assert name() == "two"


def test_a_cursor_comes_after_what_waits(project: str) -> None:
    with writing() as connection:
        post_directly(connection, RENAME, ["two"])
        assert connection.scalar(text("SELECT name FROM projects")) == "two"
        assert NAMES.rows(connection, of_id="p") == [("two",)]


class GoneError(Exception):
    """What ends a transaction in the midst of it."""


def transact(*parts: Callable[[Connection], object]) -> None:
    with writing() as connection:
        for part in parts:
            part(connection)


def fail(*parts: Callable[[Connection], object]) -> Exception:
    """What a transaction of these parts raises."""
    with pytest.raises((DBAPIError, GoneError)) as caught:
        transact(*parts)
    return caught.value


def renaming(name: str | None) -> Callable[[Connection], object]:
    return lambda connection: post_directly(connection, RENAME, [name])


def leave(_: Connection) -> None:
    raise GoneError


def by_cursor(connection: Connection) -> None:
    connection.execute(text("SELECT name FROM projects")).all()


def test_what_waits_is_forgotten_with_its_transaction(project: str) -> None:
    assert isinstance(fail(renaming("two"), leave), GoneError)
    with writing() as connection:
        assert NAMES.rows(connection, of_id="p") == [("one",)]


@pytest.mark.parametrize(
    "next_one",
    [lambda connection: NAMES.rows(connection, of_id="p"), by_cursor, lambda _: None],
    ids=["a statement", "a cursor", "the commit"],
)
def test_an_error_of_what_waits_comes_with_the_next(
    project: str, next_one: Callable[[Connection], object]
) -> None:
    for _ in range(2):  # the connection is as good as before
        error = fail(renaming("two"), renaming(None), next_one)
        assert "violates not-null" in str(error)
        assert not is_away(error)
        assert name() == "one"


def test_statements_are_known_again_after_a_rollback(project: str) -> None:
    for _ in range(8):  # psycopg prepares its own after some, and lets the server forget all
        with writing() as connection:
            by_cursor(connection)
        assert name() == "one"
    for _ in range(2):
        assert isinstance(fail(lambda one: NAMES.rows(one, of_id="p"), leave), GoneError)
        assert name() == "one"


def test_a_server_that_ends_a_connection_is_away(project: str) -> None:
    end = "SELECT pg_terminate_backend(pg_backend_pid())"
    error = fail(lambda connection: ask_directly(connection, end, []))
    assert isinstance(error, DBAPIError)
    assert is_away(error)
    assert error.connection_invalidated
    assert getattr(error.orig, "sqlstate", None) == "57P01", "what it said last"
    assert name() == "one"


VALUES = [
    ("it's \\ “so”\n%s $1", Text),
    ("", Text),
    (-(2**62), BigInteger),
    (True, Boolean),
    (None, Text),
    (["a,'\"", "{}"], ARRAY(Text)),
]


@pytest.mark.parametrize(("value", "kind"), VALUES)
def test_values_come_back_as_they_were(project: str, value: object, kind: Any) -> None:
    echo = Prepared(lambda _: select(cast(bindparam("it"), kind)))
    with reading() as connection:
        assert echo.rows(connection, it=value) == [(value,)]
