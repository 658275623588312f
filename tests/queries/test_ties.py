"""What ties: the same rows give the same answer, on both engines, in whatever order they came."""

import random
import re
from collections.abc import Sequence

import pytest
from flask import Flask
from sqlalchemy import Connection

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries import blame, causes, failing, looking
from app.queries.blame import failures_since
from app.queries.failing import Failing
from app.queries.habits import pace
from app.queries.projects import get_project, list_lines
from app.queries.views import Cause
from app.rules.causes import cause_of
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.store.database import db, reading
from tests.kit.recording import record
from tests.kit.statements import asked

NOW = floor(1_700_000_000 * SECOND, HOUR) + 30 * MINUTE
AT = NOW - MINUTE
MANY = 30
ERRORS = ["z" * (number + 1) for number in range(MANY)]
CAUSES = sorted(map(cause_of, ERRORS))
NAMES = [f"d{number:02}" for number in range(MANY)]


@pytest.fixture(params=["as they are", "backwards", "mixed"])
def order(request: pytest.FixtureRequest, app: Flask) -> Sequence[int]:
    """An order in which the rows of a project may come, each in a transaction of its own."""
    create_project("p", name="p", mode="kg_vector", now=NOW - 30 * DAY)
    numbers = list(range(MANY))
    if request.param == "mixed":
        random.Random(7).shuffle(numbers)
    return numbers[::-1] if request.param == "backwards" else numbers


def fail(order: Sequence[int], errors: Sequence[str]) -> None:
    """One failure of each document, all at the same moment."""
    for number in order:
        report = Report(
            job_id=f"j{number:02}",
            source_doc_id=NAMES[number],
            status=JobStatus.FAILED,
            created_at=AT,
            completed_at=AT,
            error_message=errors[number],
        )
        record("p", [report], now=NOW)


def numbers_of(found: Sequence[Cause]) -> list[int]:
    return [one.cause for one in found]


def test_of_causes_that_tie_those_of_the_least_numbers_come_first(
    order: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(causes, "MOST_CAUSES", 12)
    causes._newest.cache_clear()
    fail(order, ERRORS)
    with reading() as connection:
        project = get_project(connection, "p")
        worst, _ = causes.list_worst(connection, "p", 7)
        shown = causes.list_causes(connection, project, NOW)
    causes._newest.cache_clear()
    assert numbers_of(worst) == CAUSES[:7]
    assert numbers_of(shown.lines) == CAUSES[:12]


def test_of_causes_that_tie_the_same_one_is_blamed(order: Sequence[int]) -> None:
    fail(order, ERRORS)
    with reading() as connection:
        [line] = list_lines(connection, NOW)
        [failures] = failures_since(connection, {"p": line.verdict}).values()
    few = CAUSES[: blame.MOST_BLAMED]
    assert sorted(one.cause_id for one in failures.causes) == few
    [named] = [error for error in ERRORS if cause_of(error) == line.verdict.cause_id]
    assert named == max(error for error in ERRORS if cause_of(error) in few)


def test_of_documents_that_tie_the_same_ones_are_told(order: Sequence[int]) -> None:
    fail(order, ["torn"] * MANY)
    with reading() as connection:
        project = get_project(connection, "p")
        [few] = causes.list_failing(connection, "p", [cause_of("torn")], 7).values()
        told, _ = failing.read(connection, project, Failing())
        [line] = list_lines(connection, NOW)
        [failures] = failures_since(connection, {"p": line.verdict}).values()
    assert [one.document for one in few] == NAMES[::-1][:7]
    assert [one["source_doc_id"] for one in told] == NAMES[::-1]
    assert failures.document == NAMES[-1]


def complete(order: Sequence[int]) -> None:
    """Jobs that all ended at the same moment, each of which took another time."""
    for number in order:
        report = Report(
            job_id=f"j{number:02}",
            source_doc_id=NAMES[number],
            status=JobStatus.COMPLETED,
            created_at=AT - DAY,
            started_at=AT - number * SECOND,
            completed_at=AT,
            chunks_processed=5,
        )
        record("p", [report], now=NOW)


def test_of_jobs_that_ended_at_once_all_are_measured_or_none(order: Sequence[int]) -> None:
    complete(order)
    with reading() as connection:
        measured = pace._completed(connection, [{"project_id": "p"}], NOW, HOUR, 7)
    took = sorted(one.took for one in measured["p"])
    assert took == [number * SECOND for number in range(MANY)]


def test_of_jobs_that_went_on_last_at_once_the_same_one_is_told(order: Sequence[int]) -> None:
    for number in order:
        report = Report(
            job_id=f"j{number:02}",
            source_doc_id=NAMES[number],
            status=JobStatus.RUNNING,
            created_at=AT - DAY,
            started_at=AT - DAY,
            chunks_processed=5 + number * 7 % MANY,
            chunks_total=99,
        )
        record("p", [report], now=AT - DAY)
    for number in order:
        record("p", [Report(job_id=f"j{number:02}")], now=NOW)
    with reading() as connection:
        [line] = list_lines(connection, NOW)
    assert (line.facts.unmoved, line.facts.unmoved_chunks) == (MANY, 5)


def test_of_texts_that_tie_the_same_ones_are_found(
    order: Sequence[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "ENOUGH", 7)
    fail(order, ["it is broken"] * MANY)
    with reading() as connection:
        found = looking.look(connection, "p", "roke", ())
    assert sorted(found.jobs) == [f"j{number:02}" for number in range(MANY - 7, MANY)]


def sorted_for_a_limit(connection: Connection, statement: str, values: object) -> list[str]:
    """Where an engine has to sort what ties, to tell what a limit leaves of it."""
    explain = {"sqlite": "EXPLAIN QUERY PLAN", "postgresql": "EXPLAIN (COSTS OFF)"}
    rows = connection.exec_driver_sql(f"{explain[connection.dialect.name]} {statement}", values)
    plan = "\n".join(str(row[-1]) for row in rows)
    return re.findall(r"(?:PART|TERMS?) OF ORDER BY|Limit\n +->  (?:Incremental )?Sort\n.*", plan)


def test_nothing_is_sorted_to_tell_what_ties(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=NOW - 30 * DAY)
    fail(range(MANY), ERRORS)
    with reading() as connection:
        project = get_project(connection, "p")
        with asked(db.engine) as heard:
            causes.list_worst(connection, "p", 7)
            causes.list_causes(connection, project, NOW)
            causes.list_failing(connection, "p", CAUSES, 7)
            for cause in (None, CAUSES[0]):
                failing.read(connection, project, Failing(cause, after=(AT, "d07")))
            looking.find_causes(connection, "p", ("z",))
            list_lines(connection, NOW)
        if connection.dialect.name == "postgresql":  # which sorts at once what it believes few
            sorts = ("enable_sort", "enable_incremental_sort")
            connection.exec_driver_sql(";".join(f"SET LOCAL {name} = off" for name in sorts))
        found = [sorted_for_a_limit(connection, *one) for one in heard if "LIMIT" in one[0]]
    assert len(found) > 7
    assert not [one for one in found if one]
