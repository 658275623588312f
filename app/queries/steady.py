"""Until when the facts of a project stay as they are, though time goes by and nothing is reported.

Most of many projects rest: nothing runs, nothing ended within the hour that a rule would count. To
judge them anew every minute was most of the work of a board of ten thousand.
"""

from app.queries.habits.doubt import Row
from app.rules.times import HOUR, floor
from app.rules.verdicts.arrivals import SOONEST


def steady_until(row: Row, now: int, *, doubted: bool) -> int:
    """That moment (µs) for what the first statement told at `now`; 0 where any may bring another.

    What lasts longest is what is counted from the start of an hour of the clock (`first_shown`).
    A habit in doubt, and what runs, failed within the hour, follows a source or had a clock that
    was off, is of every moment; when it ends is for those rules to know.
    """
    moves = row["running"] or row["hour_failed"]
    if doubted or moves or row["source_at"] is not None or row["skew_seconds"] is not None:
        return 0
    moments = [floor(now, HOUR) + HOUR]
    if row["expect_every"] is None and row["last_created_at"] is not None:
        came = (row["last_created_at"] + SOONEST, row["came_week_at"], row["came_day_at"])
        moments += [at for at in came if at is not None and at > now]
    return min(moments)
