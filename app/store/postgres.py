"""Connections to PostgreSQL whose waits end, also where the server does not answer any more.

Loaded where PostgreSQL is used: elsewhere its driver may be missing.
"""

import math
import select
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy.exc import DisconnectionError

from app.store import deadline

CONNECT = 10
"""Seconds that a command waits for a new connection; a request waits until its deadline."""

POOLER = (
    "a pooler such as PgBouncer stands before it, which gives one connection's statements and"
    " settings to another: name PostgreSQL itself in DATABASE_URL"
)


class PoolerError(psycopg.OperationalError):
    """Not PostgreSQL itself was reached; `sentence` says so to everybody (`app.store.faults`)."""

    sentence = "A pooler stands before the database"


class BoundedConnection(psycopg.Connection[Any]):
    """Of a server that is frozen or cut off nothing comes, not even a refusal: so the wait ends."""

    def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
        """Wait for the server, as psycopg's own, but until the deadline; raises OperationalError.

        Then the connection is closed: nobody knows what would come next by it.
        """
        left = deadline.left()
        if left is not None:
            timeout = left if timeout is None else min(left, timeout)
        try:
            return super().wait(gen, interval, timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


def connect(_dialect: Any, _record: Any, arguments: Any, parameters: dict[str, Any]) -> Any:
    """A new connection: what the engine calls instead of the driver.

    Raises PoolerError. Between transactions that puts others onto a
    server's connection, where our prepared statements are not, or are theirs: one was seen to run
    with our parameters.
    """
    parameters.setdefault("connect_timeout", max(1, math.ceil(deadline.left_or(CONNECT))))
    connection = BoundedConnection.connect(*arguments, **parameters, autocommit=True)
    try:
        _refuse_poolers(connection)
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_poolers(connection: BoundedConnection) -> None:
    """A pooler makes up the number of the process that it names: the server has another one."""
    [serving] = connection.execute("SELECT pg_backend_pid()").fetchone() or (None,)
    if serving != connection.info.backend_pid:
        raise PoolerError(POOLER)


def check(connection: Any, _record: Any, _proxy: Any) -> None:
    """Whether a connection of the pool still has its server: if not, the pool makes a new one.

    A server that ended or was restarted has closed it, which can be seen without asking it.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("the server has ended the connection")
