"""What chance alone may do: a project that usually fails now and then is left alone."""

import math
from collections.abc import Sequence
from statistics import median

RUN_ALARMS = 0.4  # that chance may raise in a project and month by a run of jobs ...
HOUR_ALARMS = 0.3  # ... and by the jobs of an hour
MONTH_OF_DAYS = 30
LOOKS = 24 * 5  # a day, at the last hour: as many as differ from each other
MANY = 20  # jobs of a day; of fewer no share is told
DAYS = 3  # with many; of fewer the middle one tells nothing


def usual_share(days: Sequence[tuple[int, int]]) -> float:
    """The usual share of jobs that end in a way, of the days before: so many, of how many.

    That of the middle day, so that a bad one changes nothing; where few come, of all days together;
    0 where too few came to say.
    """
    shares = [some / jobs for some, jobs in days if jobs >= MANY]
    if len(shares) >= DAYS:
        return median(shares)
    some, jobs = sum(day[0] for day in days), sum(day[1] for day in days)
    return some / jobs if jobs >= MANY else 0.0


def least_run(share: float, daily: float, *, least: int, most: int) -> int:
    """How many jobs in a row must end the same way before that is no chance any more.

    Of jobs that usually end so with this `share`, independently of each other, n in a row are found
    share ** n times as often as jobs are, of which there are so many `daily`. Between `least` and
    `most`; where nothing is known of what is usual, `least`.
    """
    if share <= 0 or daily <= 0:
        return least
    if share >= 1:
        return most
    times = max(1.0, daily * MONTH_OF_DAYS / RUN_ALARMS)
    return min(most, max(least, math.ceil(math.log(times) / -math.log(share))))


def least_of(share: float, jobs: int, *, least: int) -> int:
    """How many of the jobs of an hour must end in a way before that is no chance any more.

    By the upper tail of the binomial distribution: n or more of so many `jobs`, of which each ends
    so with this `share`. At least `least`.
    """
    if share <= 0:
        return least
    allowed = HOUR_ALARMS / (MONTH_OF_DAYS * LOOKS)
    number, below = 0, 0.0
    while number < jobs and 1 - below > allowed:
        chance = math.comb(jobs, number) * share**number * (1 - share) ** (jobs - number)
        below, number = below + chance, number + 1
    return max(least, number)
