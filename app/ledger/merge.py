"""What reports mean: pure rules by which the order of reports cannot matter (docs/contract.md, 2).

The state of an attempt is evidence, and of ends whose times were given `join` is the least upper
bound: commutative, associative and idempotent. So any order, grouping and repetition of reports
that carry their times ends in the same state. Where an end was told without its time, the receipt
stands in for it, so the later word stands; see `Draft.apply` for what was said before. What a
reader sees is a function of the state (`outcome_of`).
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, NamedTuple, TypeVar

from app.ledger.report import Report
from app.rules.durations import Basis, duration_of
from app.rules.skew import TOLERANCE, greatest, skew_of
from app.rules.status import JobStatus

Value = TypeVar("Value", int, str)


class AttemptState(NamedTuple):
    """All that is known of one attempt; times in µs. A tuple, as a row of the table is one.

    A `filled` time is the receipt of a report that should have carried the time. The `noted`
    values came with reports that did not end the job: they speak where the outcome is silent.
    `end_heard_at` is the receipt of the end that stands (of the noted one while none was given),
    where that end lies after it. `skew_seconds` is how far the sender's clock was off at most.
    """

    attempt: int
    status: JobStatus
    chunks_processed: int
    chunks_total: int | None
    nodes_created: int
    edges_created: int
    skew_seconds: int | None
    end_heard_at: int | None
    started_at: int | None
    started_filled: bool
    completed_at: int | None
    completed_filled: bool
    error_message: str | None
    noted_completed_at: int | None
    noted_error: str | None


class Outcome(NamedTuple):
    """What a reader sees of an attempt's course, with the contract's output rules applied.

    What it is judged by beside that, of the whole state alone, is in the last two.
    """

    started_at: int | None
    completed_at: int | None
    error_message: str | None
    started_by: Basis
    completed_by: Basis
    end_heard_at: int | None = None
    skew_seconds: int | None = None

    @property
    def ended_at(self) -> int | None:
        """When it ended, as everything judges and counts it: never after that was heard."""
        return self.completed_at if self.end_heard_at is None else self.end_heard_at

    @property
    def took(self) -> int | None:
        """How long it took (µs), where that was measured."""
        return duration_of(
            self.started_at,
            self.started_by,
            self.completed_at,
            self.completed_by,
            self.skew_seconds,
        )


class Merge(StrEnum):
    """What a report did to a known job: the value of `X-Job-Merge`."""

    APPLIED = "applied"
    STALE = "stale"
    CONFLICT = "conflict"


def evidence(
    report: Report, received_at: int, skew: int | None = None, attempt: int | None = None
) -> AttemptState:
    """What one report alone says; a time that it should have carried is its receipt (µs).

    `skew` is how many seconds its sender's clock says that it is off. A time that lies after the
    receipt proves it too. `attempt` is the one that a report speaks for which names none.
    """
    status = JobStatus.PENDING if report.status is None else report.status
    ends = status.terminal
    fills_start = status is JobStatus.RUNNING and report.started_at is None
    end = report.completed_at
    latest = max(report.created_at or 0, report.started_at or 0, end or 0)
    if latest - received_at > TOLERANCE:
        skew = greatest((skew, skew_of(latest - received_at)))
    # By place: a name for each of 15 values takes as long as everything else here.
    return AttemptState(
        report.attempt or attempt or 1,
        status,
        report.chunks_processed,
        report.chunks_total,
        report.nodes_created,
        report.edges_created,
        skew,
        received_at if end is not None and end > received_at else None,
        received_at if fills_start else report.started_at,
        fills_start,
        (end or received_at) if ends else None,
        ends and end is None,
        (report.error_message or None) if status.failure else None,
        None if ends else end,
        None if ends else report.error_message or None,
    )


def says(state: AttemptState, report: Report) -> bool:
    """Whether a reader sees all of this report in a state: what it does not say may be anything."""
    seen = outcome_of(state)
    pairs = (
        (state.status, report.status),
        (state.chunks_processed, report.chunks_processed),
        (state.nodes_created, report.nodes_created),
        (state.edges_created, report.edges_created),
        (seen.started_at, report.started_at),
        (seen.completed_at, report.completed_at),
        (seen.error_message, report.error_message),
    )
    return all(said is None or shown == said for shown, said in pairs)


def join(one: AttemptState, other: AttemptState) -> AttemptState:
    """The two together. A higher attempt replaces a lower one whole."""
    if one.attempt != other.attempt:
        return max(one, other, key=lambda state: state.attempt)
    ending = _greater_outcome(one, other)
    started_at, started_filled = _earlier_start(one, other)
    return ending._replace(
        chunks_processed=max(one.chunks_processed, other.chunks_processed),
        chunks_total=_greatest(one.chunks_total, other.chunks_total),
        nodes_created=max(one.nodes_created, other.nodes_created),
        edges_created=max(one.edges_created, other.edges_created),
        skew_seconds=greatest((one.skew_seconds, other.skew_seconds)),
        end_heard_at=_end_heard_at(ending, one, other),
        started_at=started_at,
        started_filled=started_filled,
        noted_completed_at=_greatest(one.noted_completed_at, other.noted_completed_at),
        noted_error=_greatest(one.noted_error, other.noted_error),
    )


def _greater_outcome(one: AttemptState, other: AttemptState) -> AttemptState:
    """The state whose status, end and error stand: the terminal one, and of two the later.

    An end whose time was not given is as late as its receipt; where both say the same, a given time
    is better. Then failed over completed, then the greater message. Of two that differ only in when
    they were received, the earlier receipt stands.
    """
    same = _say_the_same(one, other)

    def rank(state: AttemptState) -> tuple[bool, int, int, str, int]:
        end, receipt = state.completed_at or 0, state.completed_at or 0
        if not _is_given(state):
            end = -1 if same else end
        elif state.end_heard_at is not None:
            receipt = state.end_heard_at
        return state.status.terminal, end, state.status.rank, state.error_message or "", -receipt

    return max(one, other, key=rank)


def _say_the_same(one: AttemptState, other: AttemptState) -> bool:
    """Whether the words of two ends do not differ, or one of them only says less."""
    messages = {one.error_message, other.error_message} - {None}
    return one.status is other.status and len(messages) < 2


def _is_given(state: AttemptState) -> bool:
    """Whether the attempt ended, at a time that was given with its end."""
    return state.completed_at is not None and not state.completed_filled


def _end_heard_at(ending: AttemptState, one: AttemptState, other: AttemptState) -> int | None:
    """That of the end that stands, `ending`'s; while none was given, of the later noted one.

    What was noted twice was heard when that was first.
    """
    if one.end_heard_at is None and other.end_heard_at is None:
        return None
    if _is_given(ending):
        return ending.end_heard_at
    ends = [
        (end, end if state.end_heard_at is None else state.end_heard_at)
        for state in (one, other)
        if (end := state.noted_completed_at) is not None
    ]
    end, heard_at = max(ends, key=lambda known: (known[0], -known[1]), default=(0, 0))
    return heard_at if heard_at < end else None


def _earlier_start(one: AttemptState, other: AttemptState) -> tuple[int | None, bool]:
    starts = [
        (state.started_filled, state.started_at)
        for state in (one, other)
        if state.started_at is not None
    ]
    if not starts:
        return None, False
    filled, started_at = min(starts)
    return started_at, filled


def _greatest(one: Value | None, other: Value | None) -> Value | None:
    return max((value for value in (one, other) if value is not None), default=None)


def without_end(state: AttemptState) -> AttemptState:
    """What a report says beside how it ended: its counts still count."""
    return state._replace(
        status=JobStatus.PENDING, completed_at=None, completed_filled=False, error_message=None
    )


def compare(known: AttemptState, report: AttemptState) -> Merge:
    """What a report does to a known attempt, for the one who sent it."""
    if report.attempt < known.attempt:
        return Merge.STALE
    both_ended = known.status.terminal and report.status.terminal
    if report.attempt == known.attempt and both_ended and not _say_the_same(known, report):
        return Merge.CONFLICT
    return Merge.STALE if join(known, report) == known else Merge.APPLIED


def outcome_of(state: AttemptState) -> Outcome:
    """What a reader sees of a state, and what it is judged by: see `outcome`."""
    seen = outcome(state.status, state[OUTCOME_FROM:])
    heard_at = state.end_heard_at if state.status.terminal else None
    return seen._replace(end_heard_at=heard_at, skew_seconds=state.skew_seconds)


OUTCOME_FROM = AttemptState._fields.index("started_at")
OUTCOME_FIELDS = AttemptState._fields[OUTCOME_FROM:]
"""The fields of a state, its last ones, that with its status decide its outcome."""


def outcome(status: JobStatus, evidence: Sequence[Any]) -> Outcome:
    """The output rules: no start while pending, no end before the end, no error unless failed.

    `evidence` are the values of `OUTCOME_FIELDS`. A job that ended and whose start nobody reported
    started, as far as we know, no later than it ended: then its end stands in.
    """
    if not status.begun:
        return Outcome(None, None, None, Basis.GIVEN, Basis.GIVEN)
    started_at, started_filled, completed_at, completed_filled, error, noted_at, noted = evidence
    started_by = Basis.RECEIPT if started_filled else Basis.GIVEN
    if not status.terminal:
        return Outcome(started_at, None, None, started_by, Basis.GIVEN)
    if completed_filled and noted_at is not None:
        completed_at, completed_filled = noted_at, False
    if started_at is None or (started_filled and started_at > completed_at):
        started_at, started_by = completed_at, Basis.END
    completed_by = Basis.RECEIPT if completed_filled else Basis.GIVEN
    reason = error or noted if status.failure else None
    return Outcome(started_at, completed_at, reason, started_by, completed_by)


def created_at_of(report: Report, received_at: int) -> int:
    """When a job was created, as its first report to arrive fixes it; never after its receipt."""
    given = report.created_at or report.started_at or received_at
    return min(given, received_at)
