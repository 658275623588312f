"""A pipeline's reports, minute by minute: its queue, its workers, and what goes wrong with them."""

import heapq
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any

from app.ledger.projects import SILENT_AFTER
from app.ledger.report import Report
from app.rules.status import JobStatus
from app.rules.times import SECOND
from bench.verdicts.incidents import (
    FAILING,
    LATE,
    NO_OUTPUT,
    SILENT,
    SLOW,
    STANDING,
    STARVED,
    Incident,
)
from bench.verdicts.pipelines import EPOCH, Kind

USUAL_FAILURES = 0.02
USUAL_EMPTY = 0.01
CHUNK = 2.0  # seconds
BEAT = 60.0  # seconds between two signs of life
QUIET = SILENT_AFTER / SECOND  # as `WAIT_AFTER` is
ERRORS = ("LLM API timeout after 3 retries", "PDF is encrypted", "No text in the document")


@dataclass
class Work:
    """A job in the hands of a worker."""

    job_id: str
    document: str
    chunks: int
    started: float = 0.0
    attempt: int = 1
    hung: bool = False
    each: float = CHUNK  # what a chunk takes, s

    def done(self, at: float) -> int:
        """How many chunks are read until then, of one that has not ended."""
        return min(self.chunks - 1, int((at - self.started) / self.each))


@dataclass
class Pipeline:
    """A project's workers; `step` gives what they report until a moment (s)."""

    kind: Kind
    incidents: list[Incident]
    random: Random
    arrivals: Iterator[float]
    waiting: deque[Work] = field(default_factory=deque)
    running: list[Work] = field(default_factory=list)
    events: list[tuple[float, int, str, Work]] = field(default_factory=list)
    evidence: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        self._numbers = count()
        self._next = next(self.arrivals, None)

    def step(self, until: float) -> list[Report]:
        """Everything that is reported up to `until`, in order."""
        said: list[Report] = []
        while True:
            due = self.events[0][0] if self.events else None
            if (
                self._next is not None
                and self._next <= until
                and (due is None or self._next <= due)
            ):
                said += self._come(self._next)
                self._next = next(self.arrivals, None)
            elif due is not None and due <= until:
                at, _, what, work = heapq.heappop(self.events)
                said += getattr(self, f"_{what}")(at, work)
            else:
                return said

    def active(self, at: float, *faults: object) -> Incident | None:
        """The incident of one of these kinds that goes on."""
        for one in self.incidents:
            if one.fault in faults and one.start <= at < one.end:
                return one
        return None

    def _later(self, at: float, what: str, work: Work) -> None:
        heapq.heappush(self.events, (at, next(self._numbers), what, work))

    def _come(self, at: float) -> Iterable[Report]:
        if late := self.active(at, LATE):
            self._count(late, 10, at)
            return
        number = next(self._numbers)
        chunks = max(1, round(self.random.lognormvariate(2.5, 0.7)))
        work = Work(f"j{number}", f"docs/{number}.pdf", chunks)
        self.waiting.append(work)
        yield _report(work, created_at=at)
        starved = self.active(at, STARVED)
        if starved and starved.clear_at is None and not self.running:
            starved.clear_at = at + QUIET
        yield from self._take(at)

    def _take(self, at: float) -> Iterable[Report]:
        if starved := self.active(at, STARVED):
            if not any(what == "wake" for _, _, what, _ in self.events):
                self._later(starved.end, "wake", Work("", "", 0))
            return
        while self.waiting and len(self.running) < self.kind.workers:
            work = self.waiting.popleft()
            work.started = at
            self.running.append(work)
            yield _report(work, JobStatus.RUNNING, started_at=at, chunks_total=work.chunks)
            work.each = CHUNK * self.random.lognormvariate(0, self.kind.uneven)
            if self.active(at, SLOW):
                work.each *= 6
            took = 3 + work.each * work.chunks
            for share in (0.3, 0.6):
                self._later(at + share * took, "progress", work)
            self._later(at + took, "end", work)
            if took > BEAT:
                self._later(at + BEAT, "beat", work)

    def _wake(self, at: float, _work: Work) -> Iterable[Report]:
        return self._take(at)

    def _progress(self, at: float, work: Work) -> Iterable[Report]:
        if work not in self.running or work.hung or self._hangs(at, work):
            return
        yield _report(work, JobStatus.RUNNING, chunks_processed=work.done(at))

    def _beat(self, at: float, work: Work) -> Iterable[Report]:
        silent = work.hung and self.active(at, SILENT)
        if work in self.running:
            if not silent:
                done = {} if work.hung else {"chunks_processed": work.done(at)}
                yield _report(work, None, **done)
            self._later(at + BEAT, "beat", work)

    def _hangs(self, at: float, work: Work) -> bool:
        """Whether a worker gets stuck: half of them at least, with what they are at."""
        incident = self.active(at, SILENT, STANDING)
        stuck = sum(one.hung for one in self.running)
        if incident is None or stuck * 2 >= self.kind.workers:
            return False
        work.hung = True
        if incident.clear_at is None:
            incident.clear_at = at + QUIET
        self._later(at + BEAT, "beat", work)
        self._later(incident.end, "again", work)
        return True

    def _again(self, at: float, work: Work) -> Iterable[Report]:
        self.running.remove(work)
        self.waiting.appendleft(
            Work(work.job_id, work.document, work.chunks, 0.0, work.attempt + 1)
        )
        return self._take(at)

    def _end(self, at: float, work: Work) -> Iterable[Report]:
        if work not in self.running or work.hung or self._hangs(at, work):
            return
        self.running.remove(work)
        given = {"started_at": work.started, "completed_at": at, "chunks_processed": work.chunks}
        broken, empty = self.active(at, FAILING), self.active(at, NO_OUTPUT)
        if broken or self.random.random() < USUAL_FAILURES:
            self._count(broken, 3, at)
            error = ERRORS[0] if broken else self.random.choice(ERRORS)
            yield _report(work, JobStatus.FAILED, error_message=error, **given)
            if self.random.random() < 0.7:
                again = Work(f"{work.job_id}-again", work.document, work.chunks)
                self._later(at + self.random.uniform(2, 20) * 3600, "retry", again)
        else:
            none = empty or self.random.random() < USUAL_EMPTY
            self._count(empty, 5, at)
            if slow := self.active(work.started, SLOW):
                self._count(slow, 10, at)
            nodes = 0 if none else 3 * work.chunks
            yield _report(work, JobStatus.COMPLETED, nodes_created=nodes, **given)
        yield from self._take(at)

    def _retry(self, at: float, work: Work) -> Iterable[Report]:
        self.waiting.append(work)
        yield _report(work, created_at=at)
        yield from self._take(at)

    def _count(self, incident: Incident | None, least: int, at: float) -> None:
        """Note the job by which an incident is clear."""
        if incident is None:
            return
        self.evidence[id(incident)] += 1
        if incident.clear_at is None and self.evidence[id(incident)] >= least:
            incident.clear_at = at


def micros(at: float) -> int:
    """A moment of the replay, as the ledger has it."""
    return int((EPOCH + at) * SECOND)


def _report(work: Work, status: JobStatus | None = None, **given: Any) -> Report:
    times = ("created_at", "started_at", "completed_at")
    values: dict[str, Any] = {
        name: micros(value) if name in times else value for name, value in given.items()
    }
    return Report(
        job_id=work.job_id,
        source_doc_id=work.document,
        status=status,
        attempt=work.attempt if work.attempt > 1 else None,
        **values,
    )
