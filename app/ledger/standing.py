"""How a document stands: what its finished jobs say together, as pure functions.

A document stands by its latest failure and its latest success, so most of what happens to it can
be added without asking its other jobs. `advance` says when it can not; then `standing_of` all of
them decides. Both give the same, whatever the order in which the jobs came.
"""

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from app.ledger.job import LedgerJob
from app.ledger.merge import outcome_of
from app.models.job import KEY_LENGTH
from app.rules.causes import telling_line

_HASH_LENGTH = 64


class Finish(NamedTuple):
    """How and when (µs) a job ended; `error` is None where it completed, "" where it gave none."""

    at: int
    job_id: str
    error: str | None = None
    cause: int = 0
    told: str | None = None

    @property
    def line(self) -> str:
        """The line that tells, `told` where that is known; of many failures only the last one's."""
        return telling_line(self.error) if self.told is None else self.told


class Standing(NamedTuple):
    """A document that ever failed; the columns of `models.Document`, times in µs.

    `failures` are the jobs that failed since no success came any more, 0 where it does not fail.
    """

    failed_at: int
    job_id: str
    error: str
    cause: int
    failing_since: int | None = None
    succeeded_at: int | None = None
    failures: int = 0


def key_of(document: str) -> str:
    """The id of a document as a key: itself, or where it is too long for one, as long as one.

    An entry of PostgreSQL's btree has at most 2704 bytes; 1024 characters may have 4096.
    """
    if len(document) < KEY_LENGTH:
        return document
    digest = hashlib.sha256(document.encode()).hexdigest()
    return document[: KEY_LENGTH - _HASH_LENGTH] + digest


def finish_of(job: LedgerJob | None) -> Finish | None:
    """How a job ended; None while it has not, or is gone, and where its end counts as nothing."""
    if job is None or not (job.state.status.success or job.state.status.failure):
        return None
    outcome = outcome_of(job.state)
    if outcome.ended_at is None:
        return None
    if job.state.status.success:
        return Finish(outcome.ended_at, job.job_id)
    return Finish(outcome.ended_at, job.job_id, outcome.error_message or "", job.failed_by)


def standing_of(finishes: Iterable[Finish]) -> Standing | None:
    """How a document stands after all its finished jobs; None if none of them failed."""
    failures, succeeded_at = [], None
    for one in finishes:
        if one.error is not None:
            failures.append(one)
        else:
            succeeded_at = max(one.at, succeeded_at or one.at)
    if not failures:
        return None
    last = max(failures)
    open_ends = [one.at for one in failures if succeeded_at is None or one.at >= succeeded_at]
    since = min(open_ends, default=None)
    known = (last.at, last.job_id, last.line, last.cause, since, succeeded_at)
    return Standing(*known, failures=len(open_ends))


def advance(known: Standing, gone: Iterable[Finish], came: Iterable[Finish]) -> Standing | None:
    """How a document stands when some finishes went and others came; None: ask all its jobs."""
    for one in gone:
        oldest_known = known.failing_since if one.error is not None else known.succeeded_at
        if one.at >= (known.failed_at if oldest_known is None else oldest_known):
            return None
    for one in came:
        if one.error is None:
            if known.failing_since is not None and known.failing_since < one.at <= known.failed_at:
                return None  # which of the failures came after this success, the others know
            known = _with_success(known, one.at)
        else:
            known = _with_failure(known, one)
    return known


def _with_success(known: Standing, at: int) -> Standing:
    fails = at <= known.failed_at and known.failing_since is not None
    return known._replace(
        failing_since=known.failing_since if fails else None,
        succeeded_at=max(at, known.succeeded_at or at),
        failures=known.failures if fails else 0,
    )


def _with_failure(known: Standing, failure: Finish) -> Standing:
    since, failures = known.failing_since, known.failures
    if known.succeeded_at is None or failure.at >= known.succeeded_at:
        since = min(failure.at, since or failure.at)
        failures += 1
    if (failure.at, failure.job_id) > (known.failed_at, known.job_id):
        known = known._replace(
            failed_at=failure.at,
            job_id=failure.job_id,
            error=failure.line,
            cause=failure.cause,
        )
    return known._replace(failing_since=since, failures=failures)
