"""The mirror's process: a thread for every source, started and ended as sources come and go."""

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import NamedTuple

from flask import Flask

from app.access.sealed import UnreadableError, unseal
from app.clock import now
from app.config import Network
from app.ledger.sources import UnknownSourceError, note_error
from app.ledger.sums import UnknownProjectError
from app.mirror.addresses import AddressError
from app.mirror.following import Follower
from app.mirror.upstream import Upstream
from app.queries.sources import SourceLine, list_sources
from app.rules.times import MINUTE, SECOND
from app.store.database import reading
from app.store.faults import sentence_of

LOOK_EVERY = 2.0  # seconds between looks at which sources there are
DATABASE_AWAY = 5 * SECOND
MOST = 64  # sources that are followed, a thread each

log = logging.getLogger("jobwall.mirror")


class Wanted(NamedTuple):
    """What of a source decides how it is followed; with another of it a new thread begins."""

    url: str
    upstream_project: str
    sealed_key: str | None
    created_at: int


class Mirror:
    """Follows every source that is not paused, until it is stopped."""

    def __init__(self, app: Flask, allowed: Sequence[Network]) -> None:
        """`allowed` are networks that may be asked though they are not public."""
        self._app = app
        self._allowed = allowed
        self._threads: dict[str, tuple[Wanted, threading.Event]] = {}

    def run(self, stop: threading.Event) -> None:
        """Follow until `stop` is set."""
        while not stop.is_set():
            try:
                with self._app.app_context():
                    self.look()
            except Exception as error:
                _say_database(error)
            stop.wait(LOOK_EVERY)
        for _, ended in self._threads.values():
            ended.set()

    def look(self) -> int:
        """Begin and end threads as the sources are now; gives how many are followed."""
        with reading() as connection:
            sources = [one for one in list_sources(connection) if one.paused_at is None]
        wanted = {one.project_id: _wanted(one) for one in sources[:MOST]}
        for project_id in [*self._threads]:
            known, ended = self._threads[project_id]
            if wanted.get(project_id) != known:
                ended.set()
                del self._threads[project_id]
        for one in sources[:MOST]:
            if one.project_id not in self._threads:
                ended = threading.Event()
                self._threads[one.project_id] = (wanted[one.project_id], ended)
                thread = threading.Thread(
                    target=self._follow, args=(one.project_id, ended), daemon=True
                )
                thread.start()
        return len(self._threads)

    def _follow(self, project_id: str, ended: threading.Event) -> None:
        """Follow one source. What is kept of it is read anew whenever something went wrong here."""
        wait, follower = 0, None
        while not ended.wait(wait / SECOND):
            with self._app.app_context():
                try:
                    if follower is None:
                        follower, wait = self._begin(project_id)
                        if wait:
                            continue
                    wait = follower.round()
                except (UnknownSourceError, UnknownProjectError):
                    break
                except (AddressError, UnreadableError) as error:
                    wait, at = MINUTE, now()
                    with suppress(UnknownSourceError):
                        note_error(project_id, _sentence(error), now=at, retry_at=at + wait)
                except Exception as error:
                    _say_database(error)
                    if follower is not None:
                        follower.close()
                    follower, wait = None, DATABASE_AWAY
        if follower is not None:
            follower.close()

    def _begin(self, project_id: str) -> tuple[Follower, int]:
        """A follower, and how long (µs) its upstream asked us to stay away when it was last asked.

        Raises UnknownSourceError, AddressError and UnreadableError.
        """
        with reading() as connection:
            found = list_sources(connection, project_id)
        if not found:
            raise UnknownSourceError(project_id)
        source = found[0]
        key = None if source.sealed_key is None else unseal(source.sealed_key)
        upstream = Upstream(source.url, source.upstream_project, key, self._allowed)
        return Follower(source, upstream, now), max(0, (source.retry_at or 0) - now())


def _wanted(source: SourceLine) -> Wanted:
    return Wanted(source.url, source.upstream_project, source.sealed_key, source.created_at)


def _sentence(error: AddressError | UnreadableError) -> str:
    if isinstance(error, UnreadableError):
        return "Its key was sealed under another secret: give it again"
    return f"Its address {error}"


def _say_database(error: Exception) -> None:
    """A line where the database is away; where the fault is our own, all of it."""
    if sentence := sentence_of(error):
        log.error("%s; the mirror goes on as soon as it is back", sentence)
    else:
        log.exception("the mirror met a fault of its own")
