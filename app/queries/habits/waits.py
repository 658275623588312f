"""Whether jobs usually wait at this time, for a run that comes later."""

from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, func, select

from app.models import Job
from app.queries.habits.doubt import DOUBTED, Learned, Row
from app.queries.matching import ended
from app.rules.status import FAILURES, SUCCESSES
from app.rules.times import DAY
from app.rules.verdicts.arrivals import TIMES, WEEK
from app.rules.verdicts.facts import moving
from app.rules.verdicts.starved import stands_since
from app.store.database import inlined
from app.store.seeks import ask_each, each_row, is_of


def is_doubtful(row: Row, now: int) -> bool:
    """Whether jobs wait for long, and nothing takes them."""
    if row["waiting_since"] is None or moving(row["running"], row["stalled"], row["unmoved"]):
        return False
    since = stands_since(row["waiting_since"], row["last_ended_at"])
    return bool(now - since >= row["wait_after"])


def learn(connection: Connection, rows: Sequence[Row], now: int, learned: Learned) -> None:
    """Whether it was the same at this time in each of the last weeks, or days."""
    spans = [
        {
            "project_id": row["project_id"],
            "start": row["waiting_since"] - by * times,
            "stop": now - by * times,
            "every": by,
        }
        for row in rows
        for by in (DAY, WEEK)
        for times in range(1, TIMES + 1)
    ]
    waited: Counter[tuple[str, int]] = Counter()
    for one in ask_each(connection, _waited, DOUBTED, spans):
        waited[one.project_id, one.every] += bool(one.came and not one.ended)
    for row in rows:
        project_id = row["project_id"]
        usually = any(waited[project_id, by] == TIMES for by in (DAY, WEEK))
        learned[project_id]["usually_waits"] = usually


@cache
def _waited(dialect: str) -> Any:
    """Of each span whether jobs were created in it, and whether any ended."""
    spans = each_row(dialect, DOUBTED, "start", "stop", "every")

    def any_of(at: Any, *conditions: Any) -> Any:
        within = (is_of(dialect, Job.project_id, spans), at >= spans.c.start, at <= spans.c.stop)
        found = select(inlined(1)).where(*within, *conditions).limit(inlined(1))
        counted = found.correlate(spans).subquery()
        return select(func.count()).select_from(counted).scalar_subquery()

    return select(
        spans.c.project_id,
        spans.c.every,
        any_of(Job.created_at).label("came"),
        any_of(Job.ended_at, ended((*SUCCESSES, *FAILURES))).label("ended"),
    )
