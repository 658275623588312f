"""Pipelines as they are: when documents come, what they take, and how many are read at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

HOUR = 3600.0  # seconds, as every time of this package
DAY = 24 * HOUR
WEEK = 7 * DAY
EPOCH = 1_767_571_200  # a Monday, 2026-01-05


@dataclass(frozen=True, slots=True)
class Kind:
    """How documents come: Poisson, `hourly` of them, times what `busy` says of a moment."""

    name: str
    hourly: float
    workers: int = 4
    opens: float = 0.0  # of a day
    closes: float = DAY
    days: tuple[int, ...] = tuple(range(7))
    growth: float = 1.0  # so many times as many at the end
    batch: int = 0  # that many at once as it opens, instead of a flow
    bursts: float = 0.0  # a day, of `batch` each, at any time
    uneven: float = 0.25  # how much the time of a chunk differs: sigma of its logarithm

    def busy(self, at: float) -> bool:
        """Whether documents come at this time of a day and a week."""
        return at // DAY % 7 in self.days and self.opens <= at % DAY < self.closes

    def arrivals(self, until: float, random: Random) -> Iterator[float]:
        """When documents come, from 0 on."""
        at = 0.0
        while at < until:
            if self.bursts:
                at += random.expovariate(self.bursts / DAY)
                yield from sorted(at + random.uniform(0, 300) for _ in range(self.batch))
            elif self.batch:
                if at // DAY % 7 in self.days:
                    begun = at + self.opens + random.uniform(0, 120)
                    many = round(self.batch * random.uniform(0.8, 1.2))
                    yield from sorted(begun + random.uniform(0, 300) for _ in range(many))
                at += DAY
            else:
                grown = self.growth ** (at / until)
                at += random.expovariate(self.hourly * grown / HOUR)
                if self.busy(at):
                    yield at


KINDS = (
    Kind("steady", 30),
    Kind("office hours", 40, opens=9 * HOUR, closes=17 * HOUR, days=(0, 1, 2, 3, 4)),
    Kind("nightly", 0, opens=2 * HOUR, batch=160),
    Kind("weekly", 0, opens=3 * HOUR, batch=400, days=(6,)),
    Kind("bursts", 0, batch=60, bursts=3),
    Kind("uneven", 0, workers=24, batch=300, bursts=3, uneven=1.0),
    Kind("growing", 8, growth=6),
    Kind("tiny", 5 / 24, workers=1),
)
