"""What a document takes, and a chunk: of late, and usually."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum
from statistics import median

from app.rules.times import SECOND
from app.rules.verdicts.chance import usual_share

FEW = 5  # measured jobs; fewer are no history to foretell from, nor any pace of now
SLOW_TIMES = 3  # as long a chunk as usual is slow
STANDING_TIMES = 10  # as long as a chunk usually takes: a job that stood so long goes on no more
LONGEST_TIMES = 3  # the same of the longest jobs, where chunks tell nothing


@dataclass(frozen=True, slots=True)
class Bin:
    """What finished in an hour or a day, which began at `start` (µs).

    `steps` are how many of the completed jobs took how long: seconds, jobs. `chunks` are those of
    all that finished.
    """

    start: int
    completed: int
    failed: int
    chunks: int
    steps: Sequence[tuple[float, int]]

    @property
    def finished(self) -> int:
        """Both kinds together."""
        return self.completed + self.failed

    @property
    def jobs(self) -> int:
        """How many were measured."""
        return sum(jobs for _, jobs in self.steps)

    @property
    def per_chunk(self) -> float | None:
        """Seconds a chunk took, None where too few jobs say."""
        return per_chunk(self.steps, self.chunks)

    @property
    def per_document(self) -> float | None:
        """Seconds that half of the documents took at most, None where too few jobs say."""
        return quantile(self.steps, 0.5) if self.jobs >= FEW else None


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in a project: seconds, None where nothing says, and shares of what finished.

    `longest` is what one document of a hundred takes at least, `daily` how many jobs finish a day.
    """

    per_chunk: float | None = None
    per_document: float | None = None
    longest: float | None = None
    failed_share: float = 0.0
    daily: float = 0.0


def per_chunk(steps: Sequence[tuple[float, int]], chunks: int) -> float | None:
    """Seconds a chunk took on average, of (seconds, jobs); None where too few jobs say."""
    if not chunks or sum(jobs for _, jobs in steps) < FEW:
        return None
    return fsum(seconds * jobs for seconds, jobs in steps) / chunks  # in whichever order


def quantile(steps: Sequence[tuple[float, int]], share: float) -> float | None:
    """The seconds below which this share of the jobs lies, of (seconds, jobs) in any order."""
    left = share * sum(jobs for _, jobs in steps)
    for seconds, jobs in sorted(steps):
        left -= jobs
        if left <= 0:
            return seconds
    return None


def usual_pace(hours: Sequence[Bin], days: Sequence[Bin]) -> Usual:
    """What is usual by the days before the last one; of a young project, by its last hours.

    The middle one of the days: three bad ones of seven change nothing.
    """
    bins = [one for one in days if one.jobs >= FEW] or hours
    steps: dict[float, int] = {}
    for one in bins:
        for seconds, jobs in one.steps:
            steps[seconds] = steps.get(seconds, 0) + jobs
    return Usual(
        per_chunk=_middle([one.per_chunk for one in bins]),
        per_document=_middle([one.per_document for one in bins]),
        longest=quantile(list(steps.items()), 0.99),
        failed_share=usual_share([(one.failed, one.finished) for one in days]),
        daily=sum(one.finished for one in days) / len(days) if days else 0.0,
    )


def slow_since(hours: Sequence[Bin], usual: Usual) -> int | None:
    """The start (µs) of the unbroken run of the last hours that were slow, None if none was."""
    since = None
    for hour in sorted(hours, key=lambda one: one.start, reverse=True):
        slow = was_slow(hour, usual)
        if slow is False:
            break
        since = hour.start if slow else since
    return since


def was_slow(hour: Bin, usual: Usual) -> bool | None:
    """Whether a chunk took much longer in it than usually; None where too few jobs say."""
    if hour.per_chunk is None or usual.per_chunk is None:
        return None
    return hour.per_chunk >= SLOW_TIMES * usual.per_chunk


def _middle(numbers: Sequence[float | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return median(known) if known else None


def stands_after(usual: Usual, silent_after: int) -> tuple[int, int | None]:
    """After how long (µs) without progress a job that is heard of stands.

    The longer of `silent_after` and ten times what a chunk usually takes. The second is of a
    job whose chunks tell nothing, for none or all of them are counted: three times what the longest
    jobs take, None where that is not known.
    """
    chunk = int(STANDING_TIMES * SECOND * (usual.per_chunk or 0))
    counted = max(silent_after, chunk)
    if usual.longest is None:
        return counted, None
    return counted, max(counted, int(LONGEST_TIMES * SECOND * usual.longest))


def stands(limits: tuple[int, int | None], still: int, done: int, total: int | None) -> bool:
    """Whether a job that is heard of stands, which has not gone on for so long (µs).

    By the limits that `stands_after` gives, and how many of how many chunks are done.
    """
    counted, uncounted = limits
    tells = done > 0 and (total is None or done < total)
    after = counted if tells else uncounted
    return after is not None and still >= after
