"""Keeps the board up to date with the graph file, at a pace that is kind to both."""

import logging
import threading
import time

from pipeline.board import Board, BoardAwayError, BoardRefusedError
from pipeline.graph import Graph
from pipeline.stop import Stop, StoppedError

INTERVAL = 1.0  # seconds between reports, so a job is reported at most that often
BATCH = 200  # jobs; with ids and messages of full length still far below the API's 5 MiB
FAREWELL = 3.0  # seconds that a stopped pipeline may take to say so

log = logging.getLogger(__name__)


class Reporter:
    """A thread that sends the latest state of the jobs that have changed since their last report.

    States in between may be skipped, as counts are totals and every report carries all times.
    """

    def __init__(self, graph: Graph, board: Board, stop: Stop) -> None:
        """Take a board of its own, which it closes when it ends."""
        self._graph, self._board, self._stop = graph, board, stop
        self._work_is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reporter", daemon=True)

    def start(self) -> None:
        """Report what there is already, then every INTERVAL what is new."""
        self._thread.start()

    def send_the_rest(self) -> None:
        """The work is over: wait until the board knows all of it, however long that takes."""
        self._work_is_over.set()
        self._stop.wait_for([self._thread])

    def _run(self) -> None:
        try:
            flush(self._graph, self._board)
            while not self._work_is_over.wait(INTERVAL):
                flush(self._graph, self._board)
            flush(self._graph, self._board)
        except StoppedError:
            pass
        except Exception as fault:
            self._stop.because_of(fault)
        finally:
            self._board.close()


def flush(graph: Graph, board: Board) -> None:
    """Report all that the board has not heard; waits for a board that is away."""
    while jobs := graph.unreported(BATCH):
        for refusal in board.report(jobs):
            # The same report would be refused again. The check at the end will tell.
            log.error("The board refused a report: %s", refusal)
        graph.acknowledge(jobs)
        if len(jobs) < BATCH:
            return  # what running jobs have done in the meantime is for the next time


def say_farewell(graph: Graph, board: Board) -> None:
    """Report what is left in FAREWELL seconds; what the board misses, the next run reports."""
    deadline = time.monotonic() + FAREWELL
    try:
        while jobs := graph.unreported(BATCH):
            # Half of what is left, as connecting and reading may take that long each.
            board.report_once(jobs, patience=max(0.1, (deadline - time.monotonic()) / 2))
            graph.acknowledge(jobs)
    except (BoardAwayError, BoardRefusedError) as error:
        log.warning("Not all of this reached the board (%s); the next run reports it", error)
    finally:
        board.close()
