"""The facts of a project and its verdict, from jobs that were really recorded."""

from dataclasses import replace

from flask import Flask

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.board import with_hours
from app.queries.charts import get_chart
from app.queries.overview import shared_causes
from app.queries.projects import ProjectLine, get_project, list_lines
from app.queries.views import Chart, SharedCause
from app.rules import verdicts
from app.rules.causes import cause_of
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.store.database import db, reading
from tests.kit.recording import record
from tests.kit.statements import statements

NOW = 1_700_000_000 * SECOND


def finished(
    number: int, status: JobStatus, ended: int, document: str = "", error: str = "timeout"
) -> Report:
    return Report(
        job_id=f"j{number}",
        source_doc_id=document or f"d{number}",
        status=status,
        started_at=ended - 30 * SECOND,
        completed_at=ended,
        error_message=error if status is JobStatus.FAILED else None,
        chunks_processed=60,
        nodes_created=1,
    )


def line_of(project_id: str = "p", now: int = NOW) -> ProjectLine:
    with reading() as connection:
        [line] = list_lines(connection, now, project_id)
    return line


def project(project_id: str = "p", **options: int) -> None:
    create_project(project_id, name=project_id, mode="kg_vector", now=NOW - 30 * DAY, **options)


def test_three_failures_in_a_row_are_failing_since_the_first(app: Flask) -> None:
    project()
    reports = [finished(0, JobStatus.COMPLETED, NOW - 5 * HOUR)]
    reports += [
        finished(number, JobStatus.FAILED, NOW - (4 - number) * HOUR) for number in range(1, 4)
    ]
    record("p", reports, now=NOW)
    verdict = line_of().verdict
    assert verdict.state is verdicts.FAILING
    assert verdict.since == NOW - 3 * HOUR
    assert (verdict.count, verdict.cause, verdict.last_at) == (3, "timeout", NOW - HOUR)


def test_the_success_of_another_project_hides_no_failure(app: Flask) -> None:
    project()
    project("other")
    failures = [
        finished(number, JobStatus.FAILED, NOW - (4 - number) * HOUR) for number in range(1, 4)
    ]
    record("p", failures, now=NOW)
    record("other", [finished(9, JobStatus.COMPLETED, NOW - HOUR // 2)], now=NOW)
    assert line_of().verdict.state is verdicts.FAILING


def test_a_document_that_succeeded_since_no_longer_counts(app: Flask) -> None:
    project()
    record(
        "p",
        [
            finished(1, JobStatus.FAILED, NOW - 3 * HOUR, "a"),
            finished(2, JobStatus.COMPLETED, NOW - 2 * HOUR, "a"),
            finished(
                3, JobStatus.FAILED, NOW - HOUR - MINUTE, "b", "the quota is used up\nand more"
            ),
            finished(4, JobStatus.COMPLETED, NOW - HOUR - SECOND, "c"),
        ],
        now=NOW,
    )
    verdict = line_of().verdict
    assert verdict.state is verdicts.SOME_FAILURES
    assert (verdict.count, verdict.cause) == (1, "the quota is used up")
    assert line_of(now=NOW + DAY).verdict.state is verdicts.FINE


def test_a_silent_job_stalls_its_project_and_a_heartbeat_revives_it(app: Flask) -> None:
    project(silent_after=10 * MINUTE)
    running = Report(job_id="j", source_doc_id="d", status=JobStatus.RUNNING, started_at=NOW)
    record("p", [running], now=NOW)
    assert line_of(now=NOW + 9 * MINUTE).verdict.state is verdicts.RUNNING
    verdict = line_of(now=NOW + 10 * MINUTE).verdict
    assert (verdict.state, verdict.since, verdict.count) == (verdicts.STALLED, NOW, 1)
    record("p", [Report(job_id="j")], now=NOW + 11 * MINUTE)
    assert line_of(now=NOW + 12 * MINUTE).verdict.state is verdicts.RUNNING


def test_a_clock_that_runs_ahead_hides_no_failure(app: Flask) -> None:
    project()
    record("p", [finished(9, JobStatus.COMPLETED, NOW + 2 * HOUR, "d0")], now=NOW - HOUR)
    record("p", [finished(n, JobStatus.FAILED, NOW - MINUTE) for n in range(3)], now=NOW)
    verdict = line_of().verdict
    assert verdict.state is verdicts.FAILING
    assert verdict.count == 3


def test_late_is_counted_from_the_newest_job(app: Flask) -> None:
    project(expect_every=HOUR)
    record("p", [finished(1, JobStatus.COMPLETED, NOW)], now=NOW)
    assert line_of(now=NOW + 30 * MINUTE).verdict.state is verdicts.FINE
    verdict = line_of(now=NOW + 2 * HOUR).verdict
    assert verdict.state is verdicts.LATE
    assert verdict.since == NOW - 30 * SECOND + HOUR


def test_the_overview_is_worst_first_and_names_what_projects_share(app: Flask) -> None:
    for name in ("one", "two", "calm", "void"):
        project(name)
    for name in ("one", "two"):
        error = f"timeout of project-{name}.pdf"
        failures = [finished(n, JobStatus.FAILED, NOW - MINUTE, error=error) for n in range(3)]
        record(name, failures, now=NOW)
    record("calm", [finished(1, JobStatus.COMPLETED, NOW)], now=NOW)
    with reading() as connection:
        lines = list_lines(connection, NOW)
        assert [line.facts.project_id for line in lines] == ["one", "two", "calm", "void"]
        first = "timeout of project-one.pdf"
        projects = [("one", "one"), ("two", "two")]
        assert shared_causes(lines) == [SharedCause(cause_of(first), first, projects)]
        assert [line.facts.name for line in list_lines(connection, NOW, "calm")] == ["calm"]


def test_of_several_those_have_hours_that_need_them_and_a_project_alone_has_its_own(
    app: Flask,
) -> None:
    for name in ("broken", "calm", "void"):
        project(name)
    reports = [
        finished(n, JobStatus.FAILED, NOW - n * 20 * MINUTE - MINUTE, f"d{n % 2}") for n in range(9)
    ]
    record("broken", [*reports, finished(9, JobStatus.COMPLETED, NOW)], now=NOW)
    record("calm", [finished(1, JobStatus.COMPLETED, NOW)], now=NOW)
    with reading() as connection:
        plain = list_lines(connection, NOW)
        alone = [list_lines(connection, NOW, line.facts.project_id)[0] for line in plain]
        charted = with_hours(connection, NOW, plain)
    assert plain[0].verdict.state is verdicts.FAILING
    assert [line.verdict for line in plain] == [line.verdict for line in alone]
    assert [bool(line.facts.hours) for line in plain] == [True, False, False]
    assert charted == alone


def test_the_overview_takes_as_many_statements_for_thirty_projects_as_for_one(
    app: Flask,
) -> None:
    def count() -> int:
        with statements(db.engine) as heard, reading() as connection:
            list_lines(connection, NOW)
        return len(heard)

    def troubled(name: str) -> None:
        project(name)
        record(name, [finished(n, JobStatus.FAILED, NOW - MINUTE) for n in range(3)], now=NOW)

    troubled("p0")
    for_one = count()
    for number in range(1, 30):
        troubled(f"p{number}")
    assert count() == for_one


def test_the_chart_knows_the_last_day_the_durations_and_the_pace(app: Flask) -> None:
    project()
    reports = [finished(n, JobStatus.COMPLETED, NOW - n * MINUTE) for n in range(10)] + [
        finished(90, JobStatus.FAILED, NOW - 23 * HOUR),
        finished(91, JobStatus.COMPLETED, NOW - 25 * HOUR),
        replace(finished(92, JobStatus.COMPLETED, NOW), started_at=NOW - HOUR),
    ]
    record("p", reports, now=NOW)
    with reading() as connection:
        shown = get_project(connection, "p")
        assert shown is not None
        chart = get_chart(connection, shown, NOW, running=True)
        assert get_chart(connection, shown, NOW, running=False).chunks_per_minute is None
    assert len(chart.bars) == 24
    assert sum(hour.completed for hour in chart.bars) == 11
    assert sum(hour.failed for hour in chart.bars) == 1
    assert chart.median is not None and abs(chart.median - 30) < 3
    assert chart.p95 is not None and abs(chart.p95 - 3600) < 330
    assert chart.chunks_per_minute is not None and chart.chunks_per_minute > 1


def chart_of(running: bool = True) -> Chart:
    with reading() as connection:
        shown = get_project(connection, "p")
        assert shown is not None
        return get_chart(connection, shown, NOW, running=running)


def test_what_jobs_take_is_told_of_now_where_enough_ended_of_late(app: Flask) -> None:
    project()
    quick = [finished(n, JobStatus.COMPLETED, NOW - (3 + n % 9) * HOUR) for n in range(900)]
    record("p", quick, now=NOW)
    before = chart_of()
    assert (before.of_now, before.chunks_per_minute) == (False, None)
    assert before.median is not None and abs(before.median - 30) < 3
    slow = [
        replace(finished(1000 + n, JobStatus.COMPLETED, NOW), started_at=NOW - 7 * MINUTE)
        for n in range(5)
    ]
    record("p", slow, now=NOW)
    chart = chart_of()
    assert (chart.of_now, chart.lately) == (True, floor(NOW, HOUR) - HOUR)
    assert chart.median is not None and abs(chart.median - 420) < 42
    assert chart.seconds_per_chunk is not None and abs(chart.seconds_per_chunk - 7) < 0.7
    assert chart.chunks_per_minute == 300 * MINUTE / (NOW - floor(NOW, HOUR) + HOUR)


def test_a_history_that_was_just_imported_has_no_pace_of_now(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=NOW)
    imported = [finished(n, JobStatus.COMPLETED, NOW - n * MINUTE) for n in range(500)]
    record("p", imported, now=NOW)
    pace = chart_of().chunks_per_minute
    assert pace is not None and abs(pace - 60) < 2  # one job of 60 chunks ended in each minute


def test_what_began_within_the_hour_has_the_pace_since_then(app: Flask) -> None:
    project()
    reports = [finished(n, JobStatus.COMPLETED, NOW - n * SECOND) for n in range(10)]
    record("p", reports, now=NOW)
    chart = chart_of()
    assert chart.lately == NOW - MINUTE, "of less than a minute no pace is told"
    assert chart.chunks_per_minute == 600


def causes_of(now: int = NOW) -> list[tuple[str | None, int, int]]:
    verdict = line_of(now=now).verdict
    return [(verdict.cause, verdict.count, verdict.times)]


def test_a_document_that_fails_again_is_one_that_failed_twice(app: Flask) -> None:
    project()
    record("p", [finished(0, JobStatus.COMPLETED, NOW - 9 * DAY, "other")], now=NOW)
    long_ago = NOW - 3 * DAY
    record("p", [finished(1, JobStatus.FAILED, long_ago, "a", "old reason")], now=NOW)
    record("p", [finished(2, JobStatus.FAILED, NOW - HOUR, "a", "new reason")], now=NOW)
    assert causes_of() == [("new reason", 1, 2)]
    # A success in between comes late, then the last failure is tried again.
    record("p", [finished(3, JobStatus.COMPLETED, NOW - DAY, "a")], now=NOW)
    assert causes_of() == [("new reason", 1, 1)]
    record("p", [Report(job_id="j2", status=JobStatus.RUNNING, attempt=2)], now=NOW)
    assert line_of().verdict.state is verdicts.RUNNING
    assert line_of().verdict.cause is None


def test_documents_of_which_only_the_ends_differ_stand_apart(app: Flask) -> None:
    project()
    stem = "長" * 1000
    record(
        "p",
        [
            finished(1, JobStatus.FAILED, NOW - 2 * HOUR, stem + "1"),
            finished(2, JobStatus.FAILED, NOW - 2 * HOUR, stem + "2"),
            finished(3, JobStatus.COMPLETED, NOW - HOUR, stem + "2"),
        ],
        now=NOW,
    )
    assert causes_of() == [("timeout", 1, 1)]
