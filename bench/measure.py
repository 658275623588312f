"""What every group of measurements is given and gives, and the statistics that they share."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.databases import Databases

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the benchmark: its databases, the largest history, the crowd's seconds."""

    databases: Databases
    size: int
    seconds: int


Group = Callable[[Run], Figures]


def percentile(values: Iterable[float], percent: int) -> float:
    """The value that `percent` of the values do not exceed; 0 of no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
