"""Two PostgreSQL servers, one of which follows the other: made to be killed and promoted."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.kit.ports import free_port

CONFIG = """
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
"""


def processes_of(folder: Path) -> list[int]:
    """The ids of the processes of the server of this folder, its first one first."""
    main = (folder / "postmaster.pid").read_text().split()[0]
    children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
    return [int(pid) for pid in (main, *children)]


@contextmanager
def frozen(folder: Path) -> Iterator[None]:
    """The server of this folder and its processes stopped as they are: it refuses nothing."""
    stopped = processes_of(folder)
    try:
        _tell(stopped, signal.SIGSTOP)
        yield
    finally:
        _tell(stopped, signal.SIGCONT)


def _tell(pids: Iterable[int], what: signal.Signals) -> None:
    """Send a signal to the processes that are still there: a worker of a server ends by itself."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, what)


@dataclass
class Server:
    """A server of this machine; `programs` is the folder of PostgreSQL's own."""

    folder: Path
    port: int
    programs: Path

    def run(self, program: str, *words: str) -> None:
        """Run a program of PostgreSQL, as a user whom it accepts."""
        # What it starts must not hold a pipe of ours.
        with (self.folder.parent / "log").open("a") as log:
            command = [str(self.programs / program), *words]
            user = self.folder.parent.owner() if os.geteuid() == 0 else None
            subprocess.run(command, user=user, stdout=log, stderr=log, timeout=120, check=True)

    def copy(self, url: str, *words: str) -> None:
        """Make its folder, from a server that runs."""
        about = ("--checkpoint=fast", "--no-sync", f"--dbname={url}")
        self.run("pg_basebackup", f"--pgdata={self.folder}", *about, *words)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        log = str(self.folder.parent / f"{self.folder.name}.log")
        self.run(
            "pg_ctl", "-D", str(self.folder), "-o", f"-p {self.port}", "-l", log, "-w", "start"
        )

    def promote(self) -> None:
        """Let it take writes, as one that follows no other."""
        self.run("pg_ctl", "-D", str(self.folder), "-w", "promote")

    def kill(self) -> None:
        """End all of its processes at once, as the end of its machine would."""
        try:
            main, *children = processes_of(self.folder)
        except FileNotFoundError:
            return
        _tell([main], signal.SIGSTOP)  # or it would begin anew
        _tell([*children, main], signal.SIGKILL)
        (self.folder / "postmaster.pid").unlink()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """It and its processes stopped as they are: see `frozen`."""
        with frozen(self.folder):
            yield

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Execute a statement in its own database `postgres`; gives its rows, if it has any."""
        url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []


@contextmanager
def pair(programs: Path, owner: str | None, url: str) -> Iterator[tuple[Server, Server]]:
    """A copy of the server at `url`, and another that follows it: what the first acknowledges, both
    have. They run as the user `owner`, where not as oneself.
    """
    home = Path(tempfile.mkdtemp(prefix="jobwall-pair-"))
    if owner is not None:
        os.chown(home, pwd.getpwnam(owner).pw_uid, -1)
    first = Server(home / "first", free_port(), programs)
    second = Server(home / "second", free_port(), programs)
    try:
        first.copy(url)
        with (first.folder / "postgresql.conf").open("a") as file:
            file.write(CONFIG)
        first.start()
        url = f"host=127.0.0.1 port={first.port} user=postgres application_name=second"
        second.copy(url, "--write-recovery-conf")
        second.start()
        first.execute("ALTER SYSTEM SET synchronous_standby_names = 'second'")
        first.execute("SELECT pg_reload_conf()")
        _wait_until_followed(first)
        yield first, second
    finally:
        first.kill()
        second.kill()
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_followed(server: Server) -> None:
    deadline = time.monotonic() + 60
    while server.execute("SELECT sync_state FROM pg_stat_replication") != [("sync",)]:
        assert time.monotonic() < deadline, "nothing follows it"
        time.sleep(0.05)
