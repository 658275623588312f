"""What commands say of trouble with the database."""

import click
import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.cli.params import clear_errors
from app.store.database import BusyError, reading, writing


@pytest.mark.usefixtures("app")
def test_a_fault_of_ours_is_no_trouble_with_the_database() -> None:
    with pytest.raises(DBAPIError), clear_errors(), reading() as connection:
        connection.execute(text("SELEKT 1"))


def test_a_store_without_tables_is_told_how_to_get_them(app: Flask) -> None:
    with writing() as connection:
        connection.execute(text("ALTER TABLE jobs RENAME TO away"))
    told = pytest.raises(click.ClickException, match=r"not ready \(.*jobs.*\).*db upgrade")
    with told, clear_errors(), reading() as connection:
        connection.execute(text("SELECT 1 FROM jobs"))


def test_a_store_that_is_away_is_not_told_to_migrate() -> None:
    with (
        pytest.raises(click.ClickException, match="is busy: nothing was stored") as caught,
        clear_errors(),
    ):
        raise BusyError("too many writers wait")
    assert "upgrade" not in caught.value.message
