"""Lines that are kept for hours say, minute after minute, what lines made anew would say."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from app.ledger.projects import create_project
from app.ledger.report import Report
from app.ledger.sources import create_source, note_answer
from app.models import Project
from app.queries import board, projects
from app.queries.projects import ProjectLine
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.store.database import reading, writing
from tests.kit.judged import count_judged
from tests.kit.recording import done, record

NOON = floor(1_700_000_000 * SECOND, DAY) + 12 * HOUR  # a Tuesday
HOURS = 3
"""So often an hour of the clock begins while it is looked at."""


def every(step: int, days: int, until: int = NOON, **fields: Any) -> list[Report]:
    """A job every so often (µs), for so many days up to a moment."""
    return [done(at, **fields) for at in range(until - days * DAY, until, step)]


def weekly(minutes: Iterable[int]) -> list[Report]:
    """Four weeks of jobs at these minutes after noon, and one just now."""
    weeks = (NOON - week * 7 * DAY for week in (4, 3, 2, 1))
    return [*(done(at + n * MINUTE) for at in weeks for n in minutes), done(NOON - MINUTE)]


def of_type(status: JobStatus, at: int) -> Report:
    return Report(job_id=f"j{at}", source_doc_id="d", status=status, created_at=at)


HISTORIES: dict[str, Iterable[Report]] = {
    "none": (),
    "rests": every(HOUR, 3, NOON - 9 * DAY),
    "stops": every(12 * MINUTE, 22),
    "young": every(12 * MINUTE, 5),
    "keeps-appointments": [
        done(NOON - day * DAY + HOUR + n * MINUTE) for day in range(1, 30) for n in range(12)
    ],
    "comes-weekly": weekly(range(60)),
    "comes-weekly-later": weekly([3, 8, 12, *range(20, 60)]),
    "failed-a-day-ago": [done(NOON - DAY + n * 25 * MINUTE, failed=True) for n in range(1, 9)],
    "failed-and-went-on": [
        *(done(NOON - DAY + n * 50 * MINUTE, failed=True) for n in range(1, 5)),
        *every(HOUR, 1),
    ],
    "failed-lately": [
        *every(5 * MINUTE, 1, NOON - HOUR),
        *(done(NOON - n * 7 * MINUTE, failed=True) for n in range(1, 5)),
        done(NOON - MINUTE),
    ],
    "failed-in-a-row": [done(NOON - n * 7 * MINUTE, failed=True) for n in range(1, 5)],
    "empty-lately": [
        *every(HOUR, 3),
        *(done(NOON - n * MINUTE - SECOND, nodes=0) for n in range(1, 7)),
    ],
    "slow-lately": [*every(10 * MINUTE, 4), *every(MINUTE, 1, NOON + HOUR, took=300)[-50:]],
    "expected": every(HOUR, 1, NOON - 20 * MINUTE),
    "waits": [of_type(JobStatus.PENDING, NOON - 10 * MINUTE), done(NOON - 11 * MINUTE)],
    "runs": [of_type(JobStatus.RUNNING, NOON - 10 * MINUTE), done(NOON - 11 * MINUTE)],
    "drains": [
        of_type(JobStatus.PENDING, NOON - 10 * MINUTE),
        of_type(JobStatus.RUNNING, NOON - 9 * MINUTE),
        *every(7 * MINUTE, 1, NOON)[-8:],
    ],
    "clock-was-off": [done(NOON - MINUTE)],
    "follows-a-source": every(HOUR, 1, NOON - DAY),
}


@pytest.fixture(autouse=True)
def _projects(app: Flask) -> None:
    for name, history in HISTORIES.items():
        create_project(name, name=name, mode="kg_vector", now=NOON - 40 * DAY)
        if reports := list(history):
            record(name, reports, now=NOON)
    change("expected", expect_every=2 * HOUR)
    create_source(
        "follows-a-source", url="http://x", upstream_project="p", sealed_key=None, now=NOON - HOUR
    )
    change("clock-was-off", skew_seconds=90, skewed_at=NOON - DAY + 30 * MINUTE)


def change(project_id: str, **values: int) -> None:
    with writing() as connection:
        connection.execute(update(Project).where(Project.project_id == project_id).values(**values))


def told(lines: Iterable[ProjectLine]) -> dict[str, ProjectLine]:
    """Them by project, but for the moment at which they were made, and what they followed from."""
    made = {"at": 0, "steady_until": 0, "newest": ()}
    return {
        line.facts.project_id: replace(line, facts=replace(line.facts, **made)) for line in lines
    }


@pytest.mark.parametrize("seed", range(2))
def test_what_is_kept_is_what_is_true(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(seed)
    judged = count_judged(monkeypatch)
    before: dict[str, ProjectLine] = {}
    moved = set()
    for minute in range(HOURS * 60 + 20):
        now = NOON + minute * MINUTE
        with reading() as connection:
            kept = told(board.look(connection, now).lines)
            anew = told(projects.list_lines(connection, now))
        for name, line in anew.items():
            assert kept[name] == line, f"{name}, {minute} min after noon"
            if before and line != before[name]:
                moved.add(name)
        before = anew
        if minute % 10 == 0:  # signs of life, and no new version
            record("drains", [Report(job_id=f"j{NOON - 9 * MINUTE}")], now=now)
            note_answer("follows-a-source", {"synced_at": now, "answered_at": now})
        if seed and random.random() < 0.1:
            name, failed = random.choice(list(HISTORIES)), random.random() < 0.3
            record(name, [done(now, failed=failed)], now=now)
    if not seed:  # nothing was reported: time alone made these another
        assert moved == set(HISTORIES) - {"none", "rests"}
        # (All are asked for as None: by the board at first, and here to compare.)
        asked = Counter(name for names in judged if names is not None for name in names)
        for name in ("none", "rests", "failed-and-went-on"):
            assert asked[name] <= HOURS
