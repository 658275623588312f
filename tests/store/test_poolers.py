"""No pooler stands between board and PostgreSQL: the real PgBouncer is refused in every mode."""

import logging
import subprocess
from pathlib import Path

import pytest
from jinja2 import BytecodeCache
from sqlalchemy import URL, make_url
from sqlalchemy.exc import OperationalError

from app import create_app
from app.config import read
from app.store.database import db, reading
from app.store.faults import is_away, reason_of
from tests.kit.api import Api
from tests.kit.commands import JOBWALL
from tests.kit.databases import postgres_only
from tests.kit.pgbouncer import pgbouncer
from tests.kit.relay import relay

pytestmark = postgres_only

REASON = (
    "a pooler such as PgBouncer stands before it, which gives one connection's statements and"
    " settings to another: name PostgreSQL itself in DATABASE_URL"
)


@pytest.fixture
def server(settings: dict[str, str]) -> URL:
    return make_url(settings["DATABASE_URL"])


def at(url: URL) -> dict[str, str]:
    """The setting of a board whose database is there."""
    return {"DATABASE_URL": url.render_as_string(hide_password=False)}


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        ("transaction", ""),
        ("transaction", "ignore_startup_parameters = options"),
        ("statement", ""),
        ("session", ""),
    ],
)
def test_no_connection_is_made_by_a_pooler(
    settings: dict[str, str], server: URL, tmp_path: Path, mode: str, more: str
) -> None:
    with pgbouncer(server, tmp_path / "pooler", mode, more) as pooler:
        with create_app(read(settings | at(pooler))).app_context():
            with pytest.raises(OperationalError) as refused, reading():
                pass
            assert db.engine.pool.checkedout() == 0
        assert is_away(refused.value)
        assert reason_of(refused.value) == REASON


def test_the_start_stops_with_one_line(
    settings: dict[str, str], server: URL, tmp_path: Path
) -> None:
    with pgbouncer(server, tmp_path / "pooler", "transaction") as pooler:
        stopped = subprocess.run(
            [JOBWALL, "serve", "--port", "0"],
            env=settings | at(pooler),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (stopped.returncode, stopped.stdout) == (1, "")
    said = f"A pooler stands before the database: nothing was stored ({REASON})"
    assert stopped.stderr == f"Error: {said}\n"


def test_a_pooler_that_comes_in_between_later_is_refused_too(
    api: Api,
    settings: dict[str, str],
    server: URL,
    tmp_path: Path,
    compiled: BytecodeCache,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What only passes on is none, and is served by."""
    path = f"{server.query['host']}/.s.PGSQL.{server.port or 5432}"
    headers = api.headers()
    with relay(path) as between, pgbouncer(server, tmp_path / "pooler", "transaction") as pooler:
        url = server.set(host="127.0.0.1", port=between.port, query={})
        app = create_app(read(settings | at(url)))
        app.jinja_env.bytecode_cache = compiled
        client = app.test_client()

        def status() -> int:
            return client.get(api.url(), headers=headers).status_code

        assert [status(), status()] == [200, 200]
        between.lead_to((str(pooler.host), int(pooler.port or 0)))
        with caplog.at_level(logging.ERROR):
            assert [status(), status()] == [503, 503]
        assert "PgBouncer" in caplog.text
        between.lead_to(path)
        assert [status(), status()] == [200, 200]
        with app.app_context():
            db.engine.dispose()
