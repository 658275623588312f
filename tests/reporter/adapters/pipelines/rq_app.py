"""An RQ queue with a real Redis, and a worker that forks for every job."""

import os
import socket
import subprocess
import time

import redis
import rq
from jobwall_reporter import current
from jobwall_reporter.adapters.rq import ReportedJob

tries: list[str] = []


class IngestJob(ReportedJob):
    """What a call of these functions ingests."""

    @staticmethod
    def document(function: str, args: tuple[str, ...], kwargs: dict[str, str]) -> str | None:
        """The path, where there is one."""
        return args[0] if args else None


def ingest(path: str) -> None:
    """All goes well."""
    current().add(chunks=2, nodes=3)


def flaky(path: str) -> None:
    """The second try succeeds."""
    if not os.path.exists("tried"):
        open("tried", "w").close()
        raise TimeoutError("the model timed out")


def broken(path: str) -> None:
    """It cannot be read."""
    raise ValueError(f"{path} is no PDF")


def hanging(path: str) -> None:
    """It hangs."""
    time.sleep(60)


def housekeeping() -> None:
    """It ingests nothing."""


def work(port: int) -> None:
    """Make some of each, and do them all."""
    connection = redis.Redis(port=port)
    for _ in range(100):
        try:
            connection.ping()
            break
        except redis.ConnectionError:
            time.sleep(0.05)
    queue = rq.Queue(connection=connection, job_class=IngestJob)
    queue.enqueue("rq_app.ingest", "a.pdf")
    queue.enqueue("rq_app.flaky", "b.pdf", retry=rq.Retry(max=2))
    queue.enqueue("rq_app.broken", "c.pdf")
    queue.enqueue("rq_app.hanging", "d.pdf", job_timeout=1)
    queue.enqueue("rq_app.housekeeping")
    rq.Worker([queue], connection=connection, job_class=IngestJob).work(burst=True)


if __name__ == "__main__":
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1"]
    server = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        work(port)
    finally:
        server.terminate()
        server.wait()
