"""What was not acknowledged yet, on disk: a journal for each process, and what others left behind.

Every line is the latest state of one job. A process writes a journal of its own, which it holds
locked; a journal that nobody holds is of a process that is gone, and is sent by the next one. All
of it is for its owner alone, and no larger than `MOST`.
"""

from __future__ import annotations

import errno
import json
import os
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from jobwall_reporter.states import State, restored

try:
    import fcntl
except ImportError:  # Windows: there a file that is open cannot be removed, which does as well
    fcntl = None  # type: ignore[assignment]

MOST = 256 * 1024 * 1024  # bytes of a folder
ENDING = ".ndjson"


class SpoolFullError(OSError):
    """There is no room left in the folder's own bounds."""


class Journal:
    """The states that this process has not had acknowledged. Raises OSError as the disk does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._path: Path | None = None
        self._lock = threading.RLock()
        self.size = 0
        """Bytes of it."""

    def append(self, states: Iterable[State]) -> None:
        """Add the latest of these: what is here of the same number before counts no more."""
        with self._lock:
            self._append(states)

    def _append(self, states: Iterable[State]) -> None:
        lines = b"".join(_line(state) for state in states)
        if not lines:
            return
        if self._folder.is_dir() and _size(self._folder) + len(lines) > MOST:
            raise SpoolFullError("the spool is full")
        file = self._file or self._open()
        written = file.write(lines) or 0
        self.size += written
        if written < len(lines):
            raise OSError(errno.ENOSPC, "only a part could be written")

    def rewrite(self, states: Sequence[State]) -> None:
        """Hold these alone; the old lines go once the new ones are there."""
        with self._lock:
            self._rewrite(states)

    def _rewrite(self, states: Sequence[State]) -> None:
        if self._file is None and not states:
            return
        old, path = self._file, self._path
        if not states and old is not None:
            old.truncate(0)
            self.size = 0
            return
        self._file, self._path, self.size = None, None, 0
        self._append(states)
        _remove(old, path)

    def park(self) -> None:
        """Leave it for later, as if this process were gone, and begin another."""
        if self._file is not None:
            self._file.close()
        self._file, self._path, self.size = None, None, 0

    def close(self) -> None:
        """Leave what it holds to the next process, and nothing where it holds nothing."""
        if self.size:
            self.park()
        else:
            _remove(self._file, self._path)
            self._file, self._path = None, None
            _drop_empty(self._folder)

    def disown(self) -> None:
        """In a child process: the file is the parent's, and so is its lock."""
        self.park()

    def _open(self) -> IO[bytes]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{os.getpid()}-{uuid.uuid4().hex[:12]}{ENDING}"
        # Unbuffered, so that a child that was forked has nothing to write a second time.
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND, 0o600)
        file: IO[bytes] = os.fdopen(descriptor, "ab", buffering=0)
        self._file, self._path, self.size = file, path, 0
        _lock(file)
        return file


class Left:
    """A journal that another process left, or this one parked: locked, and read once."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self._path, self._file = path, file
        self.before: Mapping[str, int] = {}
        """Runs of jobs that began before those in it."""

    def states(self) -> list[State]:
        """The latest of every job, in order, but for a line torn off as its process died."""
        latest: dict[int, State] = {}
        self._file.seek(0)
        for line in self._file:
            try:
                fields = json.loads(line)
                state = restored(fields)
                state.number = fields["number"]
                latest[state.number] = state
            except (ValueError, KeyError, TypeError):
                continue
        return list(latest.values())

    def append(self, states: Iterable[State]) -> None:
        """Add what is known of them now."""
        self._file.seek(0, os.SEEK_END)
        self._file.write(b"".join(_line(state) for state in states))
        self._file.flush()

    def remove(self) -> None:
        """All of it was acknowledged, or is held elsewhere."""
        _remove(self._file, self._path)

    def close(self) -> None:
        """Leave it to another time."""
        self._file.close()


def left_in(folder: Path) -> Iterator[Left]:
    """What nobody holds, the oldest first."""
    try:
        paths = sorted(folder.glob(f"*{ENDING}"), key=_age)
    except OSError:
        return
    for path in paths:
        try:
            file = path.open("r+b")
        except OSError:
            continue
        if _lock(file) and path.exists():
            yield Left(path, file)
        else:
            file.close()


def _line(state: State) -> bytes:
    fields = {"number": state.number, **state.stored()}
    return json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode() + b"\n"


def _lock(file: IO[Any]) -> bool:
    """Whether nobody else holds it; a lock ends with its process, however that ends."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _remove(file: IO[bytes] | None, path: Path | None) -> None:
    if fcntl is None and file is not None:
        file.close()
    if path is not None:
        path.unlink(missing_ok=True)
    if file is not None:
        file.close()


def _drop_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _size(folder: Path) -> int:
    with os.scandir(folder) as entries:
        return sum(entry.stat().st_size for entry in entries)


def _age(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
