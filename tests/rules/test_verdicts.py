"""The seven states, in their order, and since when."""

from dataclasses import replace

import pytest

from app.rules import verdicts
from app.rules.times import DAY, HOUR, MINUTE
from app.rules.verdicts import (
    Cause,
    Failures,
    Hour,
    ProjectFacts,
    assess,
    blame,
    by_urgency,
    first_shown,
)

NOW = 1_700_000_000_000_000
FACTS = ProjectFacts("p", "P", "kg_vector", NOW - DAY, 15 * MINUTE)
FAILING = {
    "streak": 3,
    "streak_since": NOW - HOUR,
    "streak_documents": 2,
    "last_failed_at": NOW - MINUTE,
}
STALLED = {"stalled": 1, "stalled_heard_at": NOW - 22 * MINUTE}
LATE = {"expect_every": HOUR, "last_created_at": NOW - 2 * HOUR}
SOME = {"still_failing": True, "last_failed_at": NOW - 3 * HOUR}
ORDER = [
    (FAILING, verdicts.FAILING),
    (STALLED, verdicts.STALLED),
    (LATE, verdicts.LATE),
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
