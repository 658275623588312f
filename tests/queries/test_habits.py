"""What is usual in a project is read from the ledger, and what is not so now is said."""

from collections.abc import Iterable
from dataclasses import replace

import pytest
from flask import Flask

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.habits.pace import SOME_COMPLETED
from app.queries.projects import ProjectLine, list_lines
from app.rules import verdicts
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.store.database import db, reading
from tests.kit.recording import done, record
from tests.kit.statements import statements

NOON = floor(1_700_000_000 * SECOND, DAY) + 12 * HOUR  # a Tuesday


@pytest.fixture(autouse=True)
def _projects(app: Flask) -> None:
    for name in ("p", "other"):
        create_project(name, name=name, mode="kg_vector", now=NOON - 40 * DAY)


def line_at(now: int, project_id: str = "p") -> ProjectLine:
    with reading() as connection:
        [line] = list_lines(connection, now, project_id)
    return line


def send(reports: Iterable[Report], now: int, project_id: str = "p") -> None:
    record(project_id, list(reports), now=now)


def weeks(every: int = HOUR, until: int = NOON, days: int = 28, **fields: int) -> None:
    """A job every so often, up to a moment."""
    send((done(at, **fields) for at in range(until - days * DAY, until, every)), until)


def test_the_fifth_job_without_nodes_is_said_and_the_next_that_makes_some_ends_it() -> None:
    weeks()
    send([done(NOON + n * MINUTE, nodes=0) for n in range(4)], NOON + 4 * MINUTE)
    assert line_at(NOON + 4 * MINUTE).verdict.state is verdicts.FINE
    send([done(NOON + 4 * MINUTE, nodes=0)], NOON + 5 * MINUTE)
    line = line_at(NOON + 5 * MINUTE)
    assert line.verdict.state is verdicts.NO_OUTPUT
    assert (line.verdict.since, line.verdict.count, line.verdict.of) == (NOON, 5, 5)
    send([done(NOON + 6 * MINUTE)], NOON + 7 * MINUTE)
    assert line_at(NOON + 7 * MINUTE).verdict.state is verdicts.NO_OUTPUT  # half of the hour
    send([done(NOON + n * MINUTE) for n in range(7, 12)], NOON + 12 * MINUTE)
    assert line_at(NOON + 12 * MINUTE).verdict.state is verdicts.FINE


def test_a_run_that_is_longer_than_an_hour_is_counted_whole() -> None:
    weeks()
    last = NOON + 300 * MINUTE
    send([done(at, nodes=0) for at in range(NOON, last, MINUTE)], last)
    verdict = line_at(last).verdict
    assert (verdict.state, verdict.since, verdict.count) == (verdicts.NO_OUTPUT, NOON, 300)
    queued = done(NOON + 4 * HOUR + SECOND, took=5 * 3600)  # created before the run, made some
    send([queued], last)
    verdict = line_at(last).verdict
    assert (verdict.since, verdict.count) == (NOON + 241 * MINUTE, 59)


def test_half_of_an_hour_without_nodes_is_said_since_the_first_of_them() -> None:
    weeks()
    send([done(NOON + n * MINUTE, nodes=n % 2) for n in range(2, 22)], NOON + 22 * MINUTE)
    verdict = line_at(NOON + 22 * MINUTE).verdict
    assert (verdict.state, verdict.count, verdict.of) == (verdicts.NO_OUTPUT, 10, 20)
    assert verdict.since == NOON + 2 * MINUTE


def test_a_project_of_vectors_makes_no_nodes_and_nothing_is_wrong(app: Flask) -> None:
    create_project("v", name="v", mode="vector_only", now=NOON)
    send([done(NOON + n * MINUTE, nodes=0) for n in range(30)], NOON + HOUR, "v")
    assert line_at(NOON + HOUR, "v").verdict.state is verdicts.FINE


def test_a_job_that_stands_is_told_from_one_that_goes_on() -> None:
    weeks(took=100)  # ten seconds a chunk: no job stands before a quarter of an hour
    job = {"job_id": "a", "source_doc_id": "a", "status": JobStatus.RUNNING, "started_at": NOON}
    send([Report(**job, chunks_processed=31, chunks_total=120)], NOON)
    send([Report(**job | {"job_id": "b"}, chunks_processed=1, chunks_total=120)], NOON)
    for minute in range(1, 40):
        beat = [Report(job_id="a"), Report(job_id="b", chunks_processed=1 + minute)]
        send(beat, NOON + minute * MINUTE)
        line = line_at(NOON + minute * MINUTE)
        assert (line.verdict.state is verdicts.STALLED) == (minute >= 15), minute
    facts = line.facts
    assert (facts.stalled, facts.unmoved, facts.unmoved_since) == (0, 1, NOON)
    assert (facts.unmoved_chunks, facts.unmoved_total) == (31, 120)
    send([Report(job_id="a", chunks_processed=32)], NOON + 40 * MINUTE)
    assert line_at(NOON + 40 * MINUTE).verdict.state is verdicts.RUNNING


def test_where_chunks_take_long_a_job_may_stand_longer() -> None:
    weeks(took=2000)  # 200 s a chunk
    job = {"source_doc_id": "a", "status": JobStatus.RUNNING, "started_at": NOON}
    send([Report(job_id="a", **job, chunks_processed=3, chunks_total=10)], NOON)
    send([Report(job_id="b", **job)], NOON)  # which counts no chunk before it ends
    for minutes, standing in ((30, 0), (35, 1), (90, 1), (103, 2)):
        at = NOON + minutes * MINUTE
        send([Report(job_id="a"), Report(job_id="b")], at)
        assert line_at(at).facts.unmoved == standing, minutes


def test_what_takes_three_times_as_long_is_slow() -> None:
    weeks()
    send([done(NOON + n * MINUTE, took=150) for n in range(9)], NOON + 9 * MINUTE)
    assert line_at(NOON + 9 * MINUTE).verdict.state is verdicts.FINE
    send([done(NOON + 9 * MINUTE, took=150)], NOON + 10 * MINUTE)
    line = line_at(NOON + 10 * MINUTE)
    verdict = line.verdict
    assert (verdict.state, verdict.since) == (verdicts.SLOW, NOON - 150 * SECOND)
    assert verdict.pace == 150
    assert verdict.usual == pytest.approx(30, rel=0.1)
    assert line_at(NOON + 2 * HOUR).verdict.state is not verdicts.SLOW  # of the last hour


def test_what_ends_last_of_a_burst_takes_long_and_is_no_sign_that_all_does() -> None:
    weeks()
    fast = [done(NOON + n * 5 * SECOND, took=30) for n in range(120)]  # twelve at a time
    last = [done(NOON + (600 + n) * SECOND, took=590) for n in range(1, 13)]
    send(fast + last, NOON + 613 * SECOND)
    for minute in (11, 30, 69, 70, 75):
        assert line_at(NOON + minute * MINUTE).verdict.state is verdicts.FINE, minute
    slow = [done(NOON + HOUR + n * MINUTE, took=590) for n in range(12)]
    send(slow, NOON + 75 * MINUTE)
    assert line_at(NOON + 75 * MINUTE).verdict.state is verdicts.SLOW


def test_jobs_that_began_last_are_found_behind_many_that_ended_later() -> None:
    weeks()
    fast = [done(NOON + n * 5 * SECOND, took=30) for n in range(120)]
    long = [done(NOON + 600 * SECOND + n, took=590) for n in range(SOME_COMPLETED + 50)]
    long[-100:-50] = [replace(one, started_at=None) for one in long[-100:-50]]  # not measured
    send(fast + long, NOON + 601 * SECOND)
    assert line_at(NOON + 11 * MINUTE).verdict.state is verdicts.FINE


def test_what_runs_three_times_as_long_is_slow_before_it_ends() -> None:
    """By the chunk that each is at, or, where none counts any, by the documents."""
    weeks(took=600, chunks=10)
    begun = {"status": JobStatus.RUNNING, "created_at": NOON, "started_at": NOON}
    runs = [Report(job_id=f"r{n}", source_doc_id=f"r{n}", **begun) for n in range(9)]
    send([*runs, done(NOON + 5 * MINUTE, took=600)], NOON + 5 * MINUTE)
    at = NOON + 20 * MINUTE
    send([Report(job_id=f"r{n}", chunks_processed=6) for n in range(9)], at)
    assert line_at(at).verdict.state is verdicts.RUNNING
    at = NOON + 27 * MINUTE
    send([Report(job_id=f"r{n}") for n in range(9)], at)
    verdict = line_at(at).verdict
    assert (verdict.state, verdict.since) == (verdicts.SLOW, NOON - 5 * MINUTE)
    send([Report(job_id="r0", status=JobStatus.FAILED)], at)
    assert line_at(at).verdict.state is not verdicts.SLOW  # of nine nothing is said


def test_what_runs_and_counts_no_chunks_is_slow_by_the_document() -> None:
    weeks(took=600, chunks=10)
    weeks(every=9 * HOUR, until=NOON - HOUR // 2, took=3000, chunks=50)
    begun = {"status": JobStatus.RUNNING, "created_at": NOON, "started_at": NOON}
    send([Report(job_id=f"r{n}", source_doc_id=f"r{n}", **begun) for n in range(10)], NOON)
    for minutes, slow in ((26, False), (33, True)):
        at = NOON + minutes * MINUTE
        send([Report(job_id=f"r{n}") for n in range(10)], at)
        assert (line_at(at).verdict.state is verdicts.SLOW) == slow, minutes


def test_what_runs_is_slow_also_where_none_completed_for_a_day() -> None:
    weeks(until=NOON - 2 * DAY)
    begun = {"status": JobStatus.RUNNING, "created_at": NOON, "started_at": NOON}
    send([Report(job_id=f"r{n}", source_doc_id=f"r{n}", **begun) for n in range(10)], NOON)
    at = NOON + 5 * MINUTE
    send([Report(job_id=f"r{n}") for n in range(10)], at)
    assert line_at(at).verdict.state is verdicts.SLOW


@pytest.mark.parametrize("pace", [MINUTE, 3 * MINUTE])
def test_slow_begins_with_the_first_slow_job_of_its_hours(pace: int) -> None:
    weeks(every=MINUTE)
    send([done(NOON + n * 2 * MINUTE) for n in range(10)], NOON + 20 * MINUTE)
    small = [done(NOON + 21 * MINUTE, took=12, chunks=1), done(NOON + 22 * MINUTE, chunks=0)]
    send(small, NOON + 22 * MINUTE)  # neither is slow, whatever a chunk took
    first = NOON + 25 * MINUTE
    send([done(first + n * pace, took=200) for n in range(100)], first + 100 * pace)
    verdict = line_at(first + 100 * pace).verdict
    assert (verdict.state, verdict.since) == (verdicts.SLOW, first - 200 * SECOND)


def test_a_queue_that_nothing_takes_starves() -> None:
    weeks()
    waits = [Report(job_id=f"w{n}", source_doc_id=f"w{n}", created_at=NOON + n) for n in range(3)]
    send(waits, NOON + SECOND)
    assert line_at(NOON + 14 * MINUTE).verdict.state is verdicts.RUNNING
    verdict = line_at(NOON + 15 * MINUTE).verdict
    assert (verdict.state, verdict.since, verdict.count) == (verdicts.STARVED, NOON, 3)
    send([Report(job_id="w0", status=JobStatus.RUNNING)], NOON + 16 * MINUTE)
    assert line_at(NOON + 16 * MINUTE).verdict.state is verdicts.RUNNING


def test_a_job_that_was_passed_over_for_a_day_starves_nobody() -> None:
    send([Report(job_id="w", source_doc_id="w", created_at=NOON - 3 * DAY)], NOON - 3 * DAY)
    weeks()
    assert line_at(NOON + HOUR).verdict.state is verdicts.RUNNING


def test_jobs_that_usually_wait_for_the_night_starve_nobody() -> None:
    for day in range(4, 0, -1):
        morning = NOON - day * DAY
        send([done(morning - 10 * HOUR, took=12 * 3600)], morning)
    waits = [NOON - day * DAY - 3 * HOUR for day in range(4, -1, -1)]
    for at in waits[:-1]:
        job = {"job_id": f"n{at}", "source_doc_id": "d", "created_at": at}
        ended = {"started_at": at + 15 * HOUR, "completed_at": at + 16 * HOUR}
        send([Report(**job, status=JobStatus.COMPLETED, **ended)], at + 16 * HOUR)
    send([Report(job_id="n", source_doc_id="d", created_at=waits[-1])], waits[-1])
    line = line_at(NOON)
    assert line.facts.usually_waits
    assert line.verdict.state is verdicts.RUNNING
    assert not line_at(NOON + 14 * HOUR).facts.usually_waits  # tonight it should have run


def test_a_flow_that_stops_is_late_and_another_project_hides_nothing() -> None:
    weeks(every=MINUTE)
    last = NOON - MINUTE - 30 * SECOND  # the last one was created
    send([done(NOON + MINUTE)], NOON + MINUTE, "other")
    assert line_at(NOON + 12 * MINUTE).verdict.state is verdicts.FINE
    line = line_at(NOON + 14 * MINUTE)
    assert (line.verdict.state, line.verdict.since) == (verdicts.LATE, last)
    assert line.facts.due is not None
    assert line.facts.due.hourly == 60


def test_failures_that_are_usual_are_no_alarm() -> None:
    """One in five fails: three in a row come every few hours."""
    every = range(NOON - 10 * DAY, NOON, 10 * MINUTE)
    send((done(at, failed=n % 5 == 0) for n, at in enumerate(every)), NOON)
    send([done(NOON + n * MINUTE, failed=True) for n in range(3)], NOON + 3 * MINUTE)
    line = line_at(NOON + 3 * MINUTE)
    assert line.facts.streak == 3
    assert line.facts.usual is not None
    assert line.facts.usual.failed_share == pytest.approx(0.2, abs=0.01)


def test_what_is_usual_is_read_again_only_where_its_days_are_others() -> None:
    def reads_durations(now: int) -> bool:
        with statements(db.engine) as heard:
            line_at(now)
        return any("duration_counts" in statement for statement in heard)

    weeks()
    send([done(NOON + n * MINUTE, took=60) for n in range(30)], NOON + 30 * MINUTE)
    assert reads_durations(NOON + 30 * MINUTE)
    assert not reads_durations(NOON + 31 * MINUTE)
    assert reads_durations(NOON + HOUR)  # the days begin and end an hour later
    late = [done(NOON - 3 * DAY + n * SECOND, took=900) for n in range(1, 400)]
    send(late, NOON + HOUR)
    assert reads_durations(NOON + HOUR + MINUTE)
    assert not reads_durations(NOON + HOUR + 2 * MINUTE)
