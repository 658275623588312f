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
    """A new connection: what the engine calls instead of the driver."""
    parameters.setdefault("connect_timeout", max(1, math.ceil(deadline.left_or(CONNECT))))
    return BoundedConnection.connect(*arguments, **parameters)


def check(connection: Any, _record: Any, _proxy: Any) -> None:
    """Whether a connection of the pool still has its server: if not, the pool makes a new one.

    A server that ended or was restarted has closed it, which can be seen without asking it.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("the server has ended the connection")
