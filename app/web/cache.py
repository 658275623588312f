"""What was rendered, kept until it is no longer true: in each process, bounded in bytes.

A page is kept in a slot, which says what it shows (and to whom, where that matters), with the
versions that it was made from. So it is made once per version, not once per viewer, and a slot
never holds two. Whether the viewer may see it was decided before anyone asks here.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from flask import Flask, current_app

from app.web.etags import Versions, versioned_etag
from app.web.packing import accepts_gzip, pack

OVERHEAD = 1000  # bytes that an entry takes beside its body, its slot and what else it holds
CHARACTER = 4  # bytes that one of these takes at most
MIB = 1024 * 1024

SPARED, LONGEST = 40, 4.0
"""What took a while to make is made anew no sooner than after so many times that, and so many
seconds at most, for those who are patient: else a board of many projects did nothing else."""


class Made(NamedTuple):
    """A page that was just made: what else an answer needs, its ETag, and until when it is true.

    That is a moment (µs), None where it is so as long as nothing changes.
    """

    body: bytes
    about: Any
    etag: str
    until: int | None = None


class Kept(NamedTuple):
    """A page as it was made: `about` is what else an answer needs, `made_at` in seconds.

    It is true until `until` (µs), if nothing changes before; to make it `took` so many seconds,
    and mostly takes what it `costs`, which one slow making is not enough to say.
    `packed` is the body with gzip: None until somebody takes it, empty where it is not worth it.
    """

    etag: str
    versions: Versions
    body: bytes
    about: Any
    made_at: float
    until: int | None = None
    packed: bytes | None = None
    took: float = 0.0
    costs: float = 0.0

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return time.monotonic() - self.made_at

    def is_young(self, patience: float) -> bool:
        """Whether it need not be made anew for those who have so much patience (seconds)."""
        return self.age < max(patience, min(SPARED * self.costs, LONGEST))


class PageCache:
    """Pages by slot; those that were not asked for longest go first."""

    def __init__(self, most_bytes: int) -> None:
        self.most_bytes = most_bytes
        self.bytes = 0
        self._pages: OrderedDict[Hashable, tuple[Kept, int]] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, list[Any]] = {}

    def find(self, slot: Hashable) -> Kept | None:
        """What the slot holds, however old."""
        with self._lock:
            if slot not in self._pages:
                return None
            self._pages.move_to_end(slot)
            return self._pages[slot][0]

    def keep(self, slot: Hashable, page: Kept) -> None:
        """Put a page into its slot."""
        size = _size(slot, page)
        with self._lock:
            self._drop(slot)
            if size > self.most_bytes:
                return
            self._pages[slot] = page, size
            self.bytes += size
            while self.bytes > self.most_bytes:
                self._drop(next(iter(self._pages)))

    def swap(self, slot: Hashable, page: Kept, other: Kept) -> None:
        """Put `other` in the place of a page, if that is still there."""
        if self.find(slot) is page:  # of two at once either is as good
            self.keep(slot, other)

    def _drop(self, slot: Hashable) -> None:
        if slot in self._pages:
            self.bytes -= self._pages.pop(slot)[1]

    @contextmanager
    def making(self, slot: Hashable) -> Iterator[None]:
        """Let one thread at a time make a page; the others then find it made."""
        with self._lock:
            turn = self._making.setdefault(slot, [threading.Lock(), 0])
            turn[1] += 1
        try:
            with turn[0]:
                yield
        finally:
            with self._lock:
                turn[1] -= 1
                if not turn[1]:
                    self._making.pop(slot, None)


def _size(slot: Hashable, page: Kept) -> int:
    # Of a search that finds nothing, the words and the links made of them are the most.
    bodies = len(page.body) + len(page.packed or b"")
    return bodies + CHARACTER * len(repr((slot, page.about))) + OVERHEAD


def init_app(app: Flask, most_bytes: int) -> None:
    """Give the app its cache, empty; none where it may hold no bytes."""
    app.extensions["page_cache"] = PageCache(most_bytes) if most_bytes else None


def serve(
    slot: Hashable,
    versions: Versions,
    make: Callable[[str], Made],
    *,
    now: int,
    patience: float = 0,
    known: Versions = (),
    keep: bool = True,
) -> Kept:
    """The page of a slot at `now` (µs), made from these versions, which are those of the database.

    `make` is given the ETag of these versions. It is made for this client alone unless it is to
    `keep`. With `patience` (seconds), an older page will do if it is younger than that, or than
    what it took to make it lets one wait (`SPARED`), and not older than what the client got before:
    `known`, perhaps from another process. What seems newer than the database never does, for that
    was restored.
    """
    cache: PageCache | None = current_app.extensions["page_cache"]

    def made() -> Kept:
        at = time.monotonic()
        page = make(versioned_etag(slot, versions, keep=keep))
        took = time.monotonic() - at
        before = cache.find(slot) if cache else None
        costs = min(took, before.took) if before else 0.0
        return Kept(
            page.etag, versions, page.body, page.about, at, page.until, took=took, costs=costs
        )

    if cache is None or not keep:
        return made()

    def found() -> Kept | None:
        kept = cache.find(slot)
        if kept is None:
            return None
        if kept.until is not None and now >= kept.until:
            return None
        will_do = patience > 0 and known <= kept.versions <= versions and kept.is_young(patience)
        return kept if kept.versions == versions or will_do else None

    if kept := found():
        return kept
    with cache.making(slot):
        if kept := found():
            return kept
        page = made()
        cache.keep(slot, page)
        return page


def body_of(slot: Hashable, kept: Kept) -> tuple[bytes, dict[str, str]]:
    """The body as this client takes it, and the headers that say so; packed once for all."""
    if not accepts_gzip():
        return kept.body, {}
    packed = kept.packed
    if packed is None:
        packed = pack(kept.body) or b""
        cache: PageCache | None = current_app.extensions["page_cache"]
        if cache is not None:
            cache.swap(slot, kept, kept._replace(packed=packed))
    return (packed, {"Content-Encoding": "gzip"}) if packed else (kept.body, {})
