"""What finished in a project of late, in figures, from the finished counts."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from app.ledger.counts import middle_of
from app.models import DurationCount, FinishedCount, Job
from app.queries.views import Chart
from app.rules.project import Project
from app.rules.times import DAY, HOUR, MINUTE, floor
from app.rules.verdicts import Hour
from app.rules.verdicts.pace import FEW, per_chunk, quantile
from app.store.database import inlined


@dataclass(frozen=True, slots=True)
class Scale:
    """What a chart covers: so many bars of `unit` µs each; `name` is its value in URLs.

    Behind them stands what was so many µs `before` them, if that is like them: an hour is like that
    of the day before, but of days a month has now four Sundays and now five.
    """

    name: str
    label: str
    bars: int
    unit: int
    before: int = 0


LAST_DAY = Scale("24h", "24 hours", 24, HOUR, before=DAY)
LAST_MONTH = Scale("30d", "30 days", 30, DAY)
SCALES = {scale.name: scale for scale in (LAST_DAY, LAST_MONTH)}


def get_chart(
    connection: Connection,
    project: Project,
    now: int,
    *,
    running: bool,
    scale: Scale = LAST_DAY,
) -> Chart:
    """The bars of a scale up to the hour or day of `now` (µs), and what jobs take.

    That is of the hour that runs and the one before it: the pace of now, and not of one lucky
    minute; of all bars where too few jobs ended in these. Chunks a minute only while jobs run.
    """
    first = floor(now, scale.unit) - (scale.bars - 1) * scale.unit
    recent = floor(now, HOUR) - HOUR
    values = {
        "of_project": project.project_id,
        "since": first - scale.before,
        "until": floor(now, scale.unit) + scale.unit,
        "recent": recent,
    }
    rows = connection.execute(_finished(scale.unit), values).all()
    steps = connection.execute(_STEPS, values | {"since": first}).all()
    begun = max(recent, min(rows[0].first_created or 0, now - MINUTE)) if rows else recent
    known = {row.start: Hour(row.start, int(row.completed), int(row.failed)) for row in rows}
    starts = range(first, first + scale.bars * scale.unit, scale.unit)
    chunks = sum(int(row.chunks) for row in rows if row.start >= first)
    histogram = [(middle_of(step), int(jobs)) for step, jobs, _ in steps if jobs > 0]
    chunks_lately = sum(int(row.lately) for row in rows)
    lately = [(middle_of(step), int(jobs)) for step, _, jobs in steps if jobs > 0]
    of_now = sum(jobs for _, jobs in lately) >= FEW
    if of_now:
        histogram, chunks = lately, chunks_lately
    return Chart(
        bars=tuple(known.get(start) or Hour(start) for start in starts),
        before=tuple(
            known.get(start - scale.before, Hour(start)).finished
            for start in (starts if scale.before else ())
        ),
        unit=scale.unit,
        name=scale.name,
        median=quantile(histogram, 0.5),
        p95=quantile(histogram, 0.95),
        chunks_per_minute=(
            chunks_lately * MINUTE / (now - begun) if chunks_lately and running else None
        ),
        seconds_per_chunk=per_chunk(histogram, chunks),
        lately=begun,
        of_now=of_now,
    )


@cache
def _finished(unit: int) -> Any:
    """What finished since a moment, by hour or by day, and when the first job was created."""
    first = select(func.min(Job.created_at)).where(Job.project_id == bindparam("of_project"))
    start = FinishedCount.hour - FinishedCount.hour % inlined(unit)
    return (
        select(
            start.label("start"),
            func.sum(FinishedCount.completed).label("completed"),
            func.sum(FinishedCount.failed).label("failed"),
            func.sum(FinishedCount.chunks).label("chunks"),
            func.coalesce(
                func.sum(FinishedCount.chunks).filter(FinishedCount.hour >= bindparam("recent")), 0
            ).label("lately"),
            first.scalar_subquery().label("first_created"),
        )
        .where(*_shown(FinishedCount))
        .group_by(start)
    )


def _shown(table: Any) -> tuple[Any, ...]:
    of_project = table.project_id == bindparam("of_project")
    return of_project, table.hour >= bindparam("since"), table.hour < bindparam("until")


_STEPS = (
    select(
        DurationCount.step,
        func.sum(DurationCount.jobs),
        func.coalesce(
            func.sum(DurationCount.jobs).filter(DurationCount.hour >= bindparam("recent")), 0
        ),
    )
    .where(*_shown(DurationCount))
    .group_by(DurationCount.step)
    .order_by(DurationCount.step)
)
