"""What failing documents have in common: a folder, an ending, the hour at which they fail."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TypeVar

from app.rules.documents import folder_and_file
from app.rules.times import DAY, HOUR

LEAST = 5  # documents; fewer have something in common by chance
MOST_OF = 0.8  # share of the documents of which that must be true
HOURLY = 0.5  # the same of an hour of the day, of which there are 24

Value = TypeVar("Value", str, int)


@dataclass(frozen=True, slots=True)
class Common:
    """What most of some documents share, and how many of them do; None: nothing.

    `hour` is the hour of the day, in UTC.
    """

    of: int
    folder: tuple[str, int] | None = None
    ending: tuple[str, int] | None = None
    hour: tuple[int, int] | None = None


def in_common(documents: Sequence[tuple[str, int]]) -> Common:
    """What documents share, each given with when it failed last (µs)."""
    many = len(documents)
    if many < LEAST:
        return Common(many)
    folders, endings, hours = Counter[str](), Counter[str](), Counter[int]()
    for name, failed_at in documents:
        folder, file = folder_and_file(name)
        folders.update(_above(folder))
        if ending := PurePosixPath(file).suffix.lower():
            endings[ending] += 1
        hours[failed_at % DAY // HOUR] += 1
    shared = [one for one in folders.items() if one[1] >= MOST_OF * many]
    return Common(
        many,
        folder=max(shared, key=lambda one: len(one[0]), default=None),
        ending=_most(endings, MOST_OF * many),
        hour=_most(hours, HOURLY * many),
    )


def _above(folder: str) -> Iterable[str]:
    """A folder and all folders that it is in, but for the root."""
    ends = (place for place, letter in enumerate(folder, 1) if letter in "/\\")
    return {folder[:end] for end in ends if folder[:end].strip("/\\")}


def _most(counted: Counter[Value], least: float) -> tuple[Value, int] | None:
    commonest = counted.most_common(1)
    return commonest[0] if commonest and commonest[0][1] >= least else None
