"""A pipeline that reports its jobs, in a process of its own: what does that cost it?

`python bench/reporting.py WAY JOBS UPDATES` does some work for every update of every job, and tells
it by no way, by `jobwall` (the reporter) or by `openlineage` (that client), as their environment
variables say. It prints a line of JSON: the seconds of the whole loop and of the longest call, and
the CPU of the process (s) with its last words. It needs nothing but what it measures.
"""

import hashlib
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import Any

WORK = b"x" * 20_000  # bytes that are hashed for an update: about 10 to 50 µs

Tell = Callable[..., object]
"""Called with the job's number, and `update`, its next one, or `ends`."""


def work() -> None:
    """What the pipeline is there for."""
    hashlib.sha256(WORK).digest()


@contextmanager
def nobody() -> Iterator[Tell]:
    """Tell nobody."""
    yield lambda *_: None


@contextmanager
def jobwall() -> Iterator[Tell]:
    """Tell the reporter."""
    from jobwall_reporter import Reporter

    reporter = Reporter()
    jobs: dict[int, Any] = {}

    def tell(number: int, what: str) -> None:
        if what == "starts":
            jobs[number] = reporter.start(f"documents/{number}.pdf", job_id=None)
        elif what == "ends":
            jobs.pop(number).complete()
        else:
            jobs[number].add(chunks=1, nodes=3, edges=5)

    yield tell
    reporter.close()


@contextmanager
def openlineage() -> Iterator[Tell]:
    """Tell OpenLineage's client, with an event for every update as its producers send them."""
    client = import_module("openlineage.client").OpenLineageClient()
    event: Any = import_module("openlineage.client.event_v2")
    runs: dict[int, str] = {}
    states = {"starts": event.RunState.START, "ends": event.RunState.COMPLETE}

    def tell(number: int, what: str) -> None:
        run = runs.setdefault(number, str(uuid.uuid4()))
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        state = states.get(what, event.RunState.RUNNING)
        job = event.Job(namespace="bench", name=f"documents/{number}.pdf")
        with suppress(OSError):  # it raises into the pipeline, which then has to see to it
            client.emit(
                event.RunEvent(
                    eventTime=at,
                    eventType=state,
                    run=event.Run(run),
                    job=job,
                    producer="https://example.com/bench",
                )
            )

    yield tell


def main(way: str, jobs: int, updates: int) -> None:
    """Run the loop, and print what it took."""
    longest = 0.0

    def timed(number: int, what: str) -> None:
        nonlocal longest
        called = time.perf_counter()
        tell(number, what)
        longest = max(longest, time.perf_counter() - called)

    with {"nobody": nobody, "jobwall": jobwall, "openlineage": openlineage}[way]() as tell:
        began = time.perf_counter()
        for number in range(jobs):
            timed(number, "starts")
            for _ in range(updates):
                work()
                timed(number, "goes on")
            timed(number, "ends")
        seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "longest": longest, "cpu": time.process_time()}))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
