"""A database with several hosts: who cannot take writes is left, who is gone is not waited for."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from flask import Flask
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError

from app import create_app
from app.config import read
from app.store.database import db, reading, writing
from tests.kit.api import Api
from tests.kit.databases import postgres_only
from tests.kit.relay import relay

pytestmark = postgres_only

JOB = {"job_id": "j1", "source_doc_id": "d"}


def test_a_server_that_takes_no_writes_any_more_is_left(api: Api) -> None:
    """As one does that was the first, and follows another now."""
    api.key()
    with db.engine.connect() as one, db.engine.connect() as other:
        for connection in (one, other):
            connection.execute(text("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"))
            connection.commit()
        old = {pid(one), pid(other)}
    assert api.get().status_code == 200, "it may be read still"
    refused = api.post(JOB)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
    assert api.post(JOB).status_code == 201
    with db.engine.connect() as one, db.engine.connect() as other:
        assert not {pid(one), pid(other)} & old


def pid(connection) -> int:
    return connection.scalar(text("SELECT pg_backend_pid()"))


def test_no_server_is_left_because_only_reading_was_meant(app: Flask) -> None:
    with reading() as connection:
        before = pid(connection)
        with pytest.raises(DBAPIError) as raised:
            connection.execute(text("DELETE FROM jobs"))
    assert raised.value.orig.sqlstate == "25006"  # type: ignore[union-attr]
    with writing() as connection:
        assert pid(connection) == before
        connection.execute(text("DELETE FROM jobs"))


@contextmanager
def silent() -> Iterator[tuple[int, list[socket.socket]]]:
    """A port of a host that is gone without a word, and who tried it."""
    listener = socket.create_server(("127.0.0.1", 0))
    came: list[socket.socket] = []

    def take() -> None:
        with suppress(OSError):
            while True:
                came.append(listener.accept()[0])

    thread = threading.Thread(target=take)
    thread.start()
    try:
        yield listener.getsockname()[1], came
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
        for one in came:
            one.close()


def test_a_host_that_is_gone_is_waited_for_once(api: Api, settings: dict[str, str]) -> None:
    server = make_url(settings["DATABASE_URL"])
    path = f"{server.query['host']}/.s.PGSQL.{server.port or 5432}"
    headers = api.headers()
    with silent() as (gone, came), relay(path) as alive:
        places = f"127.0.0.1:{gone},127.0.0.1:{alive.port}"
        url = f"postgresql://{server.username}@{places}/{server.database}"
        app = create_app(read(settings | {"DATABASE_URL": url}))
        client = app.test_client()
        with app.app_context():
            for _ in range(3):
                assert client.get(api.url(), headers=headers).status_code == 200
                db.engine.dispose()
        assert len(came) == 1
