"""A server to be measured: gunicorn as in production, its CPU time and its memory."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = ("DATABASE_URL", "INSTANCE", "WORKERS", "CACHE_MB", "HOST", "LOG_LEVEL")
CACHE_OFF = {"CACHE_MB": "0"}
STARTS_WITHIN = 30  # s
IDLE = 3  # s after which a connection is made anew; the server closes it after 5


class Server:
    """A gunicorn with its workers."""

    def __init__(self, application: str, environment: Mapping[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        ours = {name: value for name, value in os.environ.items() if name not in SETTINGS}
        self._environment = {**ours, **environment, "PORT": str(self.port)}
        self._application = application
        self.start()

    def start(self) -> None:
        """Start it; `wait` returns when it answers."""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", self._application],
            cwd=ROOT,
            env=self._environment,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Return when it answers."""
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            try:
                with closing(Client(self)) as client:
                    client.get("/healthz")
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError("gunicorn did not start") from None
                time.sleep(0.05)
            else:
                return
        raise RuntimeError("gunicorn does not answer")

    def stop(self) -> None:
        """End all of it."""
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(15)

    def kill(self) -> None:
        """End all of it at once, as nobody asked it to."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(15)

    def workers(self) -> list[int]:
        """The ids of the processes that answer."""
        return self._pids()[1:]

    def cpu(self) -> float:
        """The CPU time (s, user and system) that all its processes have used so far.

        Read from the processes' own clocks: they count in nanoseconds, where /proc/PID/stat
        counts in hundredths of a second, and they hold all threads, also those that ended.
        """
        return sum(time.clock_gettime((~pid << 3) | 2) for pid in self._pids())

    def memory(self) -> float:
        """The memory (MB) of all its processes; what they share is counted once (PSS)."""
        kilobytes = 0
        for pid in self._pids():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    kilobytes += int(line.split()[1])
        return kilobytes * 1024 / 1e6

    def _pids(self) -> list[int]:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [self._process.pid, *map(int, children.read_text().split())]


class Client:
    """One kept-alive connection that asks and asks."""

    def __init__(self, server: Server, headers: Mapping[str, str] | None = None) -> None:
        self.headers = dict(headers or {})
        self._asked_at = 0.0
        self._connection = HTTPConnection("127.0.0.1", server.port, timeout=60)

    def get(self, path: str, expected: int = 200, **headers: str) -> bytes:
        """The body of the answer; raises OSError unless the status is the expected one."""
        return self._ask("GET", path, None, headers, (expected,))

    def post(self, path: str, body: str) -> bytes:
        """The body of the answer to a JSON body; raises OSError unless that was taken."""
        told = {"Content-Type": "application/json"}
        return self._ask("POST", path, body, told, (200, 201))

    def _ask(
        self,
        method: str,
        path: str,
        body: str | None,
        headers: Mapping[str, str],
        expected: Sequence[int],
    ) -> bytes:
        if time.monotonic() - self._asked_at > IDLE:
            self._connection.close()  # before the server does; it opens again by itself
        self._connection.request(method, path, body, {**self.headers, **headers})
        answer = self._connection.getresponse()
        self.status = answer.status
        self.answered = dict(answer.getheaders())
        content = answer.read()
        self._asked_at = time.monotonic()
        if answer.status not in expected:
            raise OSError(f"{path} answered {answer.status}")
        return content

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def time(self, path: str) -> float:
        """How long (s) an answer to this takes."""
        began = time.perf_counter()
        self.get(path)
        return time.perf_counter() - began


@contextmanager
def serve_constant(body: bytes, settings: Mapping[str, str]) -> Iterator[Server]:
    """`constant.py` with these bytes, which are left beside the database of the settings."""
    path = Path(settings["INSTANCE"], "body.json")
    path.write_bytes(body)
    with serve("bench.constant:app", {**settings, "BENCH_BODY": str(path)}) as server:
        yield server


@contextmanager
def serve(application: str, environment: Mapping[str, str]) -> Iterator[Server]:
    """A server that answers, for as long as the block lasts."""
    server = Server(application, environment)
    try:
        server.wait()
        yield server
    finally:
        server.stop()
