"""What finished in the hours of the last day: the bars of a row, and how long a project fails."""

from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.models import FinishedCount, Project
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts import Hour, first_shown
from app.store.distributed import CITUS_FEW, kind_of

CHART_HOURS = 24


def hours_of(connection: Connection, now: int, only: Collection[str]) -> Mapping[str, list[Hour]]:
    """The last hours up to that of `now` (µs) in which something finished, oldest first.

    Of these projects.
    """
    hours: dict[str, list[Hour]] = {}
    if only:
        kind = kind_of(connection, len(only))
        values = {"only": sorted(only), "first_hour": floor(now, HOUR) - DAY}
        for row in connection.execute(_finished(kind), values).all():
            hours.setdefault(row.project_id, []).append(Hour(row.hour, row.completed, row.failed))
    return hours


@cache
def _finished(kind: str) -> Any:
    found = select(
        FinishedCount.project_id, FinishedCount.hour, FinishedCount.completed, FinishedCount.failed
    )
    only: Any = bindparam("only", expanding=True)
    projects = select(Project.project_id).where(Project.project_id.in_(only))
    if kind == CITUS_FEW:
        found = found.where(FinishedCount.project_id.in_(only))
    return found.where(
        FinishedCount.project_id.in_(projects), FinishedCount.hour > bindparam("first_hour")
    ).order_by(FinishedCount.hour)


def fill_hours(hours: Iterable[Hour], now: int) -> tuple[Hour, ...]:
    """The last 24 hours up to the one of `now`, oldest first, with nothing where nothing ended."""
    known = {hour.start: hour for hour in hours}
    starts = range(first_shown(now), floor(now, HOUR) + HOUR, HOUR)
    return tuple(known.get(start) or Hour(start) for start in starts)
