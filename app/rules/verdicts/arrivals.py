"""When jobs usually come, learned from the weeks before; and whether they should have come now.

Two things are habits: a flow, of which ten jobs and no long pause were in this span of time in each
of the last three weeks; and an appointment, at which ten jobs came within the same hour of each,
after an hour without. Of a project that is younger than three weeks, days stand for weeks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from app.rules.times import DAY, HOUR, MINUTE, floor

TIMES = 3  # weeks, or days, that must agree
FEW = 10  # jobs in the span of each
QUARTERS = 4  # of the span, in each of which one came: so no pause was half as long
YOUNG = 2  # came in each where only days tell, for one may be there by chance
SPREAD = 5  # of the jobs, beside the fullest quarter: else it is a burst, and a few come after it
SOONEST = 15 * MINUTE  # no shorter silence is said
GRACE = 15 * MINUTE  # after the tenth job of an appointment, as late as that came in any of them
WEEK = 7 * DAY
KEPT = 0.75  # of the jobs that came as many began to: their hour must have had some the next time


@dataclass(frozen=True, slots=True)
class Span:
    """A span of time (µs), after `start` and up to `stop`."""

    start: int
    stop: int

    def shifted(self, by: int) -> "Span":
        """The same, so much earlier."""
        return Span(self.start - by, self.stop - by)

    def quarters(self) -> list["Span"]:
        """It in four parts."""
        edges = [self.start + (self.stop - self.start) * n // QUARTERS for n in range(QUARTERS + 1)]
        return [Span(*pair) for pair in pairwise(edges)]


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When jobs came before, of a project in which none came since `last_at` (µs).

    `first_at` is the first job of all. `came` says of spans how many jobs they had, to `FEW` at
    least; `hours` how many jobs came in each hour of the weeks before, by its start.
    """

    last_at: int
    first_at: int
    came: Mapping[Span, int]
    hours: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Due:
    """That jobs should have come: since when none did (µs), and how many an hour are usual."""

    since: int
    hourly: int


def shifts(first_at: int, last_at: int) -> Sequence[int]:
    """What lies between now and the times (µs) that must agree; none where too little is known.

    Weeks, so that nights and weekends are as they always are. Of a younger project days, and the
    week before where it was there: a first Saturday is not like the Friday before, so that on the
    first days off of all nothing is said.
    """
    weeks = [WEEK * n for n in range(1, TIMES + 1)]
    if first_at <= last_at - weeks[-1]:
        return weeks
    days = [DAY * n for n in range(1, TIMES + 1)]
    if first_at > last_at - days[-1]:
        return ()
    if first_at <= last_at - WEEK:
        return [*days, WEEK]
    return () if _is_day_off(last_at + 12 * HOUR) or _is_day_off(last_at) else days


def _is_day_off(moment: int) -> bool:
    """Whether it is a Saturday or a Sunday in UTC; 1970 began on a Thursday."""
    return (moment // DAY + 4) % 7 in (6, 0)


def asked(last_at: int, now: int, first_at: int) -> list[Span]:
    """The spans of which `due` wants to know how many jobs they had."""
    by = shifts(first_at, last_at)
    span, hour = Span(last_at, now), _of_this_hour(now)
    quarters = [part for one in by for part in span.shifted(one).quarters()]
    return quarters + [hour.shifted(one) for one in by if hour.start < hour.stop]


def _of_this_hour(now: int) -> Span:
    """What of the hour that runs is so long ago that an appointment in it was not kept."""
    return Span(floor(now, HOUR), now - GRACE)


def due(arrivals: Arrivals, now: int) -> Due | None:
    """Whether jobs should have come by `now` and did not."""
    by = shifts(arrivals.first_at, arrivals.last_at)
    if not by or now - arrivals.last_at < SOONEST:
        return None
    return _flow(arrivals, now, by) or _appointment(arrivals, now, by)


def _flow(arrivals: Arrivals, now: int, by: Sequence[int]) -> Due | None:
    span = Span(arrivals.last_at, now)
    least = 1 if by[0] == WEEK else YOUNG
    for one in by:
        quarters = [arrivals.came.get(part, 0) for part in span.shifted(one).quarters()]
        spread = sum(quarters) - max(quarters)
        if sum(quarters) < FEW or spread < SPREAD or min(quarters) < least:
            return None
    return Due(arrivals.last_at, _hourly(arrivals, floor(arrivals.last_at, HOUR), by))


def _appointment(arrivals: Arrivals, now: int, by: Sequence[int]) -> Due | None:
    """The first hour since the last job in which, every time before, jobs came after a pause.

    A project whose jobs come by chance has such hours too, but does not keep to them.
    """
    hours, this = arrivals.hours, _of_this_hour(now)
    if not _keeps(hours, now, by):
        return None
    over = all(arrivals.came.get(this.shifted(one), 0) >= FEW for one in by)
    for hour in range(floor(arrivals.last_at, HOUR) + HOUR, floor(now, HOUR) + 1, HOUR):
        begun = all(_begins(hours, hour - one) for one in by)
        if begun and (hour < this.start or over):
            return Due(hour, sum(hours[hour - one] for one in by) // len(by))
    return None


def _begins(hours: Mapping[int, int], hour: int) -> bool:
    """Whether many jobs came in an hour, and hardly any in the one before."""
    many = hours.get(hour, 0)
    return many >= FEW and 10 * hours.get(hour - HOUR, 0) <= many


def _keeps(hours: Mapping[int, int], now: int, by: Sequence[int]) -> bool:
    """Whether jobs come at appointed hours: where many begin, some came the time before, too.

    By jobs, not by hours: what is tried again after a bad night begins at hours of its own.
    """
    begun = kept = 0
    for one, before in pairwise(by):
        for hour in range(floor(now, HOUR) - one - by[0], floor(now, HOUR) - one, HOUR):
            if _begins(hours, hour):
                begun += hours[hour]
                kept += hours[hour] if hours.get(hour - before + one) else 0
    return kept >= KEPT * begun > 0


def _hourly(arrivals: Arrivals, hour: int, by: Sequence[int]) -> int:
    """How many jobs an hour are usual at this time: the mean of this hour and the next."""
    counts = [arrivals.hours.get(at - one, 0) for one in by for at in (hour, hour + HOUR)]
    return sum(counts) // len(counts)
