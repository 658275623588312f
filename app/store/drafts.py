"""Files that appear under their name when they are whole, and what is left where one is killed.

A draft is locked as long as its process lives, so the next one that comes knows which are left.
Where a draft is elsewhere, as of a backup, a link beside the store leads to it.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from app.store.files import COMPANIONS

PART = ".part"
UNDECIDED = ".undecided"
"""The end of the name of a former store, until it is known whether another took its place."""


@contextmanager
def draft(target: Path, store: Path) -> Iterator[Path]:
    """An empty file beside `target`, for its owner alone; it does not outlive the block.

    What was left beside the target goes first. Raises OSError.
    """
    sweep(target)
    token = secrets.token_hex(4)
    path = target.with_name(f".{target.name}.{token}{PART}")
    link = store.with_name(f".{store.name}.{token}{PART}")
    beside = path.parent.resolve() == store.parent.resolve()
    if not (beside and path.name.startswith(f".{store.name}")):
        with suppress(OSError):  # a store on a disk that is only read has a backup too
            link.symlink_to(path.absolute())
    try:
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield path
        finally:
            _remove(path)
            os.close(file)
    finally:
        if link.is_symlink():
            link.unlink()


def keep(path: Path, target: Path) -> None:
    """Let a draft appear under its name when it is on the disk, and see that it stays there."""
    _sync(path)
    path.rename(target)
    _sync(target.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    for end in (*COMPANIONS, ""):
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").unlink()


def sweep(target: Path) -> list[Path]:
    """Remove the drafts of a file whose processes are no more; gives those that were there."""
    gone = []
    for found in _beside(target, f".{target.name}", PART):
        with suppress(OSError):
            path = Path(os.readlink(found)) if found.is_symlink() else found
            if not path.name.endswith(PART) or (path.exists() and not _is_left(path)):
                continue
            if path.exists():
                gone.append(path)
            _remove(path)
            found.unlink(missing_ok=True)
    return gone


def _beside(target: Path, begin: str, end: str) -> list[Path]:
    with suppress(OSError):
        names = sorted(os.listdir(target.parent))
        found = [name for name in names if name.startswith(begin) and name.endswith(end)]
        return [target.with_name(name) for name in found]
    return []


def _is_left(path: Path) -> bool:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


def leftovers(store: Path, command: str = "jobwall") -> list[str]:
    """Remove what killed backups and restores left of a store; a line for each, and for its former.

    `command` is how `jobwall` is typed where the lines are read.
    """
    left = [f"{path} was left by a backup or a restore: removed" for path in sweep(store)]
    formers = _beside(store, f"{store.name}.before-restore-", UNDECIDED)
    return left + [
        f"{former} is the store as it was before a restore that was killed:"
        f" `{command} restore {former}` brings it back; else remove it"
        for former in formers
    ]
