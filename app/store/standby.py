"""A standby of PostgreSQL that helps to make pages: never waited for, never believed unseen.

It has what the primary had a moment ago. Whether that is enough is for those to say who ask it;
where it does not answer, or not soon, the primary is asked as if there were none.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, TypeVar

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.store import deadline, distributed, schema
from app.store.database import READ_ONLY, STANDBY, db, prepare_postgres
from app.store.faults import is_away, reason_of

PATIENCE = 1.0
"""Seconds of a request that it may take: enough are left for the primary."""

AGAIN, SELDOM = 5.0, 60.0
"""Seconds after which one that was away, or was too slow, is tried again; each time in vain it is
twice as long, up to so long."""

Answer = TypeVar("Answer")

log = logging.getLogger(__name__)

_ITSELF = text("SELECT pg_is_in_recovery(), (SELECT version_num FROM alembic_version)")
_opening: ContextVar[bool] = ContextVar("_opening", default=False)


class NotOpenError(Exception):
    """No connection to it is open and free: one is opened, but nobody waits for that."""


class Standby:
    """The standby of one app: whether it can be asked now, and its connections.

    A new connection is opened by a thread of its own, so that a server that is gone without a word
    holds no request up.
    """

    def __init__(self, engine: Engine) -> None:
        from app.store import postgres  # noqa: PLC0415  elsewhere its driver may be missing

        self.engine = engine
        self._lock = threading.Lock()
        self._opener: threading.Thread | None = None
        self._again = 0.0
        self._pause = 0.0  # seconds; 0 while it answers
        event.listen(engine, "do_connect", _refuse_to_wait)
        event.listen(engine, "do_connect", postgres.connect)
        event.listen(engine, "connect", prepare_postgres)
        event.listen(engine, "connect", distributed.notice)
        event.listen(engine, "checkout", postgres.check)

    def ask(self, read: Callable[[Connection], Answer | None]) -> Answer | None:
        """What `read` gives in one snapshot; None where it is not to be had now."""
        if time.monotonic() < self._again:
            return None
        try:
            with (
                deadline.within(min(PATIENCE, deadline.left_or(PATIENCE))),
                self.engine.connect() as connection,
            ):
                connection.execution_options(**READ_ONLY)
                with connection.begin():
                    follows, revision = connection.execute(_ITSELF).one()
                    if follows and revision == schema.WANTED:
                        answer = read(connection)
                        self._answers()
                        return answer
            self._leave("it follows no other server" if not follows else "its tables are others")
        except NotOpenError:
            self._open_one()
        except PoolTimeoutError:  # others have all that there may be: that says nothing of it
            return None
        except SQLAlchemyError as error:
            # What it refuses may be for its own sake: it is behind, and a row must go.
            if is_away(error):
                self._leave(reason_of(error))
            else:
                log.info("the standby refused: %s", reason_of(error))
        return None

    def open(self) -> None:
        """Open a connection, and keep it for whoever asks next."""
        token = _opening.set(True)
        try:
            self.engine.connect().close()
        except Exception as error:  # whatever it is, the primary makes the pages
            self._leave(reason_of(error))
        finally:
            _opening.reset(token)

    def _open_one(self) -> None:
        with self._lock:
            if self._opener is None or not self._opener.is_alive():
                self._opener = threading.Thread(target=self.open, daemon=True)
                self._opener.start()

    def _leave(self, reason: str) -> None:
        """Ask it no more for a while, and say so once."""
        if not self._pause:
            log.warning("the standby is not asked, the primary makes all pages: %s", reason)
        self._pause = min(SELDOM, max(AGAIN, 2 * self._pause))
        self._again = time.monotonic() + self._pause
        self.engine.dispose()

    def _answers(self) -> None:
        if self._pause:
            self._pause = 0.0
            log.warning("the standby is asked again")


def _refuse_to_wait(*_: Any) -> None:
    if not _opening.get():
        raise NotOpenError


def init_app(app: Flask) -> None:
    """Give the app its standby, None where the environment names none."""
    with app.app_context():
        engine = db.engines.get(STANDBY)
    app.extensions["standby"] = None if engine is None else Standby(engine)


def ask(read: Callable[[Connection], Answer | None]) -> Answer | None:
    """What the app's standby answers: see `Standby.ask`; None where there is none."""
    standby: Standby | None = current_app.extensions["standby"]
    return None if standby is None else standby.ask(read)
