"""What lays the tables out over the nodes of a Citus, by project: in place, in one transaction.

All that is of a project comes to lie on one node. Who may see what stays on the coordinator, so
that no node that is gone keeps anybody from signing in; and so does what is of no project.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, text

from app.store import schema
from app.store.database import Base, db

SETTINGS = (("enable_bitmapscan", "off"), ("jit", "off"), ("synchronous_commit", "on"))
"""What a connection is set to (`database.prepare_postgres`), and nodes would not hear of; and that
what they commit is stored: with that off one that was killed took acknowledged reports along."""

Progress = Callable[[int, int], None]


class Layout(NamedTuple):
    """What is to be done: tables with their bytes, and foreign keys as (table, name)."""

    tables: Sequence[tuple[str, int]]
    keys: Sequence[tuple[str, str]]
    nodes: Sequence[str]


def by_project() -> list[str]:
    """The tables that go to nodes, `projects` first: whose key begins with `project_id`."""
    names = [
        table.name
        for table in Base.metadata.sorted_tables
        if next(iter(table.primary_key.columns)).name == "project_id"
    ]
    return sorted(names, key=lambda name: name != "projects")


def obstacles(connection: Connection) -> list[str]:
    """What stands in the way, a sentence each."""
    if connection.dialect.name != "postgresql":
        return ["SQLite is one file: move to PostgreSQL first (docs/operating.md)."]
    found = []
    if wrong := schema.mismatch(schema.revision_of(connection)):
        found.append(f"{wrong}.")
    if not connection.scalar(text("SELECT to_regclass('pg_dist_node') IS NOT NULL")):
        found.append(
            "The database has no Citus: install it on every node, set shared_preload_libraries ="
            " 'citus', and CREATE EXTENSION citus in this database on each of them."
        )
        return found
    if not _nodes(connection):
        found.append("No node takes part: add each with SELECT citus_add_node('host', 5432).")
    return found


def layout(connection: Connection) -> Layout:
    """What is left to be done, by what is there. Raises nothing where `obstacles` finds none."""
    there = set(
        connection.scalars(text("SELECT logicalrelid::regclass::text FROM pg_dist_partition"))
    )
    wanted = [name for name in by_project() if name not in there]
    sizes = text("SELECT pg_total_relation_size(CAST(:name AS regclass))")
    tables = [(name, connection.scalar(sizes, {"name": name}) or 0) for name in wanted]
    return Layout(tables, _keys(connection), _nodes(connection))


def _nodes(connection: Connection) -> list[str]:
    query = (
        "SELECT nodename || ':' || nodeport FROM pg_dist_node"
        " WHERE isactive AND shouldhaveshards AND noderole = 'primary' ORDER BY 1"
    )
    return list(connection.scalars(text(query)))


def _keys(connection: Connection) -> list[tuple[str, str]]:
    """The foreign keys from tables that stay to those that go: Citus checks none of them."""
    query = text(
        "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'"
        " AND confrelid::regclass::text = ANY(:gone) AND conrelid::regclass::text <> ALL(:gone)"
        " ORDER BY 1"
    )
    return [(row[0], row[1]) for row in connection.execute(query, {"gone": by_project()})]


def statements(plan: Layout) -> list[tuple[str, int]]:
    """Each statement of it, with how much it has to do (bytes).

    Nodes are told of their database what lets them plan as this one does; at last the room of the
    rows that were copied to them is given back, children first.
    """
    quote = db.engine.dialect.identifier_preparer.quote
    alter = f"ALTER DATABASE {quote(str(db.engine.url.database))} SET"
    found = [
        *(
            (f"SELECT run_command_on_all_nodes('{alter} {name} = {value}')", 0)
            for name, value in SETTINGS
        ),
        # One after the other: in one transaction Citus would meet its own locks.
        ("SET LOCAL citus.multi_shard_modify_mode = 'sequential'", 0),
        *((f"ALTER TABLE {quote(of)} DROP CONSTRAINT {quote(name)}", 0) for of, name in plan.keys),
    ]
    for name, size in plan.tables:
        beside = "" if name == "projects" else ", colocate_with => 'projects'"
        found.append((f"SELECT create_distributed_table('{name}', 'project_id'{beside})", size))
    for name, _ in reversed(plan.tables):
        found.append((f"SELECT truncate_local_data_after_distributing_table('{name}')", 0))
    return found


def distribute(connection: Connection, plan: Layout, progress: Progress) -> None:
    """Do it, within the connection's transaction; `progress` is told bytes done, of so many."""
    steps = statements(plan)
    total, done = sum(size for _, size in steps), 0
    progress(0, total)
    for statement, size in steps:
        connection.execute(text(statement))
        done += size
        progress(done, total)
