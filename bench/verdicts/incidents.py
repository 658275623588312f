"""Incidents, labelled: what goes wrong in a pipeline, from when to when, and what it is called."""

from collections.abc import Sequence
from dataclasses import dataclass

from bench.verdicts.pipelines import DAY, HOUR, WEEK, Kind

MINUTE = 60.0
LEARNED = 4 * WEEK  # before that nothing goes wrong


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of incident: the state that names it, and within how many minutes it must be said.

    That is after it is clear: by the third failure, the fifth empty, the tenth slow or the tenth
    missing job, or by the silence or the wait that the project allows.
    """

    name: str
    state: str
    within: float = 20


FAILING = Fault("failing", "failing", 1)
NO_OUTPUT = Fault("no output", "no-output", 1)
SILENT = Fault("silent", "stalled")
STANDING = Fault("standing", "stalled")
STARVED = Fault("starved", "starved")
LATE = Fault("late", "late")
SLOW = Fault("slow", "slow")
FAULTS = (FAILING, NO_OUTPUT, SILENT, STANDING, STARVED, LATE, SLOW)
WEEKLY = (FAILING, NO_OUTPUT, SLOW, LATE)  # there are as many weeks
RARE = {
    "bursts": (),
    "uneven": (),
    "tiny": (SLOW,),
}  # come by chance: never late, of some never ten at once
LASTING = {"bursts": 30, "uneven": 30, "tiny": 72}  # hours, of an incident


@dataclass
class Incident:
    """A fault from `start` to `end`; `clear_at` is found as it happens."""

    fault: Fault
    start: float
    end: float
    clear_at: float | None = None


def incidents_of(kind: Kind) -> list[Incident]:
    """One of each fault that can be told of such a pipeline, days apart, as it begins to work."""
    if kind.name == "weekly":
        faults: Sequence[Fault] = WEEKLY
    elif kind.name in RARE:
        faults = [one for one in FAULTS if one not in (LATE, *RARE[kind.name])]
    else:
        faults = FAULTS
    made, day = [], LEARNED
    for fault in faults:
        while day // DAY % 7 not in kind.days:
            day += DAY
        start = day + (kind.opens - 10 * MINUTE if kind.opens and kind.batch else 11 * HOUR)
        hours = LASTING.get(kind.name, 4)
        made.append(Incident(fault, start, start + hours * HOUR))
        day += (5 if kind.name in RARE else 3) * DAY
    return made
