"""Lanes: requests that cost alike share threads, so that dear ones keep no cheap one waiting."""

import re
from collections import deque
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, unquote

from app.api.requests import BODY, BULK_BODY
from app.queries.parts import PARTS

Work = TypeVar("Work")


@dataclass(slots=True, eq=False)
class Lane(Generic[Work]):
    """The threads of a process for one kind of request, and the requests that wait for one.

    At most `room` of them wait, and none for longer than `patience` (seconds). None has a body of
    more bytes than `body`.
    """

    threads: int
    room: int
    patience: float
    body: int = BODY
    busy: int = 0
    waiting: deque[tuple[float, Work]] = field(default_factory=deque)

    def enter(self, work: Work, now: float) -> bool | None:
        """Take a thread (True) or a place in the line (False); None where neither is free."""
        if self.busy < self.threads:
            self.busy += 1
            return True
        if len(self.waiting) >= self.room:
            return None
        self.waiting.append((now, work))
        return False

    def leave(self) -> Work | None:
        """Give a thread back, or to the next one in the line."""
        if self.waiting:
            return self.waiting.popleft()[1]
        self.busy -= 1
        return None

    def give_up(self, now: float) -> list[Work]:
        """Those that have waited for too long: they leave the line."""
        late = []
        while self.waiting and now - self.waiting[0][0] > self.patience:
            late.append(self.waiting.popleft()[1])
        return late


class Lanes(Generic[Work]):
    """The lanes of a process. Who waits in one is told to come again while it still listens."""

    def __init__(self) -> None:
        # A page takes milliseconds. A report waits for the disk, and for other writers.
        self.reading = Lane[Work](threads=8, room=1000, patience=2)
        self.writing = Lane[Work](threads=4, room=200, patience=4)
        self.bulk = Lane[Work](threads=2, room=20, patience=4, body=BULK_BODY)
        # What is searched for, sorted lists and long ones: a hundred times the work of a page.
        self.dear = Lane[Work](threads=2, room=40, patience=4)
        # An export takes as long as its reader does.
        self.exporting = Lane[Work](threads=2, room=4, patience=4)
        self.all = (self.reading, self.writing, self.bulk, self.dear, self.exporting)

    @property
    def threads(self) -> int:
        """How many there are in all."""
        return sum(lane.threads for lane in self.all)

    def of(self, method: str, path: str, query: str) -> Lane[Work]:
        """The lane of a request, by what stands in its first line."""
        path = unquote(path)
        if method not in ("GET", "HEAD"):
            return self.bulk if _BULK.search(path) else self.writing
        if _EXPORT.search(path):
            return self.exporting
        if query and any(_is_dear(*one) for one in parse_qsl(query)):
            return self.dear
        return self.reading


def _is_dear(name: str, value: str) -> bool:
    return name in _SEARCHED or (name == "limit" and len(value) > len("100"))


_BULK = re.compile(r"/jobs/bulk$")
_EXPORT = re.compile(r"/(jobs\.(csv|ndjson)|failing\.(txt|ndjson))$")
_SEARCHED = {"sort"} | {part.name for part in PARTS if not part.counted}
