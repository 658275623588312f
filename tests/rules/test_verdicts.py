"""The states, in their order, and since when."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules import verdicts
from app.rules.times import DAY, HOUR, MINUTE, SECOND
from app.rules.verdicts import (
    Cause,
    Failures,
    Hour,
    ProjectFacts,
    assess,
    beside,
    blame,
    by_urgency,
    first_shown,
    until,
)
from app.rules.verdicts.behind import why
from app.rules.verdicts.calm import drained
from app.rules.verdicts.chance import least_of, least_run
from app.rules.verdicts.facts import Measured, Output
from app.rules.verdicts.pace import Bin, Usual, slow_since, stands_after, usual_pace
from app.rules.verdicts.slow import are_latest, latest

NOW = 1_700_000_000_000_000
FACTS = ProjectFacts("p", "P", "kg_vector", NOW - DAY, 15 * MINUTE, 15 * MINUTE)
FAILING = {
    "streak": 3,
    "streak_since": NOW - HOUR,
    "streak_documents": 2,
    "last_failed_at": NOW - MINUTE,
}
STALLED = {"stalled": 1, "stalled_heard_at": NOW - 22 * MINUTE}
LATE = {"expect_every": HOUR, "last_created_at": NOW - 2 * HOUR}
SOME = {"still_failing": True, "last_failed_at": NOW - 3 * HOUR}
NO_OUTPUT = {"completed": 9, "empty": 5, "output": Output(run=5, run_since=NOW - HOUR)}
STARVED = {"waiting": 3, "waiting_since": NOW - HOUR, "running": 0}
SLOW = {
    "usual": Usual(per_chunk=2.0, per_document=20.0),
    "newest": [Measured(NOW - MINUTE * n, 60 * SECOND, 10) for n in range(10)],
}
BEHIND = {"source_at": NOW - 6 * MINUTE, "source_asked_at": NOW, "at": NOW}
ORDER = [
    (FAILING, verdicts.FAILING),
    (NO_OUTPUT, verdicts.NO_OUTPUT),
    (BEHIND, verdicts.BEHIND),
    (STALLED, verdicts.STALLED),
    (STARVED, verdicts.STARVED),
    (LATE, verdicts.LATE),
    (SLOW, verdicts.SLOW),
    (SOME, verdicts.SOME_FAILURES),
    ({"running": 2}, verdicts.RUNNING),
    ({"total": 5}, verdicts.FINE),
    ({}, verdicts.EMPTY),
]


@pytest.mark.parametrize("place", range(len(ORDER)))
def test_the_first_rule_that_holds_decides(place: int) -> None:
    facts = FACTS
    for changes, _ in reversed(ORDER[place:]):
        facts = replace(facts, **changes)
    assert assess(facts, NOW).state is ORDER[place][1]


def test_no_state_without_trouble_is_worse_than_one_in_trouble() -> None:
    """Else those in trouble were not the first of lines that are worst first."""
    in_trouble = [state.trouble for state in verdicts.STATES]
    assert in_trouble == sorted(in_trouble, reverse=True)


@pytest.mark.parametrize(
    ("completed", "failed", "failing"),
    [(12, 3, True), (13, 3, False), (0, 2, False), (0, 3, True), (100, 25, True)],
)
def test_a_fifth_and_at_least_three_of_the_last_hour(completed, failed, failing) -> None:
    facts = replace(FACTS, hour_completed=completed, hour_failed=failed, hour_documents=2, total=1)
    assert (assess(facts, NOW).state is verdicts.FAILING) is failing


@pytest.mark.parametrize(
    "changes",
    [FAILING | {"streak_documents": 1}, {"hour_failed": 9, "hour_documents": 1, "hour_failing": 1}],
)
def test_one_document_that_is_tried_again_and_again_is_no_failing_project(changes) -> None:
    facts = replace(FACTS, still_failing=True, **changes)
    assert assess(facts, NOW).state is verdicts.SOME_FAILURES
    others = {"streak_documents": 2, "hour_failing": 2}
    assert assess(replace(facts, **others), NOW).state is verdicts.FAILING


def test_two_failures_in_a_row_are_not_yet_failing() -> None:
    facts = replace(FACTS, streak=2, streak_since=NOW - HOUR, still_failing=True)
    assert assess(facts, NOW).state is verdicts.SOME_FAILURES


def test_failing_since_the_first_failure_after_the_last_success() -> None:
    assert assess(replace(FACTS, **FAILING), NOW).since == NOW - HOUR


def test_a_spell_reaches_back_over_all_hours_in_which_a_fifth_failed() -> None:
    start = NOW - NOW % HOUR
    hours = [
        Hour(start - 4 * HOUR, completed=50, failed=1),
        Hour(start - 3 * HOUR, completed=5, failed=5),
        Hour(start - 2 * HOUR),
        Hour(start - HOUR, completed=8, failed=2),
        Hour(start, completed=4, failed=4),
    ]
    facts = replace(FACTS, hour_completed=4, hour_failed=4, hour_documents=2, hours=hours)
    verdict = assess(facts, NOW)
    assert verdict.since == start - 3 * HOUR
    first = start - 3 * HOUR + MINUTE
    assert blame(verdict, Failures(first_at=first)).since == first
    assert blame(verdict, Failures()).since == verdict.since


def test_the_cause_is_what_stopped_most_documents() -> None:
    causes = [Cause("timeout", 1, NOW - 2, 7), Cause("quota", 2, NOW - 1, 8)]
    failures = Failures(3, causes=causes, last_at=NOW - 1, document="d", times=4)
    verdict = blame(assess(replace(FACTS, **FAILING), NOW), failures)
    assert (verdict.count, verdict.cause_count) == (3, 2)
    assert (verdict.cause, verdict.cause_id) == ("quota", 8)
    assert (verdict.causes, verdict.document, verdict.last_at) == (2, None, NOW - 1)


def test_how_many_causes_there_are_is_said_where_all_are_known() -> None:
    causes = [Cause("timeout", 7, NOW, 7), Cause("quota", 2, NOW, 8)]
    verdict = assess(replace(FACTS, **FAILING), NOW)
    assert blame(verdict, Failures(9, causes=causes)).causes == 2
    assert blame(verdict, Failures(10, causes=causes)).causes == 0
    assert blame(verdict, Failures(9, at_least=True, causes=causes)).causes == 0


def test_of_causes_that_stopped_as_many_the_newest_is_named() -> None:
    failures = Failures(2, causes=[Cause("timeout", 1, NOW - 3), Cause("quota", 1, NOW - 5)])
    assert blame(assess(replace(FACTS, **FAILING), NOW), failures).cause == "timeout"


def test_of_one_document_it_is_said_which_and_how_often() -> None:
    failures = Failures(1, causes=[Cause("x", 1, NOW)], document="a/b.pdf", times=3)
    verdict = blame(assess(replace(FACTS, **SOME), NOW), failures)
    assert (verdict.state, verdict.since) == (verdicts.SOME_FAILURES, first_shown(NOW))
    assert (verdict.document, verdict.times) == ("a/b.pdf", 3)


def test_a_project_is_late_from_the_moment_it_was_due() -> None:
    facts = replace(FACTS, total=1, **LATE)
    assert assess(facts, NOW).since == NOW - HOUR
    assert assess(replace(facts, expect_every=3 * HOUR), NOW).state is verdicts.FINE


def test_a_new_project_is_late_by_its_own_age() -> None:
    assert assess(replace(FACTS, expect_every=HOUR), NOW).state is verdicts.LATE
    assert assess(replace(FACTS, expect_every=2 * DAY), NOW).state is verdicts.EMPTY


def test_worst_first_then_the_most_recent_trouble() -> None:
    found = {
        "fine": verdicts.Verdict(verdicts.FINE, last_at=NOW),
        "old": verdicts.Verdict(verdicts.FAILING, last_at=NOW - DAY),
        "new": verdicts.Verdict(verdicts.FAILING, last_at=NOW),
        "late": verdicts.Verdict(verdicts.LATE, since=NOW),
    }
    assert by_urgency(found) == ["new", "old", "late", "fine"]


def test_what_else_is_wrong_stands_beside_the_worst() -> None:
    facts = replace(FACTS, total=9, **FAILING | STALLED | STARVED | SOME)
    verdict = assess(facts, NOW)
    states = [one.state for one in beside(verdict, facts, NOW)]
    assert states == [verdicts.STALLED, verdicts.STARVED]
    moving = replace(facts, running=2)
    states = [one.state for one in beside(verdict, moving, NOW)]
    assert states == [verdicts.STALLED, verdicts.RUNNING]
    assert beside(assess(replace(FACTS, **SOME), NOW), facts, NOW) == ()
    # Of what is behind nothing is heard: that its jobs are silent says nothing of them.
    unheard = replace(FACTS, total=9, **BEHIND | STALLED | STARVED | LATE | SOME)
    states = [one.state for one in beside(assess(unheard, NOW), unheard, NOW)]
    assert states == [verdicts.SOME_FAILURES]


def test_a_project_is_behind_from_a_moment_on_that_its_facts_know() -> None:
    facts = replace(FACTS, total=9, source_at=NOW - MINUTE, at=NOW)
    assert assess(facts, NOW).state is verdicts.FINE
    at = verdicts.until(facts)
    assert at == NOW + 4 * MINUTE + 1
    assert assess(facts, at).state is verdicts.BEHIND
    assert assess(replace(facts, source_at=None), at).state is verdicts.FINE


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"source_error": "It refuses the key (401)"}, "its source: it refuses the key (401)"),
        ({}, "its source is still being read"),
        ({"source_asked_at": NOW - HOUR}, "nothing asks its source: does the mirror run?"),
    ],
)
def test_it_is_said_why_a_project_is_behind(facts, said) -> None:
    assert why(replace(FACTS, **BEHIND | facts)) == said


@pytest.mark.parametrize(
    ("share", "daily", "least"),
    [(0, 1000, 3), (0.02, 700, 3), (0.02, 14_000, 4), (0.2, 700, 7), (0.5, 700, 16), (1, 9, 20)],
)
def test_where_failures_are_usual_it_takes_more_in_a_row(share, daily, least) -> None:
    """Two in a hundred of 700 a day: three in a row come by chance once in six months."""
    assert least_run(share, daily, least=3, most=20) == least
    usual = Usual(failed_share=share, daily=daily)
    for streak in (least - 1, least):
        facts = replace(FACTS, **FAILING | {"streak": streak, "usual": usual})
        assert (assess(facts, NOW).state is verdicts.FAILING) == (streak == least)


@pytest.mark.parametrize(
    ("share", "jobs", "least"),
    [(0, 9, 3), (0.02, 5, 3), (0.02, 9, 4), (0.02, 60, 8), (0.2, 10, 8), (1, 9, 9)],
)
def test_where_failures_are_usual_it_takes_more_in_an_hour(share, jobs, least) -> None:
    assert least_of(share, jobs, least=3) == least
    usual = Usual(failed_share=share, daily=200)
    for failed in (least - 1, least):
        of_hour = {"hour_failed": failed, "hour_completed": jobs - failed, "hour_documents": 2}
        facts = replace(FACTS, total=99, usual=usual, **of_hour)
        many = failed >= 3 and failed >= 0.2 * jobs
        assert (assess(facts, NOW).state is verdicts.FAILING) == (failed == least and many)


def test_no_output_is_a_run_of_five_or_half_of_an_hour() -> None:
    run = Output(run=5, run_since=NOW - HOUR, last_at=NOW)
    facts = replace(FACTS, total=9, completed=99, empty=20, output=run)
    verdict = assess(facts, NOW)
    assert (verdict.state, verdict.since) == (verdicts.NO_OUTPUT, NOW - HOUR)
    assert (verdict.count, verdict.of) == (5, 5)
    for one in (
        replace(run, run=4),  # not yet
        replace(run, usual_share=0.2, daily=700),  # such runs come by chance
        replace(run, run=4, hour_completed=11, hour_empty=5),  # less than half
        replace(run, run=4, hour_completed=8, hour_empty=5, usual_share=0.3),  # usual
    ):
        assert assess(replace(facts, output=one), NOW).state is verdicts.FINE
    half = replace(run, run=2, hour_completed=10, hour_empty=5, spell_since=NOW - 2 * HOUR)
    verdict = assess(replace(facts, output=half), NOW)
    assert (verdict.state, verdict.since) == (verdicts.NO_OUTPUT, NOW - 2 * HOUR)
    assert (verdict.count, verdict.of) == (5, 10)
    never = replace(facts, completed=20)
    assert assess(never, NOW).state is verdicts.FINE  # it never made any


def test_a_job_that_is_heard_of_and_goes_on_no_more_has_stalled() -> None:
    facts = replace(FACTS, total=1, running=1, unmoved=1, unmoved_since=NOW - 6 * HOUR)
    verdict = assess(facts, NOW)
    assert (verdict.state, verdict.since) == (verdicts.STALLED, NOW - 6 * HOUR)
    both = replace(facts, stalled=2, stalled_heard_at=NOW - HOUR)
    assert (assess(both, NOW).count, assess(both, NOW).since) == (3, NOW - 6 * HOUR)


def test_how_long_a_job_may_stand_follows_from_what_its_chunks_take() -> None:
    quarter = 15 * MINUTE
    assert stands_after(Usual(), quarter) == (quarter, None)
    assert stands_after(Usual(per_chunk=20.0, longest=60.0), quarter) == (quarter, quarter)
    slow = Usual(per_chunk=200.0, longest=3600.0)
    assert stands_after(slow, quarter) == (2000 * SECOND, 3 * HOUR)


def test_jobs_starve_where_they_wait_and_nothing_moves() -> None:
    facts = replace(FACTS, total=9, waiting=3, waiting_since=NOW - 3 * HOUR)
    verdict = assess(facts, NOW)
    assert (verdict.state, verdict.since) == (verdicts.STARVED, NOW - 3 * HOUR)
    since = assess(replace(facts, last_ended_at=NOW - HOUR), NOW).since
    assert since == NOW - HOUR
    stuck = replace(facts, running=2, stalled=2, stalled_heard_at=NOW - HOUR)
    assert next(one.state for one in beside(assess(stuck, NOW), stuck, NOW)) is verdicts.STARVED
    for calm in (
        {"running": 1},
        {"last_ended_at": NOW - 14 * MINUTE},
        {"waiting_since": NOW - 14 * MINUTE},
        {"waiting_since": None},
        {"usually_waits": True},
        {"wait_after": 4 * HOUR},
    ):
        assert assess(replace(facts, **calm), NOW).state is verdicts.RUNNING, calm


def jobs(took: int, chunks: int, amount: int = 10) -> list[Measured]:
    return [Measured(NOW - MINUTE * n, took * SECOND, chunks) for n in range(amount)]


@pytest.mark.parametrize(
    ("newest", "said"),
    [
        (jobs(60, 10), (60.0, 20.0, "document")),
        (jobs(40, 5), (8.0, 2.0, "chunk")),  # smaller documents, and each chunk is slow
        (jobs(60, 30), None),  # larger ones
        (jobs(10, 1), None),  # tiny ones: a chunk takes longer, a document does not
        (jobs(60, 10, 9), None),
        (jobs(59, 10), None),
        (jobs(90, 0), (90.0, 20.0, "document")),
    ],
)
def test_slow_is_three_times_as_long_a_chunk_as_usual(newest, said) -> None:
    usual = Usual(per_chunk=2.0, per_document=20.0)
    verdict = assess(replace(FACTS, total=9, usual=usual, newest=newest), NOW)
    told = (verdict.pace, verdict.usual, verdict.unit)
    assert told == (said or (None, None, ""))
    assert (verdict.state is verdicts.SLOW) == (said is not None)


def test_slow_begins_with_the_hours_that_were_slow() -> None:
    facts = replace(FACTS, total=9, **SLOW)
    assert assess(facts, NOW).since == NOW - 9 * MINUTE - 60 * SECOND
    assert assess(replace(facts, slow_since=NOW - 3 * HOUR), NOW).since == NOW - 3 * HOUR
    hours = [bin_of(n, per_chunk) for n, per_chunk in enumerate((9, 2, 6, 7, 0, 8))]
    assert slow_since(hours, Usual(per_chunk=2.0)) == 2 * HOUR
    assert slow_since(hours[:2], Usual(per_chunk=2.0)) is None


def bin_of(hour: int, per_chunk: float, failed: int = 0) -> Bin:
    """Thirty documents of ten chunks in an hour, or none."""
    jobs = 30 if per_chunk else 0
    return Bin(hour * HOUR, jobs, failed, 10 * jobs, [(10.0 * per_chunk, jobs)] if jobs else [])


def test_three_bad_days_of_seven_do_not_change_what_is_usual() -> None:
    days = [bin_of(24 * n, 9 if n % 2 else 2, 10 if n % 2 else 1) for n in range(7)]
    usual = usual_pace([], days)
    assert (usual.per_chunk, usual.per_document, usual.longest) == (2.0, 20.0, 90.0)
    assert usual.failed_share == pytest.approx(1 / 31)
    assert usual.daily == pytest.approx((4 * 31 + 3 * 40) / 7)
    young = usual_pace([bin_of(0, 2), bin_of(1, 2), bin_of(2, 9)], [])
    assert young.per_chunk == 2.0


def test_what_waits_is_drained_as_fast_as_jobs_end_now() -> None:
    facts = replace(FACTS, running=2, waiting=118, hour_completed=60, hour_since=NOW - HOUR)
    until = drained(facts, NOW)
    assert until is not None
    assert 0 <= until - (NOW + 2 * HOUR) <= MINUTE
    quick = replace(facts, hour_since=NOW - 10 * MINUTE)
    assert (drained(quick, NOW) or 0) - NOW <= 21 * MINUTE
    for unknown in ({"running": 0}, {"waiting": 0}, {"hour_completed": 4}, {"hour_since": None}):
        assert drained(replace(facts, **unknown), NOW) is None


def test_until_when_a_verdict_is_true_if_nothing_is_reported() -> None:
    at = replace(FACTS, at=NOW)
    assert until(at) is None
    moments = {
        "silent_at": NOW + 5,
        "stands_at": NOW + 7,
        "waiting_since": NOW + 9 - 15 * MINUTE,
        "expect_every": 2 * HOUR,
        "last_created_at": NOW + 11 - 2 * HOUR,
    }
    facts = replace(at, **moments)
    assert until(facts) == NOW + 5
    assert until(replace(facts, silent_at=None)) == NOW + 7
    assert until(replace(facts, silent_at=NOW, stands_at=None)) == NOW + 9
    ended = replace(facts, silent_at=None, stands_at=None, last_ended_at=NOW + 10 - 15 * MINUTE)
    assert until(ended) == NOW + 10
    assert until(replace(ended, waiting_since=None)) == NOW + 11
    assert until(replace(at, silent_at=NOW - 1)) is None


def test_of_jobs_that_began_at_once_the_same_ones_are_the_latest() -> None:
    jobs = [Measured(NOW - HOUR + took, took, 10) for took in range(SECOND, 21 * SECOND, SECOND)]
    expected = latest(jobs, Usual(), NOW)
    assert [one.took for one in expected] == [took * SECOND for took in range(20, 10, -1)]
    assert latest(jobs[::-1], Usual(), NOW) == expected


TIMES = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=60)


@given(TIMES, st.integers(1, 60))
def test_the_latest_of_those_read_are_so_of_all(times: list[tuple[int, int]], read: int) -> None:
    """Read are those that ended last, and what ended with the first of them."""
    jobs = [Measured(NOW - ended * SECOND, took * SECOND, 1) for ended, took in sorted(times)]
    last = [one for one in jobs if one.ended_at >= jobs[:read][-1].ended_at]
    newest = latest(last, Usual(), NOW)
    if are_latest(newest, last):
        assert newest == latest(jobs, Usual(), NOW)


def test_more_are_read_only_where_one_before_those_may_have_begun_later() -> None:
    read = [Measured(NOW - n * MINUTE, 4 * MINUTE, 1) for n in range(20)]
    newest = latest(read, Usual(), NOW)
    assert are_latest(newest, read)
    assert not are_latest(newest, read[:12])  # the tenth began before the last of these ended
    assert not are_latest(newest[:9], read)
    assert not are_latest(newest, []), "they run, and what ended is not known"
