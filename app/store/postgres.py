"""Connections to PostgreSQL whose waits end, also where the server does not answer any more.

Loaded where PostgreSQL is used: elsewhere its driver may be missing.
"""

import select
from typing import Any

import psycopg
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.pq import TransactionStatus
from sqlalchemy import ExceptionContext
from sqlalchemy.exc import DisconnectionError

from app.store import deadline
from app.store.pipelined import PipelinedConnection

CONNECT = 10
"""Seconds that a command waits for a new connection; a request waits until its deadline."""

ALIVE = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 10_000,
}
"""After how many seconds (of the last, ms) a server counts as gone whose machine says nothing more:
a command waits no longer. What the URL says of these, and of `connect_timeout`, counts more."""

POOLER = (
    "a pooler such as PgBouncer stands before it, which gives one connection's statements and"
    " settings to another: name PostgreSQL itself in DATABASE_URL"
)


class PoolerError(psycopg.OperationalError):
    """Not PostgreSQL itself was reached; `sentence` says so to everybody (`app.store.faults`)."""

    sentence = "A pooler stands before the database"


class BoundedConnection(PipelinedConnection):
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
    places = _places(parameters)
    wait = deadline.left_or(CONNECT) / len(places)
    about = {"connect_timeout": max(1, int(wait)), **ALIVE, **parameters}
    if len(places) > 1:
        about["host"], about["port"] = (",".join(each) for each in zip(*places, strict=True))
    connection = BoundedConnection.connect(*arguments, **about, autocommit=True)
    try:
        _refuse_poolers(connection)
        connection.autocommit = False
    except BaseException:
        connection.close()
        raise
    _answered[parameters.get("host")] = connection.info.host, str(connection.info.port)
    return connection


_answered: dict[str | None, tuple[str, str]] = {}  # of the hosts that a URL names, the last one


def _places(parameters: dict[str, Any]) -> list[tuple[str, str]]:
    """The hosts and ports to try, first the one that answered last: one that is gone takes time."""
    hosts, ports = (str(parameters.get(name) or "").split(",") for name in ("host", "port"))
    ports = [port or "5432" for port in ports]
    named = zip(hosts, ports if len(ports) > 1 else ports * len(hosts), strict=True)
    last = _answered.get(parameters.get("host"))
    return sorted(named, key=lambda place: place != last)


def _refuse_poolers(connection: BoundedConnection) -> None:
    """A pooler makes up the number of the process that it names: the server has another one."""
    [serving] = connection.execute("SELECT pg_backend_pid()").fetchone() or (None,)
    if serving != connection.info.backend_pid:
        raise PoolerError(POOLER)


def leave_read_only(context: ExceptionContext) -> None:
    """Leave a server that takes no writes any more, since another one has its place.

    Its connections are all given up, so that the next request finds the other one.
    """
    connection = context.connection
    writes = connection is not None and connection.get_execution_options().get("writes", False)
    if writes and isinstance(context.original_exception, ReadOnlySqlTransaction):
        context.is_disconnect = True


def check(connection: Any, _record: Any, _proxy: Any) -> None:
    """Whether a connection of the pool still has its server: if not, the pool makes a new one.

    A server that ended or was restarted has closed it, which can be seen without asking it.
    """
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        raise DisconnectionError("the server has ended the connection")
