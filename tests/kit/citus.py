"""The databases of a Citus that runs already: `pytest --citus URL` runs PostgreSQL's tests on it.

URL is of its coordinator, of a database that knows its nodes; it must let us make others. By its
socket (`postgresql://postgres@:6400/jobwall?host=/tmp`) tests can also stand in between.
"""

from contextlib import ExitStack, suppress
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

OF_ONE_SERVER = (
    # How many statements there are, in how many messages they go, and their plans.
    "test_statements.py",
    "test_plans.py",
    "test_in_place.py",
    "test_nothing_is_sorted_to_tell_what_ties",
    "test_a_repeated_event_reads_and_writes_nothing",
    "test_a_long_list_is_told_whole_batch_by_batch",
    "test_what_a_report_says_goes_in_few_messages",
    "test_few_rows_go_as_values_and_are_stored_as_many_are",
    # What is in doubt there, where one server says that it is not, and how long it waits.
    "test_an_error_of_what_waits_comes_with_the_next",
    "test_a_connection_that_ends_while_its_commit_waits_has_stored",
    # Poolers, which are begun as the user of the server.
    "test_poolers.py",
    # What stands before Citus: tables that are laid out go no step back, and have no triggers; a
    # database without a schema has lost Citus with it.
    "test_migrations.py",
    "test_migrating.py",
    "test_a_first_start_lets_the_first_person_in_and_a_later_one_says_how",
    "test_the_commands_of_db_work_on_an_empty_store",
    "test_tables_that_others_migrated_meanwhile_are_named",
    "test_a_refused_commit_stored_nothing",
    "test_a_full_disk_of_the_server_is_said",
    "test_without_citus_it_says_what_is_missing",
    "test_a_server_alone_is_told_what_to_do",
)
"""Tests, and files of them, that are of one server alone: a Citus is another in that."""


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

    def __getattr__(self, name: str) -> Any:
        """Who would start or stop it, or look at its files, needs a server of its own."""
        pytest.skip(f"needs a server of its own, for its {name}")

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
