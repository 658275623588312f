"""How long a running job will take yet."""

import pytest

from app.dashboard.estimates import time_left
from app.queries.views import Chart
from app.rules.job import Job, JobState
from app.rules.job_states import COMPLETED, RUNNING
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE, SECOND

NOW = 1_790_000_000 * SECOND
KNOWN = Chart((), HOUR, "24h", median=60.0, p95=120.0, seconds_per_chunk=2.0)


def job(done: int, total: int | None, age: int, state: JobState = RUNNING) -> Job:
    started = NOW - age
    status = JobStatus.RUNNING if state is RUNNING else JobStatus.COMPLETED
    return Job(
        *("p", "j", "d", status, state, done, total, 0, 0, started, started, None, None, 1),
        heard_at=NOW,
        received_at=started,
    )


def test_at_first_a_job_is_believed_to_go_as_the_others_went() -> None:
    assert time_left(job(0, 100, 0), KNOWN, NOW) == 3 * MINUTE


def test_a_job_far_on_its_way_goes_on_at_its_own_pace() -> None:
    left = time_left(job(90, 100, 900 * SECOND), KNOWN, NOW)
    assert left == 2 * MINUTE  # 92 s: 10 s a chunk, where 2 s are usual


def test_without_a_total_the_median_says_it_until_it_has_passed() -> None:
    assert time_left(job(5, None, 20 * SECOND), KNOWN, NOW) == 40 * SECOND
    assert time_left(job(5, None, 61 * SECOND), KNOWN, NOW) is None


@pytest.mark.parametrize("off", [8 * HOUR, -8 * HOUR])
def test_a_sender_whose_clock_is_off_is_told_alike(off: int) -> None:
    skewed = job(90, 100, 900 * SECOND - off)._replace(skew_seconds=off // SECOND)
    assert time_left(skewed, KNOWN, NOW) == 2 * MINUTE


@pytest.mark.parametrize(
    ("shown", "chart"),
    [
        (job(1, 10, MINUTE), Chart((), HOUR, "24h")),
        (job(10, 10, MINUTE), KNOWN),
        (job(1, 10, MINUTE, COMPLETED), KNOWN),
        (job(1, 10, MINUTE)._replace(started_at=None), KNOWN),
    ],
)
def test_where_too_little_is_known_nothing_is_said(shown: Job, chart: Chart) -> None:
    assert time_left(shown, chart, NOW) is None
