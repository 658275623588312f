"""The last 24 hours of a project in figures, from the finished counts."""

from sqlalchemy import Connection, bindparam, func, select

from app.database import table_of
from app.health import Hour
from app.ledger.counts import duration_of
from app.models import DurationCount, FinishedCount
from app.project import Project
from app.queries.projects import fill_hours
from app.queries.views import Chart
from app.times import DAY, HOUR, MINUTE, floor

_HOURS = select(table_of(FinishedCount)).where(
    FinishedCount.project_id == bindparam("of_project"), FinishedCount.hour > bindparam("since")
)
_STEPS = (
    select(DurationCount.step, func.sum(DurationCount.jobs))
    .where(
        DurationCount.project_id == bindparam("of_project"),
        DurationCount.hour > bindparam("since"),
    )
    .group_by(DurationCount.step)
    .order_by(DurationCount.step)
)


def get_chart(connection: Connection, project: Project, now: int, *, running: bool) -> Chart:
    """24 bars up to the hour of `now` (µs), the median and p95, and the pace while jobs run."""
    since = floor(now, HOUR) - DAY
    values = {"of_project": project.project_id, "since": since}
    rows = connection.execute(_HOURS, values).all()
    steps = connection.execute(_STEPS, values).all()
    histogram = [(step, int(jobs)) for step, jobs in steps if jobs > 0]
    # The hour that runs and the one before it: the pace of now, and not of one lucky minute.
    recent = max(floor(now, HOUR) - HOUR, min(project.created_at, now - MINUTE))
    chunks = sum(row.chunks for row in rows if row.hour >= floor(recent, HOUR))
    return Chart(
        hours=fill_hours((Hour(row.hour, row.completed, row.failed) for row in rows), now),
        median=_quantile(histogram, 0.5),
        p95=_quantile(histogram, 0.95),
        chunks_per_minute=chunks * MINUTE / (now - recent) if chunks and running else None,
    )


def _quantile(histogram: list[tuple[int, int]], share: float) -> float | None:
    """The duration (seconds) below which `share` of the jobs lie, from (step, jobs) in order."""
    left = share * sum(jobs for _, jobs in histogram)
    for step, jobs in histogram:
        left -= jobs
        if left <= 0:
            return duration_of(step)
    return None
