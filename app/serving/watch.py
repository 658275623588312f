"""Answers that say that nothing changed wait: until something does, or their client's time is up.

So a change is on a page as soon as it is in the store, and a page on which nothing changes costs
little. The poller says how long it would wait (`Prefer: wait=4`, RFC 7240); whose answer is a 304
is kept in the loop, without a thread. While anybody waits, a look at the versions of all projects,
one for a process, tells whom to ask for again.
"""

import re
import time
from typing import Any, Generic, NamedTuple, Protocol, TypeVar
from urllib.parse import unquote

from app.queries.board import MANY
from app.queries.versions import Versions, all_versions, changed
from app.store import deadline
from app.store.database import reading

LONGEST = 4  # seconds: whoever waits longer learns too late that a board is dead
WITHIN = 1.0  # seconds that a look may take
SELDOM = 1.0  # seconds between the beginnings of two looks at more than `MANY` projects
MINUTE = 60
SPREAD = 1.0  # seconds over which those come again for whom a new minute is a change

_WAIT = re.compile(r"\bwait=([0-9]{1,3})\b")
_UNTIL = re.compile(r'~([0-9]{1,17})"')
_PROJECT = re.compile(r"/projects/([^/]+)")


class Wait(NamedTuple):
    """Until when (of `time.monotonic`) an answer may wait, and of which project; None is of all."""

    until: float
    project_id: str | None


def wait_of(request: Any, arrived: float) -> Wait | None:
    """How long the answer to a request may wait, if at all: only one that may be a 304.

    No longer than what its client has is true: until the moment in its ETag, and the minute.
    """
    headers = dict(request.headers)
    asked = _WAIT.search(headers.get("PREFER", ""))
    known = headers.get("IF-NONE-MATCH", "")
    if request.method != "GET" or not asked or not known:
        return None
    now = time.time()
    waits = min(int(asked[1]), LONGEST, MINUTE - now % MINUTE + arrived % SPREAD)
    for until in _UNTIL.findall(known):
        waits = min(waits, int(until) / 1e6 - now)
    project = _PROJECT.search(request.path)
    of = unquote(project[1]) if project else None
    return Wait(arrived + waits, of) if waits > 0 else None


class Waiting(Protocol):
    """A client whose answer may wait."""

    wait: Wait | None


Client = TypeVar("Client", bound=Waiting)


class Watch(Generic[Client]):
    """Who waits, and what the projects' versions were when they were looked at last."""

    def __init__(self) -> None:
        self.waiting: set[Client] = set()
        self._looking = False
        self._looked_at = 0.0
        self._pause = 0.0
        self._next = 0.0
        self._known: Versions | None = None

    def must_look(self, now: float) -> bool:
        """Whether a look is due, which then begins: while anybody waits, one after the other."""
        if not self.waiting:
            self._known = None
        due = bool(self.waiting) and not self._looking and now >= self._next
        if due:
            self._looking, self._next = True, now + self._pause
        return due

    def look(self, app: Any) -> Versions:
        """The versions of all projects. Raises what the store does."""
        with app.app_context(), deadline.within(WITHIN), reading() as connection:
            return all_versions(connection)

    def concerned(self, found: Versions | None, began: float) -> list[Client]:
        """Those for whom something changed by what a look found, or may have, where it failed."""
        before, self._known, self._looking = self._known, found, False
        self._pause = SELDOM if found is not None and len(found) > MANY else 0.0
        if found is None or before is None:
            return list(self.waiting)
        self._looked_at = began
        ids = changed(before, found)
        return [client for client in self.waiting if ids and _is_of(client.wait, ids)]

    def over(self, now: float) -> list[Client]:
        """Those whose time is up."""
        return [one for one in self.waiting if one.wait is None or one.wait.until <= now]

    def is_fresh(self, now: float, most: float) -> bool:
        """Whether so lately (seconds) nothing had changed for those who still wait."""
        return now - self._looked_at <= most + self._pause


def _is_of(wait: Wait | None, changed: set[str]) -> bool:
    return wait is None or wait.project_id is None or wait.project_id in changed
