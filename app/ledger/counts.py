"""What one job adds to the counts, as a pure function: the same for recording and recounting.

A change of a job is the difference of two tallies, so a count can only drift where a job was
changed without the ledger, and `jobwall verify` finds that.
"""

import math
from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

from app.ledger.job import LedgerJob
from app.ledger.merge import AttemptState, outcome_of
from app.rules.project import makes_graph
from app.rules.times import DAY, HOUR, MINUTE, MONTH, floor

STEPS_PER_DOUBLING = 4  # each step of the histogram is 19 % longer than the one before
MOST_COUNTED = 2**40  # of one job in a sum: so 8 million absurd jobs an hour still fit in 64 bits
SHORTEST = 1000  # µs; what is shorter counts as step 0


Cell = tuple[str, tuple[int, ...], str]
"""One number of the counts: its table, the rest of its key, and its column."""


class Level(IntEnum):
    """How long a bucket of the created counts is; the number is the stored one."""

    DAY = 0
    HOUR = 1
    MINUTE = 2
    MONTH = 3

    @property
    def span(self) -> int:
        """The length of a bucket, in µs."""
        return (DAY, HOUR, MINUTE, MONTH)[self]


LEVELS = (Level.MONTH, Level.DAY, Level.HOUR, Level.MINUTE)
"""From coarse to fine: each one's bucket lies in one of the level before."""

_MINUTE = int(Level.MINUTE)
_COARSER = [(int(level), level.span) for level in LEVELS[:-1]]


def is_empty(state: AttemptState, mode: str) -> bool:
    """Whether the job completed, read chunks and yet made no node, where nodes are expected."""
    return (
        state.status.success
        and makes_graph(mode)
        and state.chunks_processed > 0
        and state.nodes_created == 0
    )


def step_of(duration: int) -> int:
    """The step of the duration histogram for a duration in µs."""
    if duration <= SHORTEST:
        return 0
    return 1 + int(STEPS_PER_DOUBLING * math.log2(duration / SHORTEST))


def middle_of(step: int) -> float:
    """The middle of a step, in seconds: its geometric mean, at most 9 % off."""
    return SHORTEST * 2 ** ((step - 0.5) / STEPS_PER_DOUBLING) / 1e6 if step else SHORTEST / 1e6


def tally(cells: Counter[Cell], job: LedgerJob, mode: str, times: int = 1) -> None:
    """Add what this job adds to the counts of a project of this mode, `times` over (or -1).

    Of the counts of when it was created only its minute: `roll_up` makes the others from it.
    """
    state = job.state
    status = state.status
    minute = (_MINUTE, job.created_at - job.created_at % MINUTE)
    _add(cells, ("created_counts", minute, status.word), times)
    if not status.terminal:
        return
    if is_empty(state, mode):
        _add(cells, ("created_counts", minute, "empty"), times)
    outcome = outcome_of(state)
    if outcome.ended_at is None:
        return
    hour = outcome.ended_at - outcome.ended_at % HOUR
    graph = makes_graph(mode)
    for column, amount in (
        ("completed", int(status.success)),
        ("failed", int(status.failure)),
        ("chunks", state.chunks_processed),
        ("nodes", state.nodes_created if graph else 0),
        ("edges", state.edges_created if graph else 0),
    ):
        if amount:
            _add(cells, ("finished_counts", (hour,), column), times * min(amount, MOST_COUNTED))
    if status.failure:
        _add(cells, ("cause_counts", (job.failed_by, hour), "failed"), times)
    took = outcome.took
    if status.success and took is not None:
        _add(cells, ("duration_counts", (hour, step_of(took)), "jobs"), times)


def roll_up(cells: Counter[Cell]) -> Counter[Cell]:
    """Add the hours, days, months and totals, which the minutes sum up to; without the zeros."""
    whole: Counter[Cell] = Counter()
    for cell, amount in cells.items():
        if not amount:
            continue
        _add(whole, cell, amount)
        table, key, column = cell
        if table == "created_counts":
            for level, span in _COARSER:
                _add(whole, (table, (level, floor(key[1], span)), column), amount)
            _add(whole, ("projects", (), column), amount)
    return Counter({cell: amount for cell, amount in whole.items() if amount})


def _add(cells: Counter[Cell], cell: Cell, amount: int) -> None:
    cells[cell] = cells.get(cell, 0) + amount


def difference(
    before: Iterable[LedgerJob | None], after: Iterable[LedgerJob | None], mode: str
) -> Counter[Cell]:
    """What has to be added to the counts when jobs go from `before` to `after`; None: no job."""
    cells: Counter[Cell] = Counter()
    for job in after:
        if job is not None:
            tally(cells, job, mode)
    for job in before:
        if job is not None:
            tally(cells, job, mode, -1)
    return roll_up(cells)
