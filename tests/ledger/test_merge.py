"""The promise of the ledger: the order, grouping and repetition of reports cannot matter."""

from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ledger.draft import Draft
from app.ledger.merge import AttemptState, Merge, compare, evidence, join, outcome_of
from app.ledger.report import Report
from app.rules.durations import Basis
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND

T0 = 1_700_000_000_000_000
AHEAD = T0 + 10 * MINUTE  # of every receipt, by more than a clock may be
times = st.integers(T0, T0 + 6) | st.integers(AHEAD, AHEAD + 2)
counts = st.integers(0, 3)
messages = st.sampled_from([None, "", "a", "b", "LLM API timeout after 3 retries"])
# One document, whose id may be sent in several forms: ồ as one letter, as two, and as three.
forms = st.sampled_from(["\u1ed3", "\u1ed3", "\u00f4\u0300", "o\u0302\u0300"])


@st.composite
def reports(
    draw: st.DrawFn, attempts: tuple[int | None, ...] = (1, 1, 2, 3), since: int = 0
) -> Report:
    """A report that names its job and carries its times, or notes some without a status.

    Of attempts that began so many µs later.
    """
    status = draw(st.sampled_from([None, *JobStatus]))
    ends = status is not None and status.terminal
    carries_start = status is JobStatus.RUNNING
    moments = times.map(lambda at: at + since)
    return Report(
        job_id="j",
        source_doc_id=draw(forms),
        status=status,
        chunks_processed=draw(counts),
        chunks_total=draw(st.none() | counts),
        nodes_created=draw(counts),
        edges_created=draw(counts),
        started_at=draw(moments if carries_start else st.none() | moments),
        completed_at=draw(moments if ends else st.none() | moments),
        error_message=draw(messages),
        attempt=draw(st.sampled_from(attempts)),
    )


def several(of: st.SearchStrategy[Report]) -> st.SearchStrategy[list[Report]]:
    return st.lists(of, min_size=1, max_size=6)


first_attempt = reports((None,)).filter(lambda one: one.started_at or one.completed_at)
histories = (
    several(reports())
    | several(reports((None,)))
    # The first attempt names no number, the second does and tells when it began.
    | several(first_attempt | reports((2,), 20 * MINUTE).filter(lambda one: one.started_at))
)


def seen(history: list[tuple[Report, int]]) -> tuple[object, ...]:
    """What a reader sees after these reports, each with its receipt."""
    draft = Draft()
    for report, receipt in history:
        draft.apply(report, receipt, None)
    assert draft.job is not None
    state = draft.job.state
    outcome = outcome_of(state)
    return (
        draft.job.sent_doc_id or draft.job.source_doc_id,
        state.attempt,
        state.status,
        state.chunks_processed,
        state.chunks_total,
        state.nodes_created,
        state.edges_created,
        outcome.started_at,
        outcome.completed_at,
        outcome.error_message,
    )


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(st.data(), histories)
def test_any_order_and_repetition_gives_the_same_ten_fields(
    data: st.DataObject, sent: list[Report]
) -> None:
    again = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent)))))
    first = [(report, T0 + 10 + number) for number, report in enumerate(sent)]
    other = [(report, T0 + 500 - 7 * number) for number, report in enumerate(again)]
    assert seen(first) == seen(other)


receipts = st.integers(T0, T0 + 14)  # some before the times that were given
skews = st.none() | st.sampled_from([-900, 600, 900])
states = st.builds(evidence, reports(), receipts, skews)


@pytest.mark.slow
@settings(max_examples=700, deadline=None)
@given(states, states, states)
def test_join_is_commutative_associative_and_idempotent(one, two, three) -> None:
    assert join(one, two) == join(two, one)
    assert join(one, join(two, three)) == join(join(one, two), three)
    assert join(one, one) == one
    assert join(join(one, two), two) == join(one, two)


History = list[tuple[Report, int, int | None]]
"""Reports, each with its receipt and what its sender's clock says that it is off."""


def kept(history: History) -> AttemptState:
    draft = Draft()
    for report, receipt, skew in history:
        draft.apply(report, receipt, skew)
    assert draft.job is not None
    return draft.job.state


def error_of(report: Report) -> str:
    return (report.error_message or "") if report.status is JobStatus.FAILED else ""


def judged_plainly(history: History) -> int | None:
    """When the end that stands was, in other words: as given, and not after it was first heard."""
    newest = max(report.attempt or 1 for report, *_ in history)
    ends = [
        (report.completed_at or 0, status.rank, error_of(report), -receipt)
        for report, receipt, _ in history
        if (status := report.status) and status.terminal and (report.attempt or 1) == newest
    ]
    if not ends:
        return None
    given, *_, receipt = max(ends)
    return min(given, -receipt)


@pytest.mark.slow
@settings(max_examples=700, deadline=None)
@given(st.data(), st.lists(st.tuples(reports(), receipts, skews), min_size=1, max_size=6))
def test_the_same_receipts_are_judged_alike_in_whatever_order_they_are_merged(
    data: st.DataObject, sent: History
) -> None:
    again = data.draw(st.permutations(sent + data.draw(st.lists(st.sampled_from(sent)))))
    assert kept(again) == kept(sent)
    assert outcome_of(kept(sent)).ended_at == judged_plainly(sent)


def report(**fields: object) -> Report:
    return Report(job_id="j", source_doc_id="d", **fields)


def state(**fields: object):
    return evidence(report(**fields), T0 + 100)


RUNNING = {"status": JobStatus.RUNNING, "started_at": T0}
COMPLETED = {"status": JobStatus.COMPLETED, "started_at": T0, "completed_at": T0 + 10}
FAILED = {
    "status": JobStatus.FAILED,
    "started_at": T0,
    "completed_at": T0 + 10,
    "error_message": "x",
}


def test_a_late_start_never_reopens_a_finished_job() -> None:
    merged = join(state(**COMPLETED), state(**RUNNING))
    assert merged.status is JobStatus.COMPLETED


def test_the_counts_of_a_late_report_still_count() -> None:
    late = state(**RUNNING, chunks_processed=9)
    merged = join(state(**COMPLETED, chunks_processed=3), late)
    assert (merged.status, merged.chunks_processed) == (JobStatus.COMPLETED, 9)


def test_at_the_same_moment_failed_wins_over_completed() -> None:
    merged = join(state(**COMPLETED), state(**FAILED))
    assert merged.status is JobStatus.FAILED


def test_the_later_outcome_wins_whole() -> None:
    later = {**COMPLETED, "completed_at": T0 + 11}
    merged = join(state(**FAILED), state(**later))
    assert outcome_of(merged).error_message is None
    assert merged.completed_at == T0 + 11


def test_an_end_without_its_time_is_as_late_as_its_receipt() -> None:
    timeless = state(status=JobStatus.FAILED, error_message="z")
    assert timeless.completed_at == T0 + 100
    merged = join(timeless, state(**COMPLETED))
    assert (merged.status, merged.completed_at) == (JobStatus.FAILED, T0 + 100)
    later = state(**COMPLETED | {"completed_at": T0 + 101})
    assert join(timeless, later) == join(later, timeless)
    assert join(timeless, later).status is JobStatus.COMPLETED


def test_of_the_same_word_a_given_time_is_better_and_else_the_first_receipt() -> None:
    timeless = {"status": JobStatus.FAILED, "error_message": "x"}
    first, again = (evidence(report(**timeless), T0 + at) for at in (30, 40))
    assert join(first, again).completed_at == join(again, first).completed_at == T0 + 30
    merged = join(first, state(**FAILED))
    assert (merged.completed_at, merged.completed_filled) == (T0 + 10, False)
    assert join(state(**FAILED), again) == merged


Word = tuple[JobStatus, str | None]
words = st.sampled_from(
    [(JobStatus.COMPLETED, None), (JobStatus.FAILED, "a"), (JobStatus.FAILED, "b")]
)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None)
@given(st.data(), st.lists(words, min_size=1, max_size=5))
def test_in_the_order_in_which_it_was_sent_the_last_new_word_stands(
    data: st.DataObject, sent: list[Word]
) -> None:
    """Of reports without times and attempts, some of them repeated whenever it pleases."""
    history = [sent[0]]
    for word in sent[1:]:
        history += [*data.draw(st.lists(st.sampled_from(history), max_size=2)), word]
    history += data.draw(st.lists(st.sampled_from(history), max_size=3))
    first = {word: T0 + 2 * place for place, word in reversed(list(enumerate(history)))}
    status, error = max(first, key=lambda word: first[word])
    draft, claims = Draft(), frozenset()
    draft.apply(report(status=JobStatus.RUNNING), T0 - 10, None)
    for place, (said, why) in enumerate(history):
        before = draft.job
        result = draft.apply(report(status=said, error_message=why), T0 + 2 * place, None)
        assert result.idle == (first[said, why] < T0 + 2 * place)
        assert (draft.job == before) == result.idle
        claims |= {one.claim for one in draft.events}
        draft = Draft(draft.job, draft.attempts, claims)
    assert draft.job is not None
    outcome = outcome_of(draft.job.state)
    assert (draft.job.state.status, outcome.error_message) == (status, error)
    assert outcome.completed_at == first[status, error]


def test_the_counts_of_a_word_that_was_said_before_still_count() -> None:
    draft = Draft()
    for status, chunks in ((JobStatus.FAILED, 1), (JobStatus.COMPLETED, 2), (JobStatus.FAILED, 3)):
        result = draft.apply(report(status=status, chunks_processed=chunks), T0 + chunks, None)
    assert (result.merge, result.idle) == (Merge.APPLIED, False)
    assert draft.job is not None
    assert draft.job.state.status is JobStatus.COMPLETED
    assert (draft.job.state.chunks_processed, draft.job.state.completed_at) == (3, T0 + 2)


def test_a_report_that_names_no_attempt_speaks_for_the_latest() -> None:
    draft = Draft()
    draft.apply(report(**FAILED), T0 + 20, None)
    draft.apply(report(status=JobStatus.RUNNING, attempt=2), T0 + 30, None)
    draft.apply(report(chunks_processed=7), T0 + 40, None)
    result = draft.apply(report(status=JobStatus.COMPLETED), T0 + 50, None)
    assert result.merge is Merge.APPLIED
    assert draft.job is not None
    ended = draft.job.state
    assert (ended.attempt, ended.status, ended.chunks_processed) == (2, JobStatus.COMPLETED, 7)


def test_but_not_where_its_own_times_lie_before_that_began() -> None:
    draft = Draft()
    draft.apply(report(**RUNNING), T0 + 1, None)
    draft.apply(report(status=JobStatus.RUNNING, started_at=T0 + 40, attempt=2), T0 + 41, None)
    late = draft.apply(report(**FAILED), T0 + 50, None)
    assert late.merge is Merge.STALE
    assert draft.attempts[1].status is JobStatus.FAILED
    draft.apply(report(status=JobStatus.FAILED, completed_at=T0 + 60), T0 + 61, None)
    assert draft.job is not None
    assert (draft.job.state.attempt, draft.job.state.status) == (2, JobStatus.FAILED)


def test_that_a_job_runs_which_had_ended_is_told_once_where_it_may_be_a_new_run() -> None:
    draft = Draft()
    draft.apply(report(**COMPLETED), T0 + 20, None)
    late = draft.apply(report(**RUNNING), T0 + 21, None)
    assert (late.idle, draft.events) == (True, [])
    for moment in (30, 40):
        again = draft.apply(report(status=JobStatus.RUNNING), T0 + moment, None)
        assert again.idle
    assert [event.kind for event in draft.events] == ["reported", "ignored"]


def test_a_given_time_replaces_a_filled_one_and_the_first_fill_stays() -> None:
    first = evidence(report(status=JobStatus.RUNNING), T0 + 50)
    again = evidence(report(status=JobStatus.RUNNING), T0 + 60)
    assert join(first, again).started_at == T0 + 50
    given_later = evidence(report(status=JobStatus.RUNNING, started_at=T0 + 70), T0 + 80)
    merged = join(join(first, again), given_later)
    assert (merged.started_at, merged.started_filled) == (T0 + 70, False)


def test_a_higher_attempt_replaces_the_lower_whole() -> None:
    merged = join(state(**FAILED, chunks_processed=9), state(attempt=2, status=JobStatus.PENDING))
    assert (merged.status, merged.chunks_processed) == (JobStatus.PENDING, 0)


def test_output_rules_hide_what_a_status_does_not_have() -> None:
    pending = outcome_of(state(status=JobStatus.PENDING, started_at=T0))
    assert pending.started_at is None
    running = outcome_of(state(**RUNNING, completed_at=T0, error_message="x"))
    assert (running.completed_at, running.error_message) == (None, None)
    completed = outcome_of(state(**COMPLETED, error_message="x"))
    assert completed.error_message is None


def test_what_came_apart_from_the_outcome_completes_it() -> None:
    noted = state(completed_at=T0 + 5, error_message="boom")
    merged = join(state(status=JobStatus.FAILED, started_at=T0), noted)
    outcome = outcome_of(merged)
    assert (outcome.completed_at, outcome.error_message) == (T0 + 5, "boom")
    assert outcome.completed_by is Basis.GIVEN


def test_an_end_whose_start_nobody_told_measures_no_duration() -> None:
    outcome = outcome_of(state(status=JobStatus.COMPLETED, completed_at=T0 + 9))
    assert (outcome.started_at, outcome.started_by, outcome.took) == (T0 + 9, Basis.END, None)


@pytest.mark.parametrize(
    ("ended", "started_at", "started_by"), [(T0 + 60, T0 + 50, Basis.RECEIPT), (T0, T0, Basis.END)]
)
def test_a_receipt_stands_in_for_a_start_but_never_after_the_end(
    ended: int, started_at: int, started_by: Basis
) -> None:
    started = evidence(report(status=JobStatus.RUNNING), T0 + 50)
    told = evidence(report(status=JobStatus.COMPLETED, completed_at=ended), T0 + 70)
    outcome = outcome_of(join(started, told))
    assert (outcome.started_at, outcome.started_by, outcome.took) == (started_at, started_by, None)


def test_the_sender_learns_what_a_report_did() -> None:
    known = state(**COMPLETED)
    assert compare(known, known) is Merge.STALE
    assert compare(known, state(**RUNNING)) is Merge.STALE
    assert compare(known, state(chunks_processed=4)) is Merge.APPLIED
    assert compare(known, state(**FAILED)) is Merge.CONFLICT
    loser = state(**FAILED)._replace(completed_at=T0 + 1)
    assert compare(known, loser) is Merge.CONFLICT
    assert compare(state(**FAILED, attempt=2), state(**COMPLETED)) is Merge.STALE
    assert compare(known, state(**RUNNING, attempt=2)) is Merge.APPLIED


def test_the_same_failure_without_its_message_is_no_conflict() -> None:
    assert compare(state(**FAILED), state(status=JobStatus.FAILED)) is Merge.STALE


def test_a_report_of_an_earlier_attempt_completes_its_record_and_nothing_else() -> None:
    draft = Draft()
    draft.apply(report(**RUNNING), T0 + 1, None)
    draft.apply(report(status=JobStatus.RUNNING, started_at=T0 + 5, attempt=2), T0 + 5, None)
    result = draft.apply(report(**FAILED, attempt=1), T0 + 6, None)
    assert result.merge is Merge.STALE
    assert draft.job is not None
    assert draft.job.state.status is JobStatus.RUNNING
    assert draft.attempts[1].status is JobStatus.FAILED


def test_a_conflict_that_repeats_itself_is_told_once() -> None:
    draft = Draft()
    for fields in (COMPLETED, FAILED, FAILED, COMPLETED):
        draft.apply(report(**fields), T0 + 20, None)
    assert [event.kind for event in draft.events] == ["reported", "conflict"]


def test_a_sign_of_life_is_written_every_ten_seconds_and_shows_nowhere() -> None:
    draft = Draft()
    draft.apply(report(**RUNNING), T0, None)
    known = draft.job
    quick = Draft(known)
    quick.apply(report(), T0 + 9_999_999, None)
    assert not quick.changed
    slow = Draft(known)
    slow.apply(report(), T0 + 10_000_000, None)
    assert slow.changed
    assert not slow.visible(silent_after=10_000_001)


def test_a_sign_of_life_that_ends_a_silence_shows() -> None:
    draft = Draft()
    draft.apply(report(**RUNNING), T0, None)
    stalled = Draft(draft.job)
    stalled.apply(report(), T0 + 10_000_000, None)
    assert stalled.visible(silent_after=10_000_000)
    draft.apply(report(status=JobStatus.COMPLETED, completed_at=T0), T0, None)
    ended = Draft(draft.job)
    ended.apply(report(), T0 + 10_000_000, None)
    assert not ended.visible(silent_after=10_000_000)


def test_an_earlier_attempts_voice_is_no_sign_of_life() -> None:
    draft = Draft()
    draft.apply(report(**RUNNING, attempt=2), T0, None)
    draft.apply(report(attempt=1), T0 + 60_000_000, None)
    assert draft.job is not None
    assert draft.job.heard_at == T0


def test_a_job_heard_of_in_the_future_is_heard_of_now() -> None:
    """The clock of the board was ahead, and is set back: else no silence would show until then."""
    draft = Draft()
    draft.apply(report(**RUNNING), T0 + DAY, None)
    for late, expected in ((-DAY, T0), (-1, T0 + DAY), (20 * SECOND, T0 + DAY + 20 * SECOND)):
        other = Draft(draft.job)
        other.apply(report(), T0 + DAY + late, None)
        assert other.job is not None
        assert other.job.heard_at == expected


@pytest.mark.parametrize(
    ("noted", "first", "then", "expected"),
    [
        (T0 + 50, T0 + 10, T0 + 90, T0 + 10),  # ahead when it was noted
        (T0 + 50, T0 + 60, T0 + 90, T0 + 50),
        (T0 + 50, T0 + 60, T0 + 40, T0 + 50),  # the end came first, and without its time
    ],
)
def test_an_end_that_was_noted_is_judged_by_its_own_receipt(
    noted: int, first: int, then: int, expected: int
) -> None:
    told = [(report(completed_at=noted), first), (report(completed_at=noted), first + 5)]
    told.append((report(status=JobStatus.COMPLETED), then))
    for history in permutations(evidence(each, receipt) for each, receipt in told):
        seen = outcome_of(reduce(join, history))
        assert (seen.completed_at, seen.ended_at) == (noted, expected)


@pytest.mark.parametrize(
    ("field", "off", "sent", "expected"),
    [
        ("created_at", 2 * MINUTE, None, None),
        ("created_at", 3 * MINUTE, None, 180),
        ("started_at", 8 * HOUR, None, 28_800),
        ("completed_at", 8 * HOUR, 180, 28_800),
        ("completed_at", 3 * MINUTE, -28_800, -28_800),
        ("completed_at", -8 * HOUR, None, None),  # a late report looks the same
        ("started_at", 0, -28_800, -28_800),
    ],
)
def test_a_skew_is_found_from_the_times_themselves(
    field: str, off: int, sent: int | None, expected: int | None
) -> None:
    told = report(**{field: T0 + off})
    result = Draft().apply(told, T0, sent)
    assert result.job is not None
    assert (result.skew, result.job.state.skew_seconds) == (expected, expected)


@pytest.mark.parametrize(
    ("start", "end", "skew", "took"),
    [
        (T0, T0 + 9, None, 9),
        (T0, T0 + 9, 28_800, 9),  # both of one clock, however wrong
        (T0 + 1, T0, None, 0),
        (T0 + 3 * MINUTE, T0, None, None),  # of two clocks
        (T0, None, None, 100),
        (T0, None, 28_800, None),
        (T0, None, -28_800, None),
        (None, T0, None, None),
    ],
)
def test_a_duration_between_two_clocks_that_differ_is_none(
    start: int | None, end: int | None, skew: int | None, took: int | None
) -> None:
    told = report(status=JobStatus.COMPLETED, started_at=start, completed_at=end)
    assert outcome_of(evidence(told, T0 + 100, skew)).took == took


def test_a_new_attempt_begins_when_it_is_heard_of() -> None:
    draft = Draft()
    draft.apply(report(status=JobStatus.FAILED), T0, None)
    result = draft.apply(report(status=JobStatus.RUNNING, attempt=2), T0 + 9, None)
    assert not result.idle
    assert draft.job is not None
    assert (draft.job.state.started_at, draft.job.state.started_filled) == (T0 + 9, True)
