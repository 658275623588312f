"""How a document stands: the short way and the long way always agree."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.ledger.job import LedgerJob
from app.ledger.merge import evidence
from app.ledger.report import Report
from app.ledger.standing import Finish, Standing, advance, finish_of, key_of, standing_of
from app.rules.causes import cause_of
from app.rules.status import JobStatus

NOW = 1_700_000_000_000_000

jobs = st.sampled_from("abcdef")
X, Y = cause_of("x"), cause_of("y")
outcomes = st.one_of(st.none(), st.tuples(st.integers(1, 6), st.sampled_from(["", "x", None])))
changes = st.lists(st.dictionaries(jobs, outcomes, min_size=1, max_size=3), max_size=20)
"""What the jobs of one document become, step by step; None: it is removed, or runs again."""


def plainly(finishes: list[Finish]) -> Standing | None:
    """The rule in other words: failing since the first failure that no success came after."""
    failures = sorted(one for one in finishes if one.error is not None)
    if not failures:
        return None
    successes = [one.at for one in finishes if one.error is None]
    open_ones = [one.at for one in failures if not any(at > one.at for at in successes)]
    last = failures[-1]
    since, succeeded_at = min(open_ones, default=None), max(successes, default=None)
    return Standing(
        last.at, last.job_id, last.error, last.cause, since, succeeded_at, len(open_ones)
    )


@pytest.mark.slow
@settings(max_examples=700)
@given(changes)
def test_what_is_added_up_is_what_all_jobs_say(steps) -> None:
    finishes: dict[str, Finish] = {}
    known: Standing | None = None
    for step in steps:
        gone = {finishes.pop(job) for job in step if job in finishes}
        came = {
            Finish(how[0], job, how[1], cause_of(how[1] or ""))
            for job, how in step.items()
            if how is not None
        }
        finishes |= {one.job_id: one for one in came}
        exact = standing_of(finishes.values())
        assert exact == plainly(list(finishes.values()))
        if known is not None:
            advanced = advance(known, gone, came)
            assert advanced in (None, exact)
        known = exact


def test_what_happens_every_day_asks_no_other_job() -> None:
    failed = Standing(failed_at=10, job_id="a", error="x", cause=X, failing_since=5, failures=2)
    again = advance(failed, [], [Finish(20, "b", "y", Y)])
    assert again == Standing(20, "b", "y", Y, failing_since=5, failures=3)
    well = advance(again, [], [Finish(30, "c")])
    assert well == Standing(20, "b", "y", Y, failing_since=None, succeeded_at=30)
    assert advance(well, [], [Finish(40, "d")]) == well._replace(succeeded_at=40)
    assert advance(well, [Finish(5, "a", "x", X)], []) == well


def test_a_job_of_a_clock_that_runs_ahead_ended_when_that_was_heard() -> None:
    report = Report(job_id="j", status=JobStatus.COMPLETED, completed_at=NOW + 9)
    job = LedgerJob("j", "d", NOW, NOW, NOW, 0, evidence(report, NOW))
    assert finish_of(job) == Finish(NOW, "j")
    assert finish_of(job._replace(heard_at=NOW + 20)) == Finish(NOW, "j")
    assert finish_of(job._replace(state=evidence(report, NOW + 20))) == Finish(NOW + 9, "j")
    running = Report(job_id="j", status=JobStatus.RUNNING)
    assert finish_of(job._replace(state=evidence(running, NOW))) is None


def test_keys_are_short_and_tell_long_documents_apart() -> None:
    assert key_of("contracts/lease.pdf") == "contracts/lease.pdf"
    keys = {key_of("長" * length) for length in range(250, 1025)}
    assert len(keys) == 775
    assert max(map(len, keys)) == 256
