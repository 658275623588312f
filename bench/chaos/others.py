"""Everybody else: they ask and report all the time, and note what they are told and how late."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException

PAUSE = 0.05  # s between two requests of one of them
PATIENCE = 120  # s until one gives up

Headers = Mapping[str, str]


@dataclass
class Heard:
    """What one kind of request was told: how often by status (0: no answer), and how late."""

    statuses: Counter[int] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)

    @property
    def longest(self) -> float:
        """Seconds for which the most patient one waited; 0 where nobody asked."""
        return max(self.times, default=0.0)

    @property
    def p99(self) -> float:
        """Seconds within which all but one of a hundred were told something."""
        return sorted(self.times)[int(len(self.times) * 0.99)] if self.times else 0.0

    def note(self, status: int, took: float) -> None:
        """Of one request."""
        self.statuses[status] += 1
        self.times.append(took)


def ask(
    port: int, method: str, path: str, headers: Headers, body: bytes | None = None
) -> tuple[int, bytes]:
    """An answer by a connection of its own: its status and its body; status 0 where none came."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request(method, path, body, dict(headers))
        with connection.getresponse() as answer:
            return answer.status, answer.read()
    except (OSError, HTTPException):
        return 0, b""
    finally:
        connection.close()


class Others:
    """Readers by what they ask, and a reporter; `acknowledged`, `refused` and `doubtful` hold ids.

    Refused is what was answered with "Nothing was stored"; doubtful, of what nobody can know: there
    was no answer, or it said so.
    """

    def __init__(self, port: int, project: str, reads: Mapping[str, Headers], key: Headers) -> None:
        self.port = port
        self.heard = {name: Heard() for name in (*reads, "report")}
        self.acknowledged: list[str] = []
        self.refused: list[str] = []
        self.doubtful: list[str] = []
        self._reads = reads
        self._path = f"/api/v1/projects/{project}/jobs"
        self._key = {**key, "Content-Type": "application/json"}
        self._ended = threading.Event()

    @contextmanager
    def around(self) -> Iterator[None]:
        """They ask for as long as the block lasts, and until the last of them is answered."""
        threads = [
            threading.Thread(target=self._read, args=(path, headers), daemon=True)
            for path, headers in self._reads.items()
        ]
        threads.append(threading.Thread(target=self._report, daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._ended.set()
            for thread in threads:
                thread.join(PATIENCE)

    def _read(self, path: str, headers: Headers) -> None:
        while not self._ended.wait(PAUSE):
            began = time.monotonic()
            status, _ = ask(self.port, "GET", path, headers)
            self.heard[path].note(status, time.monotonic() - began)

    def _report(self) -> None:
        number = 0
        while not self._ended.wait(PAUSE / 2):
            number += 1
            job = f"chaos-{time.time_ns()}-{number}"
            body = json.dumps({"job_id": job, "source_doc_id": "d", "status": "running"}).encode()
            began = time.monotonic()
            status, answer = ask(self.port, "POST", self._path, self._key, body)
            self.heard["report"].note(status, time.monotonic() - began)
            if status in (200, 201):
                self.acknowledged.append(job)
            elif b"othing was stored" in answer:
                self.refused.append(job)
            else:
                self.doubtful.append(job)
