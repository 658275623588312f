"""What one job adds to the counts, as a pure function: the same for recording and recounting.

A change of a job is the difference of two tallies, so a count can only drift where a job was
changed without the ledger, and `flask verify` finds that.
"""

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from app.ledger.merge import AttemptState, outcome_of
from app.status import JobStatus
from app.times import DAY, HOUR, MINUTE

LEVELS = (DAY, HOUR, MINUTE)
STEPS_PER_DOUBLING = 4  # each step of the histogram is 19 % longer than the one before
MOST_COUNTED = 2**40  # of one job in a sum: so 8 million absurd jobs an hour still fit in 64 bits
SHORTEST = 1000  # µs; what is shorter counts as step 0

_LEVELS = tuple(enumerate(LEVELS))
_WORDS = tuple(status.word for status in JobStatus)


Cell = tuple[str, tuple[int, ...], str]
"""One number of the counts: its table, the rest of its key, and its column."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """What of a job the counts depend on."""

    created_at: int
    state: AttemptState
    mode: str


def is_empty(state: AttemptState, mode: str) -> bool:
    """Whether the job completed, read chunks and yet made no node, where nodes are expected."""
    return (
        mode == "kg_vector"
        and state.status is JobStatus.COMPLETED
        and state.chunks_processed > 0
        and state.nodes_created == 0
    )


def step_of(duration: int) -> int:
    """The step of the duration histogram for a duration in µs."""
    if duration <= SHORTEST:
        return 0
    return 1 + int(STEPS_PER_DOUBLING * math.log2(duration / SHORTEST))


def duration_of(step: int) -> float:
    """The middle of a step, in seconds: its geometric mean, at most 9 % off."""
    return SHORTEST * 2 ** ((step - 0.5) / STEPS_PER_DOUBLING) / 1e6 if step else SHORTEST / 1e6


def tally(cells: Counter[Cell], job: JobFacts, times: int = 1) -> None:
    """Add every number that this job adds to the counts, `times` over (-1 takes it away)."""
    state = job.state
    columns = [_WORDS[state.status]]
    if is_empty(state, job.mode):
        columns.append("empty")
    created_at = job.created_at
    for column in columns:
        _add(cells, ("projects", (), column), times)
        for level, span in _LEVELS:
            bucket = created_at - created_at % span
            _add(cells, ("created_counts", (level, bucket), column), times)
    if not state.status.terminal:
        return
    outcome = outcome_of(state)
    if outcome.completed_at is None:
        return
    hour = outcome.completed_at - outcome.completed_at % HOUR
    graph = job.mode == "kg_vector"
    for column, amount in (
        (columns[0], 1),
        ("chunks", state.chunks_processed),
        ("nodes", state.nodes_created if graph else 0),
        ("edges", state.edges_created if graph else 0),
    ):
        if amount:
            _add(cells, ("finished_counts", (hour,), column), times * min(amount, MOST_COUNTED))
    measured = outcome.started_at is not None and not outcome.started_filled
    if state.status is JobStatus.COMPLETED and measured and outcome.started_at is not None:
        step = step_of(outcome.completed_at - outcome.started_at)
        _add(cells, ("duration_counts", (hour, step), "jobs"), times)


def _add(cells: Counter[Cell], cell: Cell, amount: int) -> None:
    cells[cell] = cells.get(cell, 0) + amount


def difference(before: Iterable[JobFacts], after: Iterable[JobFacts]) -> Counter[Cell]:
    """What has to be added to the counts when some jobs go from `before` to `after`."""
    cells: Counter[Cell] = Counter()
    for job in after:
        tally(cells, job)
    for job in before:
        tally(cells, job, -1)
    return Counter({cell: amount for cell, amount in cells.items() if amount})
