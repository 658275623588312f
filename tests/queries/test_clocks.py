"""Clocks that are wrong: the senders', and our own. Whatever is asked, the answers agree.

What they should be is worked out here from the raw reports, by the one rule: times are judged as
given, and where they lie after their receipt, by that.
"""

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection

from app.ledger.audit import verify
from app.ledger.mending import rebuild
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.causes import list_causes, list_failing
from app.queries.charts import LAST_DAY, LAST_MONTH, get_chart
from app.queries.filters import JobFilter
from app.queries.jobs import WHOLE, get_job, list_jobs
from app.queries.projects import get_project, list_lines
from app.rules import verdicts
from app.rules.causes import cause_of
from app.rules.job import Job
from app.rules.job_states import RUNNING, STALLED
from app.rules.project import Project
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.store.database import reading
from tests.kit.recording import record

NOW = 1_700_000_000 * SECOND
SILENT_AFTER = 15 * MINUTE
ALL = {"limit": 1000, "offset": 0, "reading": WHOLE}
ERRORS = ("timeout", "quota")
OFF = [0, SECOND, 3 * MINUTE, 8 * HOUR, DAY, 3652 * DAY, -3 * MINUTE, -8 * HOUR]
"""What a sender's clock is ahead of ours."""
HOURS = [floor(NOW, HOUR) - n * HOUR for n in range(LAST_DAY.bars)][::-1]


@dataclass
class Told:
    """A finished job, and what we should make of it: times in µs, `None` where it is not told."""

    report: Report
    received_at: int
    skew: int | None
    again_at: int | None

    @property
    def created_at(self) -> int:
        return min(self.report.started_at or self.received_at, self.received_at)

    @property
    def ended_at(self) -> int:
        return min(self.report.completed_at or self.received_at, self.received_at)

    @property
    def failed(self) -> bool:
        return self.report.status is JobStatus.FAILED

    @property
    def took(self) -> int | None:
        start, end = self.report.started_at, self.report.completed_at
        if start is None:
            return None
        if end is None:
            is_off = self.skew is not None or start - self.received_at > 2 * MINUTE
            return None if is_off else max(0, self.received_at - start)
        return end - start


def history(dice: random.Random, off: int, number: int) -> list[Told]:
    """Jobs of the last 30 hours of a sender whose clock is so far ahead, by our clock."""
    told = []
    for place in range(number):
        started = NOW - dice.randrange(1, 30 * 60) * MINUTE
        ended = min(NOW - SECOND, started + dice.randrange(1, 90 * 60) * SECOND)
        received = min(NOW, ended + dice.choice((0, 0, SECOND, 20 * MINUTE)))
        status = dice.choice((JobStatus.COMPLETED, JobStatus.FAILED))
        report = Report(
            job_id=f"{off // SECOND}-{place}",
            source_doc_id=f"{off}/{place % 7}",
            status=status,
            started_at=dice.choice((started + off, started + off, None)),
            completed_at=dice.choice((ended + off, ended + off, ended + off, None)),
            error_message=dice.choice(ERRORS) if status is JobStatus.FAILED else None,
            chunks_processed=place,
            nodes_created=1,
        )
        skew = off // SECOND if abs(off) > 2 * MINUTE and dice.randrange(2) else None
        again = dice.choice((None, None, min(NOW, received + HOUR)))
        told.append(Told(report, received, skew, again))
    return told


def send(told: list[Told]) -> None:
    """Report all of it, each at its time, and some of it once more."""
    sent = [(one.received_at, one) for one in told]
    sent += [(one.again_at, one) for one in told if one.again_at is not None]
    for at, one in sorted(sent, key=lambda each: each[0]):
        record("p", [one.report], now=at, skew=one.skew)


def shown(connection: Connection, **wanted: Any) -> list[Job]:
    project = get_project(connection, "p")
    assert project is not None
    page = list_jobs(connection, project, JobFilter(**wanted), now=NOW, **ALL)
    assert page.total == len(page.rows)
    return page.rows


@pytest.fixture
def project(app: Flask) -> str:
    options = {"mode": "kg_vector", "silent_after": SILENT_AFTER, "expect_every": 2 * DAY}
    create_project("p", name="p", now=NOW - 30 * DAY, **options)
    return "p"


@pytest.mark.parametrize("seed", range(3))
def test_senders_of_every_clock_are_judged_alike_everywhere(project: str, seed: int) -> None:
    dice = random.Random(seed)
    told = [one for off in OFF for one in history(dice, off, 9)]
    send(told)
    with reading() as connection:
        assert verify(connection, "p", lambda *_: None) == []
        known = get_project(connection, "p")
        assert known is not None
        check_chart(connection, known, told)
        check_causes(connection, known, told)
        check_verdict(connection, told)
        check_list(connection, told)


def check_chart(connection: Connection, known: Project, told: list[Told]) -> None:
    """The bars, and the lists behind them, wherever the times that were sent lie."""
    bars: Counter[tuple[int, bool]] = Counter((floor(x.ended_at, HOUR), x.failed) for x in told)
    days: Counter[int] = Counter(floor(x.ended_at, DAY) for x in told)
    chart = get_chart(connection, known, NOW, running=False)
    assert [bar.start for bar in chart.bars] == HOURS
    for bar in chart.bars:
        assert (bar.completed, bar.failed) == (bars[bar.start, False], bars[bar.start, True])
    month = get_chart(connection, known, NOW, running=False, scale=LAST_MONTH)
    assert {bar.start: bar.finished for bar in month.bars if bar.finished} == days
    for at in {x.report.completed_at or NOW for x in told} | {x.ended_at for x in told}:
        hour, day = floor(at, HOUR), floor(at, DAY)
        found = {job.job_id for job in shown(connection, finished=(hour, hour + HOUR))}
        assert found == {x.report.job_id for x in told if floor(x.ended_at, HOUR) == hour}
        assert len(shown(connection, finished=(day, day + DAY))) == days[day]


def check_causes(connection: Connection, known: Project, told: list[Told]) -> None:
    """Those of the last 24 hours, by hour; and the documents whose last job failed by that rule."""
    lines = {line.cause: line for line in list_causes(connection, known, NOW).lines}
    for error in ERRORS:
        ends = [x.ended_at for x in told if x.report.error_message == error]
        by_hour = Counter(floor(end, HOUR) for end in ends)
        line = lines[cause_of(error)]
        assert [(hour.start, hour.failed) for hour in line.hours] == [
            (hour, by_hour[hour]) for hour in HOURS
        ]
        assert line.day == sum(by_hour[hour] for hour in HOURS)
        assert (line.jobs, line.first_at, line.last_at) == (len(ends), min(ends), max(ends))
    last: dict[str | None, Told] = {}
    for one in sorted(told, key=lambda x: (x.ended_at, x.failed)):
        last[one.report.source_doc_id] = one
    failing = list_failing(connection, "p", [*lines], 99)
    assert {one.document for each in failing.values() for one in each} == {
        document for document, one in last.items() if one.failed
    }


def check_verdict(connection: Connection, told: list[Told]) -> None:
    """It, and every figure that it follows from."""
    [line] = list_lines(connection, NOW, "p")
    facts = line.facts
    recent = [x.failed for x in told if x.ended_at > NOW - HOUR]
    success = max(x.ended_at for x in told if not x.failed)
    failures = [x.ended_at for x in told if x.failed]
    streak = [at for at in failures if at > success]
    assert (facts.hour_completed, facts.hour_failed) == (recent.count(False), recent.count(True))
    assert facts.streak == min(3, len(streak))
    assert facts.streak_since == min(streak, default=None)
    assert facts.last_failed_at == max(failures)
    assert facts.last_created_at == max(x.created_at for x in told)
    by_rate = recent.count(True) >= max(3, 0.2 * len(recent))
    assert (line.verdict.state is verdicts.FAILING) == (by_rate or len(streak) >= 3)


def check_list(connection: Connection, told: list[Told]) -> None:
    """Its order, its times as they were sent, and its durations."""
    jobs = shown(connection)
    order = sorted(told, key=lambda x: (x.created_at, x.report.job_id), reverse=True)
    assert [job.job_id for job in jobs] == [x.report.job_id for x in order]
    for job, one in zip(jobs, order, strict=True):
        assert job.completed_at == (one.report.completed_at or one.received_at)
        assert one.report.started_at in (None, job.started_at)
        assert job.took == one.took
    took = [x.took for x in told if x.took is not None]
    for least in (SECOND, 10 * MINUTE, HOUR):
        assert len(shown(connection, longer=least)) == sum(each > least for each in took)


@pytest.mark.parametrize("off", [-8 * HOUR, 0, 3 * MINUTE, 8 * HOUR, DAY, 3652 * DAY])
def test_how_long_a_job_runs_is_told_by_our_clock(project: str, off: int) -> None:
    starts = Report(
        job_id="j", source_doc_id="d", status=JobStatus.RUNNING, started_at=NOW - HOUR + off
    )
    record("p", [starts], now=NOW - HOUR, skew=off // SECOND if off < 0 else None)
    record("p", [Report(job_id="j")], now=NOW - MINUTE)
    with reading() as connection:
        known = get_project(connection, "p")
        assert known is not None
        job = get_job(connection, known, "j", NOW)
        [line] = list_lines(connection, NOW, "p")
    assert job is not None
    assert (job.started_at, job.runs_since) == (NOW - HOUR + off, NOW - HOUR)
    assert bool(line.clock) == bool(job.clock) == (off != 0)


def test_a_project_says_for_a_day_that_a_clock_was_off(project: str) -> None:
    def told(at: int) -> tuple[int | None, int | None]:
        with reading() as connection:
            [line] = list_lines(connection, at, "p")
        return line.facts.skew_seconds, line.facts.skewed_at if line.clock else None

    assert told(NOW) == (None, None)
    for number, off in enumerate((3 * MINUTE, 8 * HOUR)):
        ended = {"status": JobStatus.COMPLETED, "completed_at": NOW + number + off}
        record("p", [Report(job_id=f"j{number}", source_doc_id="d", **ended)], now=NOW + number)
    record("p", [Report(job_id="right", source_doc_id="d", started_at=NOW)], now=NOW + 5)
    assert told(NOW + MINUTE) == (28_800, NOW + 1)
    assert told(NOW + DAY) == (28_800, NOW + 1)
    assert told(NOW + DAY + 2) == (None, None)


# Our own clock, a day ahead and back.


def ended(job: str, at: int, error: str | None = None, **more: Any) -> Report:
    said = {"job_id": job, "source_doc_id": f"of-{job}", "started_at": at - MINUTE}
    status = JobStatus.COMPLETED if error is None else JobStatus.FAILED
    return Report(**(said | {"status": status, "error_message": error} | more))


def running(job: str, **more: Any) -> Report:
    return Report(job_id=job, source_doc_id=f"of-{job}", status=JobStatus.RUNNING, **more)


def state_of(now: int) -> verdicts.ProjectState:
    with reading() as connection:
        [line] = list_lines(connection, now, "p")
    return line.verdict.state


def check(now: int) -> None:
    """The chart, the lists behind it, the causes and the counts say the same."""
    with reading() as connection:
        assert verify(connection, "p", lambda *_: None) == []
        known = get_project(connection, "p")
        assert known is not None
        chart = get_chart(connection, known, now, running=False)
        for bar in chart.bars:
            found = shown(connection, finished=(bar.start, bar.start + HOUR))
            assert sum(job.status is JobStatus.FAILED for job in found) == bar.failed
            assert len(found) == bar.finished
        lines = list_causes(connection, known, now).lines
        assert sum(line.day for line in lines) == sum(bar.failed for bar in chart.bars)


def test_the_next_report_mends_a_job_that_was_heard_of_in_the_future(project: str) -> None:
    record("p", [running("a"), running("b")], now=NOW - HOUR)
    record("p", [Report(job_id="a"), Report(job_id="b", chunks_processed=1)], now=NOW + DAY)
    record("p", [Report(job_id="a")], now=NOW)  # a sign of life alone
    record("p", [Report(job_id="b", chunks_processed=2)], now=NOW)
    check(NOW)
    for later, state in ((-1, RUNNING), (0, STALLED)):
        now = NOW + SILENT_AFTER + later
        with reading() as connection:
            known = get_project(connection, "p")
            assert known is not None
            jobs = [get_job(connection, known, name, now) for name in "ab"]
            [line] = list_lines(connection, now, "p")
        assert [job.state for job in jobs if job] == [state, state]
        assert line.facts.stalled == (2 if state is STALLED else 0)
        assert (line.verdict.state is verdicts.STALLED) == (state is STALLED)


def test_what_ended_in_the_future_says_nothing_of_now(project: str) -> None:
    record("p", [ended("before", NOW - DAY)], now=NOW - DAY)
    failures = [ended(f"f{n}", NOW + DAY, "boom") for n in range(4)]
    long = ended("late", NOW + DAY, started_at=NOW)
    record("p", [*failures, long], now=NOW + DAY)
    record("p", [ended("now", NOW)], now=NOW)
    check(NOW)
    with reading() as connection:
        known = get_project(connection, "p")
        assert known is not None
        for scale in (LAST_DAY, LAST_MONTH):
            chart = get_chart(connection, known, NOW, running=True, scale=scale)
            assert chart.p95 is not None and chart.p95 < 90, "a minute each"
    assert state_of(NOW) is verdicts.SOME_FAILURES, "the documents do fail"
    record("p", [ended(f"g{n}", NOW + MINUTE, "boom") for n in range(3)], now=NOW + MINUTE)
    check(NOW + MINUTE)
    for at in (MINUTE, 2 * HOUR - MINUTE):  # by the last hour, and by the streak
        assert state_of(NOW + at) is verdicts.FAILING, "no success of tomorrow hides it"
    record("p", [ended("well", NOW + 2 * HOUR)], now=NOW + 2 * HOUR)
    check(NOW + 2 * HOUR)
    assert state_of(NOW + 2 * HOUR) is verdicts.SOME_FAILURES


def test_a_job_of_the_future_makes_no_project_less_late(project: str) -> None:
    record("p", [ended("old", NOW - 3 * DAY)], now=NOW - 3 * DAY)
    record("p", [ended("future", NOW + DAY)], now=NOW + DAY)
    assert state_of(NOW) is verdicts.LATE
    record("p", [ended("new", NOW)], now=NOW)
    assert state_of(NOW) is verdicts.FINE
    assert state_of(NOW + 2 * DAY - MINUTE) is verdicts.FINE


def test_a_rebuild_takes_back_what_a_clock_of_ours_has_stamped(project: str) -> None:
    given = NOW - HOUR
    jobs = [
        ended("filled", NOW + DAY, "boom", source_doc_id="d"),
        ended("given", given, "boom", completed_at=given),
        ended("beyond", NOW, "quota", completed_at=NOW + 2 * DAY),
        running("runs"),
        running("noted", completed_at=NOW + 2 * DAY),
        Report(job_id="waits", source_doc_id="w"),
    ]
    record("p", jobs, now=NOW + DAY)
    record("p", [ended("well", NOW, source_doc_id="d")], now=NOW)
    assert state_of(NOW) is verdicts.SOME_FAILURES
    later = NOW + MINUTE
    assert rebuild("p", lambda *_: None) == [], "unless it is told to"
    assert rebuild("p", lambda *_: None, lambda: later)
    assert rebuild("p", lambda *_: None, lambda: later) == []
    check(later)
    with reading() as connection:
        known = get_project(connection, "p")
        assert known is not None
        seen = {job.job_id: job for job in shown(connection)}
        causes = {line.line: line for line in list_causes(connection, known, later).lines}
        found = {job.job_id for job in shown(connection, finished=(NOW - HOUR, NOW + HOUR))}
    assert found == {"filled", "given", "beyond", "well"}
    assert {job.heard_at for job in seen.values()} == {later, NOW}
    assert seen["filled"].completed_at == seen["runs"].started_at == later
    assert seen["given"].completed_at == given
    assert seen["beyond"].completed_at == NOW + 2 * DAY, "as it was sent"
    assert (causes["boom"].last_at, causes["quota"].last_at) == (later, later)
    assert state_of(later + SILENT_AFTER) is verdicts.STALLED
    record("p", [Report(job_id="noted", status=JobStatus.COMPLETED)], now=later + MINUTE)
    check(later + MINUTE)
