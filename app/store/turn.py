"""A writer's turn: SQLite has one writer at a time, and they come in the order in which they asked.

SQLite's own waiting is a sleep and a retry, by which 8 busy writers kept one of them waiting for
12.4 s; in the queue that the kernel keeps at a lock file it was 0.4 s. But nobody can leave that
queue. So one thread of a process stands there, for whichever of its writers is first; and they give
up when their time is over, whatever befalls who has the lock.

Two who send a thousand reports at once, again and again, would have it all the time. So long turns
have a queue of their own before it, and after each the others have as much time for theirs as it
took, if any came lately. What processes must know of each other for that is in the lock files.
"""

import fcntl
import os
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache

from app.store.files import open_lock

LATELY = 1.0  # seconds for which a short turn is a sign that others follow
NOTED_EVERY = LATELY / 10  # seconds between two signs of one process
_TIMES = struct.Struct("dd")  # s of the system's clock, which all processes share


class BusyError(Exception):
    """The writers before take too long; nothing was stored."""


@dataclass(eq=False)
class _Writer:
    called: threading.Event = field(default_factory=threading.Event)
    lock: int | None = None  # the file by which it has its turn
    error: OSError | None = None


class Turns:
    """The turns of this process's writers at one lock file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.noted_at = float("-inf")  # when a short turn was last noted for the others
        self._guard = threading.Lock()
        self._waiting: deque[_Writer] = deque()
        self._busy = False  # a writer of this process has its turn, or one stands for it
        self._wanted = threading.Semaphore(0)
        self._stander: threading.Thread | None = None

    @contextmanager
    def turn(self, seconds: float) -> Iterator[int]:
        """The lock file when it is this thread's turn, which ends with the block.

        Raises BusyError where that does not come within so many seconds, and LockError.
        """
        lock = self._get(seconds)
        try:
            yield lock
        finally:
            self._give_back(lock)

    def _get(self, seconds: float) -> int:
        with self._guard:
            if not self._busy and not self._waiting:
                lock = _locked(self._path, fcntl.LOCK_NB)
                if lock is not None:
                    self._busy = True
                    return lock
            mine = _Writer()
            self._waiting.append(mine)
            if not self._busy:
                self._stand()
        if not mine.called.wait(seconds):
            with self._guard:
                if mine in self._waiting:
                    self._waiting.remove(mine)
                    raise BusyError("the writers before take too long")
        if mine.lock is None:
            raise mine.error or BusyError
        return mine.lock

    def _give_back(self, lock: int) -> None:
        os.close(lock)
        with self._guard:
            self._busy = False
            if self._waiting:
                self._stand()

    def _stand(self) -> None:
        """Have the lock fetched for whoever is first when it comes."""
        self._busy = True
        if self._stander is None or not self._stander.is_alive():  # as after a fork
            self._stander = threading.Thread(target=self._fetch, daemon=True)
            self._stander.start()
        self._wanted.release()

    def _fetch(self) -> None:
        while True:
            self._wanted.acquire()
            lock, error = None, None
            try:
                lock = _locked(self._path)
            except OSError as caught:
                error = caught
            with self._guard:
                if self._waiting:
                    first = self._waiting.popleft()
                    first.lock, first.error = (lock, None) if error is None else (None, error)
                    first.called.set()
                    if error is None:
                        continue
                # Nobody waits any more, or nobody can have it.
                if lock is not None:
                    os.close(lock)
                self._busy = False
                if self._waiting:
                    self._stand()


def _locked(path: str, how: int = 0) -> int | None:
    """The lock file, open and locked; None where another process has it and `how` says so."""
    file = open_lock(path)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | how)
    except BlockingIOError:
        os.close(file)
        return None
    except OSError:
        os.close(file)
        raise
    return file


@cache
def turns_at(path: str) -> Turns:
    """The turns at a lock file: one queue in a process, whoever asks."""
    return Turns(path)


@contextmanager
def short_turn(path: str, seconds: float) -> Iterator[None]:
    """A turn at a lock file, within so many seconds. Raises BusyError and LockError."""
    turns = turns_at(path)
    with turns.turn(seconds) as file:
        now = time.monotonic()
        if now >= turns.noted_at + NOTED_EVERY:
            turns.noted_at = now
            _note(file, now, 0)
        yield


@contextmanager
def long_turn(path: str, seconds: float) -> Iterator[None]:
    """The same for who takes long: not before the others had theirs."""
    end = time.monotonic() + seconds
    with turns_at(f"{path}.long").turn(seconds) as mine:
        last, _ = _noted_at(path)
        now = time.monotonic()
        time.sleep(min(rest(now, last, *_noted(mine)), max(0, end - now)))
        with turns_at(path).turn(max(0, end - time.monotonic())):
            began = time.monotonic()
            try:
                yield
            finally:
                ended = time.monotonic()
                _note(mine, ended, ended - began)


def rest(now: float, last_short: float, ended: float, took: float) -> float:
    """For how many seconds no long turn may begin.

    By when the last short one began, when the last long one ended, and how long that took.
    """
    if not 0 <= now - last_short < LATELY:  # before the machine was started anew, it can be later
        return 0
    return max(0, min(ended + took - now, took))


def _note(file: int, *times: float) -> None:
    with suppress(OSError):  # of a disk that is full the database tells
        os.pwrite(file, _TIMES.pack(*times), 0)


def _noted_at(path: str) -> tuple[float, float]:
    file = open_lock(path)
    try:
        return _noted(file)
    finally:
        os.close(file)


def _noted(file: int) -> tuple[float, float]:
    told = os.pread(file, _TIMES.size, 0)
    return _TIMES.unpack(told) if len(told) == _TIMES.size else (0, 0)
