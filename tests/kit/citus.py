"""The databases of a Citus that runs already: `pytest --citus URL` runs PostgreSQL's tests on it.

URL is of its coordinator, of a database that knows its nodes; it must let us make others.
"""

from contextlib import ExitStack, suppress

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

OF_ONE_SERVER = ("test_statements.py", "test_plans.py")
"""Tests of how many statements there are, and of their plans: a Citus has others."""


class Citus:
    """What `Databases` needs of a server, of several nodes."""

    system_user = None

    def __init__(self, url: str) -> None:
        self._url = url
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT nodename, nodeport, groupid FROM pg_dist_node")
            self._nodes = sorted(found.fetchall(), key=lambda node: node[2])
        assert self._nodes[0][2] == 0, "the coordinator is not set: citus_set_coordinator_host"

    def get_uri(self) -> str:
        """The coordinator."""
        return self._url

    @property
    def bin_path(self) -> str:
        """Nobody knows where its programs are."""
        pytest.skip("needs a server of its own")

    def make(self, name: str) -> None:
        """Make a database on every node, and tell its coordinator of them."""
        self._everywhere("postgres", f"CREATE DATABASE {name}")
        self._everywhere(name, "CREATE EXTENSION citus")
        with psycopg.connect(self._url, dbname=name, autocommit=True) as connection:
            coordinator, *workers = self._nodes
            connection.execute("SELECT citus_set_coordinator_host(%s, %s)", coordinator[:2])
            for worker in workers:
                connection.execute("SELECT citus_add_node(%s, %s)", worker[:2])

    def drop(self, name: str) -> None:
        """Drop it from every node; what another test's board still uses stays for once."""
        with suppress(psycopg.errors.ObjectInUse):
            self._everywhere("postgres", f"DROP DATABASE {name} WITH (FORCE)")

    def _everywhere(self, database: str, statement: str) -> None:
        with ExitStack() as stack:
            for host, port, _ in self._nodes:
                url = make_conninfo(self._url, host=host, port=port, dbname=database)
                connection = stack.enter_context(psycopg.connect(url, autocommit=True))
                connection.execute(statement)
