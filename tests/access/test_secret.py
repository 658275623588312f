"""The secret key: every host that serves one store has the same, and nobody is told it."""

import logging
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from app import create_app
from app.access.secret import secret_key
from app.config import read
from app.models import Secret
from app.store.database import db, reading
from app.web.cookies import FORM
from tests.kit.api import Api
from tests.kit.cookies import give, held
from tests.kit.databases import postgres_only, sqlite_only
from tests.kit.forms import form_of

GIVEN = "given by a setting, and long enough"


@pytest.fixture
def hosts(settings: dict[str, str], tmp_path: Path) -> Iterator[list[Flask]]:
    """Three hosts that serve one store, each with a folder of its own."""
    apps = []
    with ExitStack() as stack:
        for number in range(3):
            apps.append(create_app(read(settings | {"INSTANCE": str(tmp_path / str(number))})))
            stack.callback(dispose, apps[-1])
        yield apps


def dispose(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


@postgres_only
def test_a_form_of_one_host_is_good_on_every_other(api: Api, hosts: list[Flask]) -> None:
    key = api.key("read")
    for maker in hosts:
        for taker in hosts:
            client = maker.test_client()
            form = form_of(client, number=0)
            other = taker.test_client()
            give(other, FORM, held(client, FORM) or "")
            assert other.post("/sign-in", data={**form, "key": key}).status_code == 303


@postgres_only
def test_it_outlives_its_hosts_and_is_no_part_of_what_they_say(
    app: Flask, settings: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = app.test_client().get("/sign-in").text
    key = secret_key()
    assert re.fullmatch(b"[0-9a-f]{64}", key)
    again = create_app(read(settings))
    with again.app_context():
        assert secret_key() == key
        with reading() as connection:
            assert connection.scalars(select(Secret.value)).all() == [key.decode()]
        db.engine.dispose()
    assert not Path(settings["INSTANCE"], "secret_key").exists()
    assert key.decode() not in page + caplog.text + repr(read(settings))


def test_a_setting_counts_more_than_what_is_kept(app: Flask, settings: dict[str, str]) -> None:
    kept = secret_key()
    told = read(settings | {"SECRET_KEY": GIVEN})
    assert GIVEN not in repr(told)
    with create_app(told).app_context():
        assert secret_key() == GIVEN.encode() != kept


@sqlite_only
def test_of_sqlite_it_is_in_a_file(app: Flask, settings: dict[str, str]) -> None:
    file = Path(settings["INSTANCE"], "secret_key")
    assert secret_key().decode() == file.read_text().strip()
    with reading() as connection:
        assert connection.scalars(select(Secret.value)).all() == []
