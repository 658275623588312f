"""What changed from one job of a document to the next."""

from app.dashboard.changes import Change, changes_of
from app.rules.job import Job
from app.rules.job_states import STATE_OF
from app.rules.status import JobStatus
from app.rules.times import SECOND

T0 = 1_790_000_000 * SECOND
RUNNING, COMPLETED, FAILED = JobStatus.RUNNING, JobStatus.COMPLETED, JobStatus.FAILED


def job(status: JobStatus, chunks: int = 0, nodes: int = 0, took: int | None = 10) -> Job:
    started = None if took is None else T0
    ended = T0 + (took or 0) * SECOND if status.terminal else None
    counts = (chunks, None, nodes, 2 * nodes)
    times = (T0, started, ended, None, 1, T0, T0)
    return Job("p", "j", "d", status, STATE_OF[status], *counts, *times)


def test_a_job_is_compared_with_the_finished_one_before_it() -> None:
    jobs = [job(COMPLETED, 12, 7, 25), job(RUNNING), job(COMPLETED, 10, 9, 10)]
    assert changes_of(jobs) == [Change(2, -2, -4, 15 * SECOND), None, None]


def test_the_turn_is_told_where_the_outcome_is_another() -> None:
    jobs = [job(status) for status in (COMPLETED, FAILED, FAILED, COMPLETED, COMPLETED)]
    turns = [change.turn if change else None for change in changes_of(jobs)]
    assert turns == ["recovered", "failed again", "failed after a success", "", None]


def test_what_nobody_measured_is_not_compared() -> None:
    [change, _] = changes_of([job(COMPLETED, took=30), job(COMPLETED, took=None)])
    assert change == Change()
    assert changes_of([]) == []
