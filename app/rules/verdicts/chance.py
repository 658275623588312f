"""What chance alone may do: a project that usually fails now and then is left alone."""

import math

ALARMS = 0.5  # that chance may raise in a project and month
MONTH_OF_DAYS = 30


def least_run(usual_share: float, daily: float, *, least: int, most: int) -> int:
    """How many jobs in a row must end the same way before that is no chance any more.

    Of jobs that end so with `usual_share`, independently of each other, n in a row are found
    share ** n times as often as jobs are, of which there are so many `daily`. Between `least` and
    `most`; where nothing is known of what is usual, `least`.
    """
    if usual_share <= 0 or daily <= 0:
        return least
    if usual_share >= 1:
        return most
    times = max(1.0, daily * MONTH_OF_DAYS / ALARMS)
    return min(most, max(least, math.ceil(math.log(times) / -math.log(usual_share))))
