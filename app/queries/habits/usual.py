"""What documents and chunks usually take: what the days before the last 24 hours tell.

These days change no more, but for what is reported late. So each process keeps what they told for
as long as what finished in them is the same, and a new minute reads no duration again. (A job whose
duration was corrected after a day changes no such sum, and shows within the hour, when the days
begin at another.)
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from flask import Flask, current_app
from sqlalchemy import Connection, bindparam, case, func, select

from app.ledger.counts import middle_of
from app.models import DurationCount, FinishedCount
from app.queries.habits.doubt import DOUBTED, USUAL, Row, named
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts.pace import FEW, Bin, Usual, usual_pace
from app.store.database import inlined
from app.store.seeks import ask_each, each_row, is_of

FOREVER = 2**62  # µs

Finished = dict[int, tuple[int, int, int]]
"""By the start of an hour or a day (µs): jobs completed and failed, and their chunks."""


class Told(NamedTuple):
    """What was usual by these days, in which so much finished."""

    days: Finished
    usual: Usual


class Kept:
    """What the days before an edge (µs) told of projects; nothing of an edge that has passed."""

    def __init__(self) -> None:
        self._edge = 0
        self._told: dict[str, Told] = {}

    def before(self, edge: int) -> dict[str, Told]:
        """What is kept of this edge by project, to read and to add to."""
        if self._edge != edge:
            self._edge, self._told = edge, {}
        return self._told


def init_app(app: Flask) -> None:
    """Give the app a place for what it is told; nothing yet."""
    app.extensions["usual"] = Kept()


def usual_of(connection: Connection, rows: Sequence[Row], now: int) -> dict[str, Usual]:
    """What is usual in each project: one statement, and two where that is not kept."""
    edge = _edge(now)
    days = _finished_in(connection, rows, edge, edge - USUAL, edge)
    kept: dict[str, Told] = current_app.extensions["usual"].before(edge)
    found = {
        project_id: told.usual
        for row in rows
        if (told := kept.get(project_id := row["project_id"])) and told.days == days[project_id]
    }
    unknown = [row for row in rows if row["project_id"] not in found]
    for project_id, bins in _bins(connection, unknown, edge, edge - USUAL).items():
        before = [one for one in bins if one.start < edge]
        found[project_id] = usual_pace([one for one in bins if one.start >= edge], before)
        if any(one.jobs >= FEW for one in before):  # else its last hours have told it
            kept[project_id] = Told(days[project_id], found[project_id])
    return found


def hours_of(
    connection: Connection, rows: Sequence[Row], now: int, span: int
) -> Mapping[str, list[Bin]]:
    """What finished in the hours of so long (µs, a day at most), by project: two statements."""
    return _bins(connection, rows, _edge(now), floor(now, HOUR) - span)


def _edge(now: int) -> int:
    """When the first hour of the last 24 began, and the days before them ended."""
    return floor(now, HOUR) - DAY


def _bins(
    connection: Connection, rows: Sequence[Row], edge: int, since: int
) -> dict[str, list[Bin]]:
    """What finished in each hour since the edge, and in each day before it since then (µs)."""
    if not rows:
        return {}
    finished = _finished_in(connection, rows, edge, since, FOREVER)
    steps: dict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    times = {"edge": edge, "since": since, "until": FOREVER}
    for project_id, start, step, jobs in ask_each(
        connection, _steps, DOUBTED, named(rows), **times
    ):
        steps[project_id, start].append((middle_of(step), int(jobs)))
    return {
        (project_id := row["project_id"]): [
            Bin(start, *counts, steps[project_id, start])
            for start, counts in finished[project_id].items()
        ]
        for row in rows
    }


def _finished_in(
    connection: Connection, rows: Iterable[Row], edge: int, since: int, until: int
) -> Mapping[str, Finished]:
    """What finished by project between two moments, in hours since the edge, else in days (µs)."""
    found: dict[str, Finished] = defaultdict(dict)
    times = {"edge": edge, "since": since, "until": until}
    for row in ask_each(connection, _finished, DOUBTED, named(rows), **times):
        counts = int(row.completed), int(row.failed), int(row.chunks)
        found[row.project_id][row.start] = counts
    return found


def _start(table: Any) -> Any:
    """The hour since the edge, else the day before it, counted back from there."""
    edge = bindparam("edge", type_=table.hour.type)
    day = edge - (edge - table.hour + inlined(DAY - 1)) // inlined(DAY) * inlined(DAY)
    return case((table.hour >= edge, table.hour), else_=day)


def _by_bin(dialect: str, table: Any, keys: Sequence[Any], names: Sequence[str]) -> Any:
    projects = each_row(dialect, DOUBTED)
    start = _start(table).label("start")
    return (
        select(
            table.project_id,
            start,
            *keys,
            *(func.sum(getattr(table, name)).label(name) for name in names),
        )
        .join(projects, is_of(dialect, table.project_id, projects))
        .where(table.hour >= bindparam("since"), table.hour < bindparam("until"))
        .group_by(table.project_id, start, *keys)
    )


@cache
def _finished(dialect: str) -> Any:
    return _by_bin(dialect, FinishedCount, (), ("completed", "failed", "chunks"))


@cache
def _steps(dialect: str) -> Any:
    return _by_bin(dialect, DurationCount, (DurationCount.step,), ("jobs",))
