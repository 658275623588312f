"""Statements by the driver itself: who follows the statements is told of them all the same."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import groupby

import pytest
from sqlalchemy import Engine, bindparam, event, select
from sqlalchemy.exc import OperationalError

from app.models import Project
from app.store.database import db, reading
from app.store.prepared import Prepared
from tests.kit.api import Api
from tests.kit.databases import sqlite_only
from tests.kit.statements import statements

NAMES = Prepared(lambda _: select(Project.name).where(Project.project_id == bindparam("of_id")))


@contextmanager
def listener(engine: Engine, name: str) -> Iterator[list[str]]:
    heard: list[str] = []

    def hear(_connection, _cursor, statement, *_rest) -> None:
        heard.append(statement)

    event.listen(engine, name, hear)
    yield heard
    event.remove(engine, name, hear)


@contextmanager
def log(engine: Engine, caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    with caplog.at_level(logging.INFO, "sqlalchemy.engine"):
        heard: list[str] = []
        yield heard
        heard += [record.getMessage() for record in caplog.records]


@contextmanager
def echo(engine: Engine, caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    engine.echo = True
    heard: list[str] = []
    try:
        yield heard
    finally:
        engine.echo = False
    heard += [record.getMessage() for record in caplog.records]


@pytest.mark.parametrize(
    "follow",
    [
        lambda engine, _: listener(engine, "before_cursor_execute"),
        lambda engine, _: listener(engine, "after_cursor_execute"),
        log,
        echo,
    ],
    ids=["before", "after", "log", "echo"],
)
def test_who_follows_the_statements_is_told_of_the_prepared_ones(
    api: Api, caplog: pytest.LogCaptureFixture, follow: Callable
) -> None:
    with reading() as connection:
        plain = [tuple(row) for row in NAMES.rows(connection, of_id="p1")]
    with follow(db.engine, caplog) as heard, reading() as connection:
        told = [tuple(row) for row in NAMES.rows(connection, of_id="p1")]
        assert next(iter(NAMES.each(connection, of_id="p1")))[0] == "Project one"
    assert plain == told == [("Project one",)]
    assert sum("SELECT projects.name" in line for line in heard) == 2
    assert any(line.startswith("BEGIN") for line in heard) or db.engine.dialect.name != "sqlite"
    assert "p1" not in "".join(heard), "what is sent belongs in no log"


def beginnings(sent: Iterable[str]) -> list[list[str]]:
    """What tells statements apart, whatever their values; one for many rows counts once."""
    return [beginning for beginning, _ in groupby(statement.split()[:3] for statement in sent)]


@sqlite_only
def test_whatever_reaches_the_driver_is_told(api: Api) -> None:
    job = {"job_id": "j", "source_doc_id": "d", "status": "failed", "error_message": "boom"}
    traced: list[str] = []
    api.key("admin")
    with db.engine.connect() as connection:  # the pool's only one so far
        driver = connection.connection.driver_connection
    driver.set_trace_callback(traced.append)
    try:
        with statements(db.engine) as heard:
            assert api.post(job).status_code == 201
            assert api.get("?q=boom").json["total"] == 1
            assert api.get("/j").status_code == 200
    finally:
        driver.set_trace_callback(None)
    ends = ("BEGIN", "COMMIT", "ROLLBACK")
    sent = beginnings(statement for statement in traced if not statement.startswith(ends))
    assert beginnings(heard) == sent
    assert len(sent) > 10


@sqlite_only
@pytest.mark.parametrize("followed", [False, True])
def test_an_error_of_the_driver_is_sqlalchemys(api: Api, followed: bool) -> None:
    broken = Prepared(lambda _: select(Project.name.op("->>")(bindparam("path"))))
    name = "before_cursor_execute" if followed else "after_execute"
    with (
        listener(db.engine, name),
        pytest.raises(OperationalError) as caught,
        reading() as connection,
    ):
        broken.rows(connection, path="$[")
    assert "SELECT projects.name ->> ?" in str(caught.value)
    assert "$[" not in str(caught.value).replace(str(caught.value.orig), "")
