"""The work itself: a few documents at a time, chunk by chunk."""

import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from pipeline.documents import Document
from pipeline.graph import Graph, JobClosedError
from pipeline.jobs import Job
from pipeline.phrases import PhraseFinder, link, split
from pipeline.stop import Stop, StoppedError
from pipeline.texts import UnreadableDocumentError, plain, read_text

AHEAD = 4  # jobs that wait: enough to see what comes, few enough to see work at the top of a board
LONGEST_REASON = 1000  # characters


class Ingest:
    """Workers that take documents, one after the other, until all are done or someone stops it."""

    def __init__(
        self,
        graph: Graph,
        stop: Stop,
        *,
        pace: float,
        with_graph: bool,
        on_finished: Callable[[Job], None],
    ) -> None:
        """`pace` is the least time in seconds that opening a document, and each chunk, takes."""
        self._graph, self._stop = graph, stop
        self._pace, self._with_graph = pace, with_graph
        self._on_finished = on_finished
        self._documents: deque[Document] = deque()
        self._waiting: deque[tuple[Job, Path]] = deque()
        self._turn = threading.Lock()

    def run(self, documents: Iterable[Document], workers: int) -> None:
        """Ingest all of them. Raises StoppedError, or the fault, when the pipeline stops."""
        self._documents.extend(documents)
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
                task = self._next()
                if task is None:
                    return
                self._on_finished(self._ingest(*task, finder))
        except (StoppedError, JobClosedError):
            return
        except Exception as fault:
            self._stop.because_of(fault)

    def _next(self) -> tuple[Job, Path] | None:
        """The next job that waits, and the file to read; None when all are done.

        Jobs are made a few ahead of the work, so that the newest on the board are those at work.
        """
        with self._turn:
            room = AHEAD + 1 - len(self._waiting)
            coming = [self._documents.popleft() for _ in range(min(room, len(self._documents)))]
            jobs = self._graph.queue(coming) if coming else []
            self._waiting.extend(zip(jobs, (document.path for document in coming), strict=True))
            return self._waiting.popleft() if self._waiting else None

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
        self._stop.sleep(self._pace)
        chunks = split(read_text(path))
        self._graph.expect(job_id, len(chunks))
        for chunk in chunks:
            self._stop.sleep(self._pace)
            phrases = finder.find(chunk) if self._with_graph else []
            self._graph.add_chunk(job_id, phrases, link(chunk, phrases))
