"""The work itself: a few documents at a time, chunk by chunk."""

import queue
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.graph import Graph, JobClosedError
from pipeline.jobs import Job
from pipeline.phrases import PhraseFinder, link, split
from pipeline.stop import Stop, StoppedError
from pipeline.texts import UnreadableDocumentError, plain, read_text

LONGEST_REASON = 1000  # characters

Task = tuple[Job, Path]


class Ingest:
    """Workers that take tasks from one queue until it is empty or the pipeline stops."""

    def __init__(
        self,
        graph: Graph,
        stop: Stop,
        *,
        pace: float,
        with_graph: bool,
        on_finished: Callable[[Job], None],
    ) -> None:
        """`pace` is the least time in seconds that a document takes, spread over its chunks."""
        self._graph, self._stop = graph, stop
        self._pace, self._with_graph = pace, with_graph
        self._on_finished = on_finished
        self._tasks: queue.SimpleQueue[Task] = queue.SimpleQueue()

    def run(self, tasks: Iterable[Task], workers: int) -> None:
        """Ingest all of it. Raises StoppedError, or the fault, when the pipeline stops."""
        for task in tasks:
            self._tasks.put(task)
        threads = [
            threading.Thread(target=self._work, name=f"worker-{number}", daemon=True)
            for number in range(1, workers + 1)
        ]
        for thread in threads:
            thread.start()
        self._stop.wait_for(threads)

    def _work(self) -> None:
        finder = PhraseFinder()
        try:
            while True:
                self._stop.sleep(0)
                job, path = self._tasks.get_nowait()
                self._on_finished(self._ingest(job, path, finder))
        except (queue.Empty, StoppedError, JobClosedError):
            return
        except Exception as fault:
            self._stop.because_of(fault)

    def _ingest(self, job: Job, path: Path, finder: PhraseFinder) -> Job:
        self._graph.start(job.job_id)
        try:
            self._read_into_graph(job.job_id, path, finder)
        except UnreadableDocumentError as reason:
            return self._fail(job, str(reason))
        except (StoppedError, JobClosedError, sqlite3.Error):
            raise
        except Exception as error:
            # A text that one of the libraries cannot bear must not stop the others.
            return self._fail(job, f"Unexpected {type(error).__name__}: {error}")
        return self._graph.finish(job.job_id)

    def _fail(self, job: Job, reason: str) -> Job:
        # Some libraries quote the bytes that they could not read, at any length.
        return self._graph.finish(job.job_id, plain(reason)[:LONGEST_REASON])

    def _read_into_graph(self, job_id: str, path: Path, finder: PhraseFinder) -> None:
        started = time.monotonic()
        chunks = split(read_text(path))
        self._graph.expect(job_id, len(chunks))
        for number, chunk in enumerate(chunks, start=1):
            self._sleep_until(started + self._pace * number / (len(chunks) + 1))
            phrases = finder.find(chunk) if self._with_graph else []
            self._graph.add_chunk(job_id, phrases, link(chunk, phrases))
        self._sleep_until(started + self._pace)

    def _sleep_until(self, moment: float) -> None:
        self._stop.sleep(moment - time.monotonic())
