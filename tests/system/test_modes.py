"""What holds data or secrets is for its owner alone, whatever the umask and the modes before."""

import os
import re
import signal
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.kit.commands import JOBWALL

FILES = {
    "jobwall.db",
    "jobwall.db-shm",
    "jobwall.db-wal",
    "jobwall.db.lock",
    "jobwall.db.migrating",
    "secret_key",
}


LINK = "jobwall.db.link"


@contextmanager
def served(instance: Path) -> Iterator[list[str]]:
    """A board, started with a umask that hides nothing; and what it complains of at the start."""
    complaints = instance.parent / "complaints"
    with complaints.open("w") as output:
        process = subprocess.Popen(
            [JOBWALL, "serve", "--port", "0"],
            env={**os.environ, "INSTANCE": str(instance)},
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            umask=0,
        )
        assert process.stdout is not None
        try:
            url = process.stdout.readline().removeprefix("The board: ").strip()
            requests.get(f"{url}/readyz", timeout=30).raise_for_status()
            yield complaints.read_text().splitlines()
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=30)


def modes(folder: Path) -> dict[str, int]:
    """The mode of a folder, by the name ".", and of all in it."""
    found = {"." if path == folder else path.name: path for path in (folder, *folder.iterdir())}
    return {name: stat.S_IMODE(path.stat().st_mode) for name, path in found.items()}


def jobwall(instance: Path, *words: str) -> str:
    return subprocess.run(
        [JOBWALL, *words],
        env={**os.environ, "INSTANCE": str(instance)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        umask=0,
    ).stdout


def test_every_file_of_an_instance_is_for_its_owner_alone(tmp_path: Path) -> None:
    instance, kept = tmp_path / "instance", tmp_path / "kept.db"
    with served(instance) as complaints:
        assert complaints == []
        jobwall(instance, "keys", "create", "--name", "k")
        jobwall(instance, "backup", str(kept))
        jobwall(instance, "restore", str(kept), "--yes")
        found = modes(instance)
        [former] = found.keys() - FILES - {"."}
        assert former.startswith("jobwall.db.before-restore-")
        assert found == {".": 0o700} | dict.fromkeys((*FILES, former), 0o600)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_what_was_loosened_is_closed_at_the_next_start_and_said(tmp_path: Path) -> None:
    instance, other = tmp_path / "instance", tmp_path / "other"
    with served(instance):
        pass
    other.touch()
    other.chmod(0o666)
    assert not (instance / "jobwall.db-wal").exists(), "who stops leaves one file"
    loose = [instance, *instance.iterdir()]
    for path in loose:
        path.chmod(0o775 if path == instance else 0o664)
    (instance / LINK).symlink_to(other)
    with served(instance) as complaints:
        closed = "(.+) was open to other users, and is closed to them now"
        matches = [re.fullmatch(closed, line) for line in complaints]
        # A link is nothing of ours, so the folder is named and left; nor is it followed.
        assert matches.pop() is None
        assert complaints[-1] == f"{instance} is open to other users: chmod 700 it"
        assert {match[1] for match in matches if match} == {str(path) for path in loose[1:]}
        found = modes(instance)
        assert {name for name, mode in found.items() if mode != 0o600} == {".", LINK}
    assert stat.S_IMODE(other.stat().st_mode) == 0o666
    (instance / LINK).unlink()
    with served(instance) as complaints:
        assert [re.fullmatch(closed, line)[1] for line in complaints] == [str(instance)]  # type: ignore[index]
    assert modes(instance)["."] == 0o700


def test_a_folder_that_holds_more_than_ours_is_left_but_for_drafts(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    instance.mkdir(0o755)
    instance.chmod(0o755)
    (instance / "theirs").touch(0o644)
    (instance / "theirs").chmod(0o644)
    part = instance / ".jobwall.db.0123abcd.part"  # which no process has any more
    part.touch(0o600)
    with served(instance) as complaints:
        assert complaints == [
            f"{instance} is open to other users: chmod 700 it",
            f"{part} was left by a backup or a restore: removed",
        ]
        assert modes(instance) == {".": 0o755, "theirs": 0o644} | dict.fromkeys(FILES, 0o600)
