"""A writer's turn: SQLite has one writer at a time, and they come in the order in which they asked.

SQLite's own waiting is a sleep and a retry, by which 8 busy writers kept one of them waiting for
12.4 s; in the queue that the kernel keeps at a lock file it was 0.4 s. But nobody can leave that
queue. So one thread of a process stands there, for whichever of its writers is first; and they give
up when their time is over, whatever befalls who has the lock.
"""

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache

from app.store.files import open_lock


@dataclass(eq=False)
class _Writer:
    called: threading.Event = field(default_factory=threading.Event)
    lock: int | None = None  # the file by which it has its turn
    error: OSError | None = None


class Turns:
    """The turns of this process's writers at one lock file."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._guard = threading.Lock()
        self._waiting: deque[_Writer] = deque()
        self._busy = False  # a writer of this process has its turn, or one stands for it
        self._wanted = threading.Semaphore(0)
        self._stander: threading.Thread | None = None

    @contextmanager
    def turn(self, seconds: float) -> Iterator[bool]:
        """Whether it is this thread's turn, within so many seconds; it ends with the block.

        Raises LockError.
        """
        lock = self._get(seconds)
        try:
            yield lock is not None
        finally:
            if lock is not None:
                self._give_back(lock)

    def _get(self, seconds: float) -> int | None:
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
                    return None
        if mine.error is not None:
            raise mine.error
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
