"""That a screen was seen is noted behind its answer: what goes wrong there is in the log."""

import logging

import pytest
from flask.testing import FlaskClient

from app.access.scopes import hashed
from app.clock import now
from app.screens.store import add_screen
from app.store.database import writing
from app.web.cookies import SCREEN
from tests.kit.api import Api
from tests.kit.cookies import give
from tests.kit.databases import sqlite_only


@pytest.fixture
def tv(api: Api) -> FlaskClient:
    """A screen that was not seen yet."""
    with writing() as connection:
        add_screen(connection, name="TV", projects=None, now=now(), token_hash=hashed("t"))
    give(api.client, SCREEN, "t")
    return api.client


@sqlite_only
def test_a_store_that_is_busy_is_a_warning(
    tv: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with writing(), tv.get("/wall") as answer:
        assert answer.status_code == 200
    [record] = caplog.records
    assert (record.levelno, record.exc_info) == (logging.WARNING, None)
    assert "the writers before take too long" in record.getMessage()


def test_a_fault_of_ours_is_an_error_that_says_where(
    tv: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    with writing() as connection:
        connection.exec_driver_sql("ALTER TABLE screens RENAME COLUMN address TO renamed")
    with tv.get("/wall") as answer:
        assert answer.status_code == 200
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert "in note_seen" in caplog.text
