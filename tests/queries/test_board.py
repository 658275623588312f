"""Lines that are kept say what lines that are made anew would say, and few are made anew."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete

from app import create_app
from app.config import read
from app.ledger.projects import change_project, create_project
from app.ledger.report import Report
from app.models import Project
from app.queries import board, projects
from app.queries.projects import ProjectLine
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND
from app.store.database import db, reading, writing
from tests.kit.judged import Asked, count_judged
from tests.kit.recording import record

NOON = 1_700_006_400 * SECOND
NAMES = tuple("abcd")


@pytest.fixture(autouse=True)
def _projects(app: Flask) -> None:
    for name in NAMES:
        create_project(name, name=name.upper(), mode="kg_vector", now=NOON - DAY)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """Of which projects lines are made anew, each time; None: of all."""
    return count_judged(monkeypatch)


def shown(now: int, only: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    """What is said at a moment, which is also what is said without anything kept."""
    with reading() as connection:
        kept = board.look(connection, now, only).lines
        anew = projects.list_lines(connection, now, only)
    assert told(kept) == told(anew)
    return told(kept)


def told(lines: Sequence[ProjectLine]) -> list[tuple[Any, ...]]:
    return [
        (one.facts.project_id, one.facts.name, one.verdict, one.also, one.brief) for one in lines
    ]


def states(now: int) -> list[tuple[str, str]]:
    return [(project_id, verdict.state.name) for project_id, _, verdict, *_ in shown(now)]


def made(asked: list[Any]) -> list[Any]:
    """What was made anew by the board itself, and not to compare it with."""
    calls = asked[:-1]
    asked.clear()
    return calls


def drop(project_id: str) -> None:
    """Remove a project that has no jobs."""
    with writing() as connection:
        connection.execute(delete(Project).where(Project.project_id == project_id))


def failed(number: int, at: int) -> Report:
    return Report(
        job_id=f"f{number}",
        source_doc_id=f"d{number}",
        status=JobStatus.FAILED,
        completed_at=at,
        error_message="timeout",
    )


def test_only_what_changed_is_judged_anew(asked: list[Any]) -> None:
    shown(NOON)
    assert made(asked) == [None]
    shown(NOON + SECOND)
    assert made(asked) == []
    for number in range(3):
        record("c", [failed(number, NOON)], now=NOON + SECOND)
        shown(NOON + SECOND)
        assert made(asked) == [["c"]]
    assert states(NOON + SECOND)[0] == ("c", "failing")
    made(asked)
    change_project("b", {"name": "Another"})
    assert ("b", "Another") in [line[:2] for line in shown(NOON + 2 * SECOND)]
    assert made(asked) == [["b"]]
    shown(NOON + MINUTE)  # what follows from its last hour may be another with every minute
    assert made(asked) == [["c"]]
    shown(NOON + HOUR)
    assert made(asked) == [None]


def test_a_line_is_made_anew_at_the_moment_from_which_it_may_not_be_true(asked: list[Any]) -> None:
    running = Report(job_id="r", source_doc_id="r", status=JobStatus.RUNNING)
    record("a", [running], now=NOON - 15 * MINUTE + 30 * SECOND)
    assert ("a", "running") in states(NOON)
    record("a", [Report(job_id="r")], now=NOON + SECOND)  # a sign of life, and no new version
    made(asked)
    assert ("a", "running") in states(NOON + 31 * SECOND)
    assert made(asked) == [["a"]]
    assert ("a", "stalled") in states(NOON + 15 * MINUTE + SECOND)


def test_to_have_its_hours_no_line_is_made_anew(asked: list[Any]) -> None:
    record("a", [failed(1, NOON - HOUR)], now=NOON)
    shown(NOON)
    made(asked)
    with reading() as connection:
        lines = board.look(connection, NOON).lines
        charted = board.with_hours(connection, NOON, lines)
        assert asked == []
        alone = [projects.list_lines(connection, NOON, name)[0] for name in NAMES]
    assert any(not line.facts.hours for line in lines)
    assert {line.facts.project_id: line for line in charted} == dict(zip(NAMES, alone, strict=True))


def test_whatever_changes_no_more_is_kept_than_there_are_projects(app: Flask) -> None:
    for number in range(10):
        record("a", [failed(number, NOON)], now=NOON)
        shown(NOON, ["a", "b"])
        assert len(app.extensions["lines"]) == 2
    shown(NOON)
    assert len(app.extensions["lines"]) == len(NAMES)


def test_of_many_each_is_made_anew_at_a_time_of_its_own(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "MANY", len(NAMES) - 1)
    monkeypatch.setattr(board, "hash", lambda name: ord(name) * 15 * SECOND, raising=False)
    for name in NAMES:
        record(name, [Report(job_id=name, source_doc_id="r", status=JobStatus.RUNNING)], now=NOON)
    shown(NOON)
    made(asked)
    again: dict[str, int] = {}
    for second in range(1, 61):
        shown(NOON + second * SECOND)
        for call in made(asked):
            again |= {name: second for name in call if name not in again}
    assert again == {"d": 1, "a": 16, "b": 31, "c": 46}


def test_of_many_that_rest_each_is_made_anew_at_a_time_of_its_own_after_the_hour(
    asked: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "MANY", len(NAMES) - 1)
    monkeypatch.setattr(board, "hash", lambda name: ord(name) * 15 * SECOND, raising=False)
    shown(NOON)
    made(asked)
    for second, names in ((-1, []), (0, []), (2, [["d"]]), (17, [["a"]]), (59, [["b", "c"]])):
        shown(NOON + HOUR + second * SECOND)
        assert made(asked) == names


def test_some_of_the_projects_are_those_that_were_asked_for(asked: list[Any]) -> None:
    shown(NOON)
    made(asked)
    assert [one[0] for one in shown(NOON, ["b", "d", "-"])] == ["b", "d"]
    assert made(asked) == []
    assert [one[0] for one in shown(NOON, ["b"])] == ["b"]
    assert [one[0] for one in shown(NOON)] == list(NAMES)


def test_another_project_of_the_same_id_is_another(asked: list[Any]) -> None:
    shown(NOON)
    drop("a")
    assert "a" not in [one[0] for one in shown(NOON)]
    create_project("a", name="New", mode="kg_vector", now=NOON)
    assert ("a", "New") in [line[:2] for line in shown(NOON)]
    for name in "abc":
        drop(name)
    with reading() as connection:
        [line] = board.look(connection, NOON).lines
    assert len(line.facts.hours) == 24  # what is alone is shown with them


def test_where_no_pages_are_kept_no_lines_are(settings: dict[str, str], asked: list[Any]) -> None:
    bare = create_app(read(settings | {"CACHE_MB": "0"}))
    with bare.app_context():
        shown(NOON)
        shown(NOON)
        db.engine.dispose()
    assert asked == [None] * 4


def test_of_two_at_once_one_judges(app: Flask, asked: list[Any]) -> None:
    begun = Barrier(2)

    def look(now: int) -> list[tuple[Any, ...]]:
        with app.app_context(), reading() as connection:
            begun.wait(timeout=10)
            return told(board.look(connection, now).lines)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(look, (NOON, NOON + SECOND))
    assert one == other
    assert asked == [None]


def test_what_was_judged_while_a_request_waited_is_of_a_later_moment(asked: list[Any]) -> None:
    with reading() as connection:
        board.look(connection, NOON)
        board.look(connection, NOON - SECOND)
        assert asked == [None]
        board.look(connection, NOON - 10 * SECOND)  # of a clock that was set back
        assert asked == [None, None]
