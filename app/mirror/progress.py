"""How far a source was read: what is kept between two requests, so that a killed mirror goes on."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from app.mirror.scan import ENOUGH, Scan
from app.rules.times import HOUR

SWEEP_EVERY = 6 * HOUR  # the whole list, for what came to be further down, or was missed


@dataclass
class Progress:
    """The `anchors` are ids at the head of the last scan that was completed.

    None of the jobs at that head counts as created later than `newest_at` (µs).
    `head` is the scan that looks for what is new, `sweep` the one that goes through all; None where
    there is none. The last sweep was completed at `swept_at` (µs) and showed `swept` jobs.
    """

    anchors: list[str] = field(default_factory=list)
    newest_at: int = 0
    head: Scan | None = None
    sweep: Scan | None = None
    swept_at: int = 0
    swept: int = 0

    @classmethod
    def load(cls, text: str) -> "Progress":
        """What `save` wrote; of an empty object that nothing was read."""
        kept: dict[str, Any] = orjson.loads(text)
        scans = {
            name: Scan.load(kept[name]) if kept.get(name) else None for name in ("head", "sweep")
        }
        return cls(**{**kept, **scans})

    def save(self) -> str:
        """As JSON."""
        scans = {"head": self.head, "sweep": self.sweep}
        kept = {name: scan and scan.save() for name, scan in scans.items()}
        return orjson.dumps(vars(self) | kept).decode()

    def begin(self, now: int) -> Scan:
        """The scan for what is new: the one that is under way, else a new one.

        Where too few anchors are known, the whole list is read.
        """
        if self.head is None:
            whole = len(self.anchors) < ENOUGH
            self.head = Scan(whole=whole, since=now, anchors=self.anchors)
        return self.head

    def begin_sweep(self, now: int, *, early: bool) -> Scan | None:
        """The sweep that is under way, or a new one where it is time for that, or `early`."""
        if self.sweep is None and (early or now - self.swept_at >= SWEEP_EVERY):
            self.sweep = Scan(whole=True, since=now, anchors=self.anchors)
        return self.sweep

    def complete(self, scan: Scan, now: int) -> None:
        """Take over what a completed scan has found out."""
        if scan is self.head:
            self.anchors, self.head = scan.top, None
            self.newest_at = max(self.newest_at, scan.newest_at)
        else:
            self.sweep = None
        if scan.whole:
            self.swept_at, self.swept = now, scan.seen
