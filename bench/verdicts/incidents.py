"""Incidents, labelled: what goes wrong in a pipeline, from when to when, and what it is called."""

from dataclasses import dataclass

from bench.verdicts.pipelines import DAY, HOUR, WEEK, Kind

MINUTE = 60.0
LEARNED = 4 * WEEK  # before that nothing goes wrong


@dataclass(frozen=True, slots=True)
class Fault:
    """A kind of incident: the state that names it, and within how many minutes it must be said.

    That is after it is clear: by the third failure, the fifth empty or the tenth slow job, the
    silence or the wait that the project allows; late from when the first job was missed.
    """

    name: str
    state: str
    within: float = 20
    needs_flow: bool = False


FAILING = Fault("failing", "failing", 1)
NO_OUTPUT = Fault("no output", "no-output", 1)
SILENT = Fault("silent", "stalled")
STANDING = Fault("standing", "stalled")
STARVED = Fault("starved", "starved")
LATE = Fault("late", "late", needs_flow=True)
SLOW = Fault("slow", "slow", needs_flow=True)
FAULTS = (FAILING, NO_OUTPUT, SILENT, STANDING, STARVED, LATE, SLOW)
WEEKLY = (FAILING, NO_OUTPUT, LATE, SLOW)


@dataclass
class Incident:
    """A fault from `start` to `end`; `clear_at` is found as it happens."""

    fault: Fault
    start: float
    end: float
    clear_at: float | None = None


def incidents_of(kind: Kind) -> list[Incident]:
    """One of each fault that can be told of such a pipeline, days apart."""
    if kind.name == "weekly":
        return [
            _at(fault, LEARNED + week * WEEK + 6 * DAY + kind.opens, 6)
            for week, fault in enumerate(WEEKLY)
        ]
    faults = [one for one in FAULTS if not one.needs_flow or kind.name not in ("tiny", "bursts")]
    if kind.name == "bursts":
        faults.append(SLOW)
    made, day = [], LEARNED
    for fault in faults:
        while day // DAY % 7 not in (kind.days if kind.name != "office hours" else (1, 2, 3)):
            day += DAY
        start = day + (kind.opens if kind.batch else 11 * HOUR)
        made.append(
            _at(
                fault,
                start - (10 * MINUTE if kind.batch else 0),
                30 if kind.name in ("tiny", "bursts") else 4,
            )
        )
        day += 3 * DAY if kind.name != "tiny" else 4 * DAY
    return made


def _at(fault: Fault, start: float, hours: float) -> Incident:
    return Incident(fault, start, start + hours * HOUR)
