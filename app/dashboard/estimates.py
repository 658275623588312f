"""What is to be expected of a running job, by its project's own history."""

from typing import NamedTuple

from app.queries.views import Chart
from app.rules.job import Job
from app.rules.job_states import RUNNING
from app.rules.times import HOUR, MINUTE, SECOND
from app.rules.verdicts import ProjectFacts
from app.rules.verdicts.pace import Usual, stands, stands_after

LEAST = 5 * SECOND  # less is not worth saying


class Outlook(NamedTuple):
    """How long a job takes yet (µs), which is a guess; or since when (µs) it does not go on."""

    left: int | None = None
    stands_since: int | None = None


def outlook(job: Job, facts: ProjectFacts | None, chart: Chart, now: int) -> Outlook:
    """What is to be expected of a job at `now` (µs); of one that stands no end.

    Without facts of its project none is known to stand.
    """
    if job.state is RUNNING and job.moved_at is not None and facts and facts.unmoved:
        limits = stands_after(facts.usual or Usual(), facts.silent_after)
        if stands(limits, now - job.moved_at, job.chunks_processed, job.chunks_total):
            return Outlook(stands_since=job.moved_at)
    return Outlook(time_left(job, chart, now))


def time_left(job: Job, chart: Chart, now: int) -> int | None:
    """What is left (µs) at `now` of a job that runs; None where too little is known to say.

    By its chunks where it said how many there are, else by the median of finished jobs. A job that
    takes longer than it should is not foretold again and again to end soon.
    """
    if job.state is not RUNNING or job.runs_since is None or chart.seconds_per_chunk is None:
        return None
    elapsed = now - job.runs_since
    if job.chunks_total:
        ahead = max(0, job.chunks_total - job.chunks_processed)
        left = round(ahead * _per_chunk(job, chart.seconds_per_chunk, elapsed))
    elif chart.median is not None:
        left = round(chart.median * SECOND) - elapsed
    else:
        return None
    return _roundly(left) if left >= LEAST else None


def _roundly(left: int) -> int:
    """As a person would say a guess: to ten seconds, then to minutes, then to ten minutes."""
    unit = 10 * SECOND if left < 90 * SECOND else MINUTE if left < 2 * HOUR else 10 * MINUTE
    return max(unit, round(left / unit) * unit)


def _per_chunk(job: Job, usual: float, elapsed: int) -> float:
    """µs per chunk: as usual at first, and the more of the job is done, the more its own pace."""
    share = min(1.0, job.chunks_processed / (job.chunks_total or 1))
    own = elapsed / job.chunks_processed if job.chunks_processed and elapsed > 0 else 0
    return usual * SECOND * (1 - share) + own * share if own else usual * SECOND
