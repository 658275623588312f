"""How a list is read whole that moves while it is read: pure, the requests are elsewhere.

The list is newest first and told by limit and offset. What is new pushes everything down, which
shows some jobs twice; what is deleted pulls everything up, and a reader who only adds up offsets
passes over as many. So each page overlaps the one before: it must show a job that this scan saw
already, else the reader steps back until one does. Then nothing lies between the two.

No short page is the end, for pages may be capped, nor is `total`, whose published meaning is not
clear. The end is where nothing new stands behind the last job and nothing stands behind that
place, seen in this order: page, nothing, the same page.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

OVERLAP = 10  # jobs of a page that the next one should show again
TAIL = 2000  # jobs seen last, by which a page is known to follow
TOP = 200  # jobs at the head of a scan, by which the next one knows where this one began
ENOUGH = 20  # of those that a scan must meet: one alone may have moved to the head
MOST_FRUITLESS = 500  # pages in a row that show nothing new, before a scan begins anew


@dataclass
class Scan:
    """How far a list was read. `whole` to its end, else until the `anchors` of the one before.

    `offset` is where to ask next. `top` are the ids at the head, `tail` those that were seen last,
    in their order; `met` the anchors that were seen. At `empty_at` nothing stood. `seen` counts
    jobs, some of them twice. The scan began at `since`, and the newest job that it showed counts as
    created at `newest_at` (µs). It has `joined` what was known where a page showed some of that.
    """

    whole: bool
    since: int
    anchors: list[str] = field(default_factory=list)
    offset: int = 0
    back: int = OVERLAP
    top: list[str] = field(default_factory=list)
    tail: list[str] = field(default_factory=list)
    met: list[str] = field(default_factory=list)
    empty_at: int | None = None
    fruitless: int = 0
    seen: int = 0
    newest_at: int = 0
    joined: bool = False
    done: bool = False

    @classmethod
    def load(cls, saved: dict[str, Any]) -> "Scan":
        """A scan as `save` has written it."""
        return cls(**saved)

    def save(self) -> dict[str, Any]:
        """What JSON can keep."""
        return asdict(self)

    def take(self, ids: Sequence[str]) -> bool:
        """Note the ids of the page at `offset`; whether they belong to the scan.

        They do not where jobs may lie between them and what was seen: then nothing of it counts,
        and the next page is asked for from further up.
        """
        self.fruitless += 1
        if self.fruitless > MOST_FRUITLESS:
            self._begin_anew()
            return False
        known = set(self.tail)
        if self.tail and known.isdisjoint(ids):
            if not ids:
                self.empty_at = self.offset
            self._step_back()
            return False
        self._accept(ids, known)
        return True

    def _accept(self, ids: Sequence[str], known: Collection[str]) -> None:
        new = [job_id for job_id in dict.fromkeys(ids) if job_id not in known]
        self.top = [*self.top, *new][:TOP]
        self.tail = [*self.tail, *new][-TAIL:]
        self.seen += len(new)
        anchors = set(self.anchors)
        self.met = list(dict.fromkeys([*self.met, *(one for one in ids if one in anchors)]))
        self.back, end = OVERLAP, self.offset + len(ids)
        if new:
            self.fruitless, self.empty_at = 0, None
            self.offset = end - min(OVERLAP, len(ids) // 2)
        elif end in (self.empty_at, 0):
            self.done = True
        else:
            self.offset = end
        if not self.whole and len(self.met) >= ENOUGH:
            self.done = True

    def _step_back(self) -> None:
        """Ask further up: at first a little, then twice as far, never further than what is known.

        At the head of the list nothing is above: all that was seen is gone, and the scan begins
        with what is there now.
        """
        if self.offset == 0:
            self._begin_anew()
            return
        self.offset = max(0, self.offset - self.back)
        self.back = min(2 * self.back, TAIL // 2)

    def _begin_anew(self) -> None:
        self.offset, self.fruitless, self.back = 0, 0, OVERLAP
        self.top, self.tail, self.met, self.empty_at = [], [], [], None
