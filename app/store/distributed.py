"""Whether a database is a Citus, whose tables lie on several nodes by their `project_id`.

There a statement may say only what one node can answer, or every node for itself: each of its parts
names the project. Most statements do so anyway; the few that must be others there ask this.
"""

from typing import Any

from sqlalchemy import Connection

CITUS = "citus"
"""What a statement is built for that one node of several shall answer, in place of a dialect."""

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


def is_distributed(connection: Connection) -> bool:
    """Whether it is one."""
    return bool(connection.info.get(_KNOWN))
