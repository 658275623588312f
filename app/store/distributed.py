"""Whether a database is a Citus, whose tables lie on several nodes by their `project_id`.

There a statement may say only what one node can answer, or every node for itself: each of its parts
names the project. Most statements do so anyway; the few that must be others there ask this.
"""

from typing import Any

from sqlalchemy import Connection

CITUS, CITUS_FEW = "citus", "citus, few"
"""What a statement is built for where several nodes may answer, in place of a dialect; of few
projects, each of its parts says whose, so that it is asked of their nodes alone."""

APART = (CITUS, CITUS_FEW)

FEW = 50
"""Projects that are few. Of more, to say whose would cost their square, and all nodes have some."""

_KNOWN = "distributed"
NODE = 2000
"""Milliseconds that a node may take to be connected to: half of what a request may take."""


def notice(connection: Any, record: Any) -> None:
    """Find out, once for each new connection to PostgreSQL."""
    row = connection.execute("SELECT to_regclass('pg_dist_partition') IS NOT NULL").fetchone()
    connection.commit()
    record.info[_KNOWN] = bool(row[0])
    if row[0]:
        connection.execute(f"SET citus.node_connection_timeout = {NODE}")
        connection.commit()


def kind_of(connection: Connection, projects: int) -> str:
    """What a statement of so many projects is built for."""
    if not is_distributed(connection):
        return connection.dialect.name
    return CITUS_FEW if projects <= FEW else CITUS


def is_distributed(connection: Connection) -> bool:
    """Whether it is one."""
    return bool(connection.info.get(_KNOWN))
