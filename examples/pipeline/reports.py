"""Tells the board what the graph file knows: every change of a job, by the reporter."""

from collections.abc import Iterable
from datetime import datetime

import jobwall_reporter
from jobwall_reporter import Reporter

from pipeline.board import BoardRefusedError
from pipeline.graph import Graph
from pipeline.jobs import Job
from pipeline.stop import Stop

LOOK_EVERY = 0.2  # seconds


class Reports:
    """The jobs as they are told to the board; a thread of the reporter sends them.

    Counts are totals and every report carries all times, so telling a job again does no harm: what
    an earlier run told and did not see acknowledged is told once more.
    """

    def __init__(self, graph: Graph, reporter: Reporter) -> None:
        """Tell what earlier runs left, and from now on every change."""
        self._graph, self._reporter = graph, reporter
        self._open: dict[str, jobwall_reporter.Job] = {}
        self.tell(graph.unreported())
        graph.on_change = self.tell

    def tell(self, jobs: Iterable[Job]) -> None:
        """Tell all that is known of these jobs."""
        for job in jobs:
            told = self._open.pop(job.job_id, None) or self._new(job)
            told.update(
                chunks=job.chunks_processed,
                nodes=job.nodes_created,
                edges=job.edges_created,
                of=job.chunks_total,
            )
            if job.started_at:
                told.start(at=_moment(job.started_at))
            if job.completed_at and job.error_message:
                told.fail(job.error_message, at=_moment(job.completed_at))
            elif job.completed_at:
                told.complete(at=_moment(job.completed_at))
            else:
                self._open[job.job_id] = told

    def send_the_rest(self, stop: Stop) -> None:
        """Wait until the board knows all of it, however long it is away.

        Raises BoardRefusedError where it takes nothing, and StoppedError.
        """
        while not self._reporter.flush(LOOK_EVERY):
            stop.sleep(0)
            if self._reporter.refusal:
                raise BoardRefusedError(f"The board takes no reports: {self._reporter.refusal}")
        self._graph.acknowledge()

    def _new(self, job: Job) -> jobwall_reporter.Job:
        # The attempt stays 1, since a higher one replaces the counts of the job, while the rows
        # that the first one inserted stay in the graph and would be in no job's sum: doing a
        # document again is a new job.
        made = _moment(job.created_at)
        return self._reporter.job(job.source_doc_id, job_id=job.job_id, attempt=1, created_at=made)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
