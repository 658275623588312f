"""A board opens no more connections to PostgreSQL than it was given, however many ask it."""

import threading
from typing import Any

import psycopg
import requests
from sqlalchemy import make_url

from tests.kit.board import served
from tests.kit.databases import postgres_only

CLIENTS = 40
ASKED = 20  # times by each
GIVEN = 6

OPEN = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
  AND backend_type = 'client backend'    -- no autovacuum, no daemon of Citus
  AND application_name NOT LIKE 'citus%'  -- nor what Citus opens to itself
"""


@postgres_only
def test_a_board_keeps_to_the_connections_that_it_was_given(settings: dict[str, str]) -> None:
    given = {"DATABASE_CONNECTIONS": str(GIVEN), "WORKERS": "3"}
    url = make_url(settings["DATABASE_URL"]).set(drivername="postgresql")
    statuses: set[int] = set()
    with (
        served(settings | given) as board,
        psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as watching,
    ):
        project = board.new_project("p1")
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {board.key}"
        path = f"{board.url}/api/v1/projects/{project}/jobs"

        def ask() -> None:
            for _ in range(ASKED):  # a connection of its own each time, so that every worker hears
                statuses.add(requests.get(path, headers=session.headers, timeout=20).status_code)

        clients = [threading.Thread(target=ask) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        most = 0
        while any(client.is_alive() for client in clients):
            most = max(most, opened(watching))
        assert 1 < most <= GIVEN
        assert 200 in statuses
        assert statuses <= {200, 503}, "who waits for a connection too long is told to come again"
        assert session.get(path).status_code == 200


def opened(connection: psycopg.Connection[Any]) -> int:
    row = connection.execute(OPEN).fetchone()
    assert row is not None
    return int(row[0])
