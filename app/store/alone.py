"""What must not run twice at once on a store, whichever of its hosts it is started on."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, func, select

from app.store.database import BusyError
from app.store.files import open_lock


@contextmanager
def alone(engine: Engine, task: str) -> Iterator[None]:
    """Have the store for a task of this name; whoever else begins it is refused meanwhile.

    Nobody waits, and a process that dies gives it back. Raises BusyError.
    """
    if engine.dialect.name == "sqlite":
        lock = open_lock(f"{engine.url.database}.{task}")
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise _busy(task) from None
            yield
        finally:
            os.close(lock)
        return
    with engine.connect() as connection:
        # It belongs to the connection, which is in no transaction: no idle one is ended.
        connection.execution_options(isolation_level="AUTOCOMMIT")
        name = func.hashtext(f"jobwall {task}")
        if not connection.scalar(select(func.pg_try_advisory_lock(name))):
            raise _busy(task)
        try:
            yield
        finally:
            connection.scalar(select(func.pg_advisory_unlock(name)))


def _busy(task: str) -> BusyError:
    return BusyError(f"another {task} is at work")
