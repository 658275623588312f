"""An upstream whose list moves while it is read, and that fails in every way: simulated."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from app.mirror.upstream import Answer, UpstreamError
from app.rules.times import SECOND, format_time

START = 1_770_000_000 * SECOND
BURSTS = (1, 1, 1, 2, 5, 25)
CAPS = (2, 3, 7, 15)


class KilledError(BaseException):
    """Where a mirror's process ended, as by kill -9: nothing of it runs on."""


@dataclass
class UpstreamJob:
    """A job as its upstream has it."""

    job_id: str
    status: str = "pending"
    attempt: int = 1
    chunks: int = 0
    started_at: int | None = None
    completed_at: int | None = None
    error: str | None = None

    def body(self) -> dict[str, Any]:
        """The ten fields."""
        times = (self.started_at, self.completed_at)
        return {
            "job_id": self.job_id,
            "project_id": "theirs",
            "source_doc_id": f"{self.job_id}.pdf",
            "status": self.status,
            "chunks_processed": self.chunks,
            "nodes_created": 2 * self.chunks,
            "edges_created": 3 * self.chunks,
            **dict(
                zip(
                    ("started_at", "completed_at"),
                    (None if time is None else format_time(time) for time in times),
                    strict=True,
                )
            ),
            "error_message": self.error,
        }


class Simulated:
    """Asked as `app.mirror.upstream.Upstream` is. Between two requests much may happen.

    `names_attempts` as another Jobwall does.
    """

    def __init__(self, seed: int, *, names_attempts: bool) -> None:
        self.random = random.Random(seed)
        self.now = START
        self.jobs: list[UpstreamJob] = []
        self.quiet = False
        self.deleted = 0
        self.requests = 0
        self._names_attempts = names_attempts
        self._made = 0

    def clock(self) -> int:
        """Now, µs; it goes on a little."""
        self.now += 1
        return self.now

    def list_jobs(self, *, limit: int, offset: int) -> Answer:
        """A page, which may be capped, or as it was a moment ago."""
        with self._asked():
            if not self.quiet and self.random.random() < 0.1:
                limit = min(limit, self.random.choice(CAPS))
            page = [job.body() for job in self.jobs[offset : offset + limit]]
            return Answer(page, None, None, {})

    def find_job(self, job_id: str) -> Answer:
        """A job, or that there is none; once in a while also of one that there is."""
        with self._asked():
            job = next((one for one in self.jobs if one.job_id == job_id), None)
            if job is None or (not self.quiet and self.random.random() < 0.02):
                return Answer(None, None, None, {})
            named = {"x-job-attempt": str(job.attempt)} if self._names_attempts else {}
            return Answer(job.body(), None, None, named)

    @contextmanager
    def _asked(self) -> Iterator[None]:
        self.requests += 1
        self.now += self.random.randrange(20_000, 400_000)
        if not self.quiet:
            self._fail()
            self.live()
        yield
        if not self.quiet and self.random.random() < 0.02:
            raise KilledError  # after the upstream had answered

    def _fail(self) -> None:
        chance = self.random.random()
        if chance < 0.02:
            raise KilledError
        if chance < 0.04:
            raise UpstreamError("It was asked too often (429)", wait=3.0)
        if chance < 0.06:
            raise UpstreamError("It has trouble of its own (502)")
        if chance < 0.08:
            raise UpstreamError("It did not answer within 10 s")

    def live(self) -> None:
        """What happens meanwhile: jobs come, go on, end, are run again, and are deleted."""
        if self.random.random() < 0.2:
            self.add(self.random.choice(BURSTS))
        if self.random.random() < 0.08 and self.jobs:
            most = min(len(self.jobs), self.random.choice((1, 5, 12, 60)))
            at = self.random.choice((0, self.random.randrange(len(self.jobs))))
            self.deleted += len(self.jobs[at : at + most])
            del self.jobs[at : at + most]
        for job in self.random.sample(self.jobs, min(len(self.jobs), 8)):
            self._go_on(job)

    def add(self, number: int) -> None:
        """New jobs, at the head."""
        for _ in range(number):
            self._made += 1
            self.jobs.insert(0, UpstreamJob(f"job-{self._made}"))

    def _go_on(self, job: UpstreamJob) -> None:
        chance = self.random.random()
        if job.status == "pending":
            job.status, job.started_at = "running", self.now - self.now % SECOND
        elif job.status == "running" and chance < 0.5:
            job.chunks += self.random.randrange(5)
        elif job.status == "running":
            job.completed_at = self.now
            job.status = "completed" if chance < 0.8 else "failed"
            job.error = None if chance < 0.8 else f"Quota exceeded ({chance})"
        elif job.status == "failed" and chance < 0.3:  # run again, or from the beginning
            again = "running" if chance < 0.2 else "pending"
            job.status, job.attempt, job.chunks = again, job.attempt + 1, 0
            job.started_at = self.now if again == "running" else None
            job.completed_at = job.error = None
        elif job.status == "failed" and chance < 0.4:  # somebody found that it had not failed
            job.status, job.error = "completed", None
