"""When jobs came in the weeks before, of projects in which none comes now."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from app.ledger.counts import Level
from app.models import CreatedCount, Job
from app.queries.habits.doubt import DOUBTED, Learned, Row, named
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts.arrivals import FEW, TIMES, WEEK, Arrivals, Span, asked, due
from app.store.database import inlined
from app.store.seeks import ask_each, each_row, is_of


def is_doubtful(row: Row, now: int) -> bool:
    """Whether jobs came a week or a day before, and nobody said how often they should."""
    came = (row["came_week_at"], row["came_day_at"])
    return row["expect_every"] is None and any(at is not None and at <= now for at in came)


def learn(connection: Connection, rows: Sequence[Row], now: int, learned: Learned) -> None:
    """Whether jobs should have come by now."""
    spans = {row["project_id"]: asked(row["last_created_at"], now, row["first_at"]) for row in rows}
    given = [
        {"project_id": project_id, "start": span.start, "stop": span.stop}
        for project_id, of_project in spans.items()
        for span in of_project
    ]
    came: dict[str, dict[Span, int]] = defaultdict(dict)
    for one in ask_each(connection, _came, DOUBTED, given):
        came[one.project_id][Span(one.start, one.stop)] = one.jobs
    hours: dict[str, dict[int, int]] = defaultdict(dict)
    since = floor(now, HOUR) - (TIMES + 1) * WEEK - DAY
    for project_id, hour, jobs in ask_each(connection, _hours, DOUBTED, named(rows), since=since):
        hours[project_id][hour] = int(jobs)
    for row in rows:
        project_id = row["project_id"]
        known = Arrivals(
            row["last_created_at"], row["first_at"], came[project_id], hours[project_id]
        )
        learned[project_id]["due"] = due(known, now)


@cache
def _came(dialect: str) -> Any:
    """How many jobs were created in each span, so far as it is asked."""
    spans = each_row(dialect, DOUBTED, "start", "stop")
    found = (
        select(inlined(1))
        .where(
            is_of(dialect, Job.project_id, spans),
            Job.created_at > spans.c.start,
            Job.created_at <= spans.c.stop,
        )
        .limit(inlined(FEW))
        .correlate(spans)
        .subquery()
    )
    return select(*spans.c, select(func.count()).select_from(found).scalar_subquery().label("jobs"))


@cache
def _hours(dialect: str) -> Any:
    projects = each_row(dialect, DOUBTED)
    jobs = sum(getattr(CreatedCount, status.word) for status in JobStatus)
    return (
        select(CreatedCount.project_id, CreatedCount.bucket, jobs.label("jobs"))
        .join(projects, is_of(dialect, CreatedCount.project_id, projects))
        .where(CreatedCount.level == inlined(Level.HOUR), CreatedCount.bucket >= bindparam("since"))
    )
