"""Slow: documents take much longer than they usually do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from app.rules.sentences import Brief, Parts, say
from app.rules.times import SECOND
from app.rules.verdicts.facts import Measured, ProjectFacts
from app.rules.verdicts.pace import SLOW_TIMES, Usual
from app.rules.verdicts.state import ProjectState, Verdict, since, since_when
from app.rules.words import NBSP

SLOW_JOBS = 10  # the newest of the last hour, and where they are fewer, with what runs
LONGER_TIMES = 1.5  # as long a document: else there are only other documents
LEAST = 2.0  # seconds a document: below that it is no trouble


@dataclass(frozen=True, eq=False)
class Slow(ProjectState):
    """The ten newest jobs of the last hour took three times as long a chunk as is usual.

    Where fewer completed, those that run count for what they took up to now, which is the least
    that they can take. Where most count no chunks, the documents are compared.
    """

    def judge(self, facts: ProjectFacts, _now: int) -> Verdict | None:
        """Since the first of those began, or of the hours that were as slow."""
        pace = slow_pace(facts.usual, facts.newest)
        if pace is None:
            return None
        begun = min(one.began_at for one in facts.newest)
        begun = min(begun, facts.slow_since or begun)
        return Verdict(self, since=begun, pace=pace.seconds, usual=pace.usual, unit=pace.unit)

    def sentence(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, what a document takes, and what it took."""
        return say(self._lead(verdict), ": ", _pace(verdict), ", usually ", _usual(verdict), ".")

    def brief(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """What a document takes, and what it took."""
        return Brief(say(_pace(verdict), ", usually ", _usual(verdict)), since(verdict))

    def glance(self, verdict: Verdict, _facts: ProjectFacts) -> Brief:
        """`slow` over what a document takes."""
        words = say(_pace(verdict), ", usually ", _usual(verdict))
        return Brief(say(self.label.lower()), words)

    def closeup(self, verdict: Verdict, _facts: ProjectFacts) -> Parts:
        """Since when, and what a document takes."""
        return say(since_when(verdict), ": ", _pace(verdict), ", usually ", _usual(verdict))


class Pace(NamedTuple):
    """Seconds that a document or a chunk takes now, and usually."""

    seconds: float
    usual: float
    unit: str


def slow_pace(usual: Usual | None, newest: Sequence[Measured]) -> Pace | None:
    """At which pace these newest jobs go; None unless they are slow."""
    if usual is None or usual.per_document is None or len(newest) < SLOW_JOBS:
        return None
    document = median(one.took for one in newest) / SECOND
    if document < max(LEAST, LONGER_TIMES * usual.per_document):
        return None
    if document >= SLOW_TIMES * usual.per_document:
        by_document = Pace(document, usual.per_document, "document")
    else:
        by_document = None
    counted = [one for one in newest if one.chunks]
    chunk = per_chunk(counted) if 2 * len(counted) >= len(newest) else None
    if chunk is None or not usual.per_chunk:
        return by_document
    if chunk < SLOW_TIMES * usual.per_chunk:
        return None
    return by_document or Pace(chunk, usual.per_chunk, "chunk")


def latest(jobs: Iterable[Measured], usual: Usual, now: int) -> list[Measured]:
    """The ten of these jobs that began last, long enough before now (µs) to be slow.

    Those that ended last are not: as work comes to an end, only what takes long is left. And of
    those that have only begun none but the fast ones have ended.
    """
    long = int(LONGER_TIMES * SECOND * (usual.per_document or 0))
    ripe = [one for one in jobs if one.began_at <= now - long]
    ripe.sort(key=lambda one: (one.began_at, one.took, one.chunks), reverse=True)
    return ripe[:SLOW_JOBS]


def are_latest(newest: Sequence[Measured], ended: Sequence[Measured]) -> bool:
    """Whether no job that ended before all of these can have begun later than the ten newest.

    A job begins before it ends.
    """
    if len(newest) < SLOW_JOBS or not ended:
        return False
    return newest[-1].began_at >= min(one.ended_at for one in ended)


def per_chunk(jobs: Sequence[Measured]) -> float | None:
    """Seconds that a chunk of these jobs took, None where they counted none."""
    chunks = sum(one.chunks for one in jobs)
    return sum(one.took for one in jobs) / SECOND / chunks if chunks else None


def _pace(verdict: Verdict) -> str:
    return f"{_about(verdict.pace or 0)} a {verdict.unit}"


def _usual(verdict: Verdict) -> str:
    return _about(verdict.usual or 0)


def _about(seconds: float) -> str:
    """How long something takes, as a person would say it: `0.4 s`, `25 s`, `6 min`, `2 h`."""
    if seconds < 1:
        return f"{seconds:.1g}{NBSP}s"
    if seconds < 100:
        return f"{seconds:.0f}{NBSP}s"
    if seconds < 100 * 60:
        return f"{seconds / 60:.0f}{NBSP}min"
    return f"{seconds / 3600:.0f}{NBSP}h"


SLOW = Slow(35, "slow", "Slow", shape="slow", tone="slow", trouble=True)
