"""What completed jobs made of late, where some of them made no nodes."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, bindparam, func, select

from app.ledger.counts import Level
from app.models import CreatedCount, Job
from app.queries.habits.doubt import DOUBTED, USUAL, Learned, Row, named
from app.queries.matching import EMPTY, ended
from app.rules.project import makes_graph
from app.rules.skew import TOLERANCE
from app.rules.status import SUCCESSES
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts.facts import Output
from app.rules.verdicts.no_output import EMPTY_SHARE, MOST_IN_A_ROW, usual_output
from app.rules.verdicts.spells import spell_start
from app.store.database import inlined, table_of
from app.store.distributed import APART
from app.store.seeks import ask_each, each_row, is_of

MOST_COUNTED = 10_000  # empty jobs in a row
_COUNTS = table_of(CreatedCount).c


def is_doubtful(row: Row, now: int) -> bool:
    """Whether the job that completed last may have made no nodes, or many within the hour."""
    at = row["last_empty_at"]
    if at is None or not makes_graph(row["mode"]):
        return False
    return bool(at == row["last_success_at"] or at > now - HOUR)


def learn(connection: Connection, rows: Sequence[Row], now: int, learned: Learned) -> None:
    """The run of empty jobs of each project, those of the last hour, and what is usual."""
    since = floor(now, HOUR) - USUAL
    hours: dict[str, list[tuple[int, int, int]]] = {}
    for project_id, hour, completed, empty in ask_each(
        connection, _hours, DOUBTED, named(rows), since=since
    ):
        hours.setdefault(project_id, []).append((hour, int(completed), int(empty)))
    spells = {
        project_id: spell_start([hour for hour in of if hour[0] > now - DAY], now, EMPTY_SHARE)
        for project_id, of in hours.items()
    }
    begun = [
        {"project_id": row["project_id"], "spell": spells.get(row["project_id"], now - HOUR)}
        for row in rows
    ]
    times = {"hour_ago": now - HOUR, "soon": now + TOLERANCE}
    for row in ask_each(connection, _runs, DOUBTED, begun, **times):
        learned[row.project_id]["output"] = _output(row, hours.get(row.project_id, ()), now)


def _output(row: Any, hours: Sequence[tuple[int, int, int]], now: int) -> Output:
    run = int(row.run)
    before = row.run_since if run and row.run_since is not None else now - HOUR
    share, daily = usual_output([hour for hour in hours if hour[0] + HOUR <= before])
    return Output(
        run=min(run, MOST_COUNTED),
        run_at_least=run > MOST_COUNTED,
        run_since=row.run_since,
        spell_since=row.spell_since,
        last_at=row.last_at,
        hour_completed=row.hour_completed,
        hour_empty=row.hour_empty,
        usual_share=share,
        daily=daily,
    )


@cache
def _hours(dialect: str) -> Any:
    """What completed by the hour of its creation, and how many of those jobs made no nodes."""
    projects = each_row(dialect, DOUBTED)
    columns = (CreatedCount.bucket, _COUNTS.completed, _COUNTS.empty)
    return (
        select(CreatedCount.project_id, *columns)
        .join(projects, is_of(dialect, CreatedCount.project_id, projects))
        .where(
            CreatedCount.level == inlined(Level.HOUR),
            CreatedCount.bucket >= bindparam("since"),
            _COUNTS.completed > 0,
        )
    )


@cache
def _runs(dialect: str) -> Any:
    """Of each project the jobs without nodes since the last that made some, and of the last hour.

    That one is sought among the newest, and in the newest hour in which more jobs were created that
    completed than made no nodes: so a run of any length costs as much as its jobs in an index.
    """
    projects = each_row(dialect, DOUBTED, "spell")
    once = "NOT MATERIALIZED" if dialect in APART else "MATERIALIZED"

    def mine(model: Any, rows: Any) -> Any:
        return is_of(dialect, model.project_id, rows)

    soon = bindparam("soon", type_=Job.ended_at.type)
    hour = (
        select(func.max(CreatedCount.bucket))
        .where(
            mine(CreatedCount, projects),
            CreatedCount.level == inlined(Level.HOUR),
            _COUNTS.completed > _COUNTS.empty,
        )
        .correlate(projects)
    )
    good = (
        select(*projects.c, hour.scalar_subquery().label("hour"))
        .select_from(projects)
        .cte("good")
        .prefix_with(once)
    )
    of_hour = (Job.created_at >= good.c.hour, Job.created_at < good.c.hour + inlined(HOUR))
    completed = (ended(SUCCESSES), Job.ended_at <= soon)
    made = (
        select(func.max(Job.ended_at))
        .where(mine(Job, good), *completed, *of_hour, ~Job.empty)
        .correlate(good)
    )
    newest = (
        select(Job.ended_at)
        .where(mine(Job, good), *completed)
        .order_by(Job.ended_at.desc())
        .limit(inlined(MOST_IN_A_ROW))
        .correlate(good)
        .subquery()
    )
    lately = Job.ended_at >= select(func.min(newest.c.ended_at)).scalar_subquery()
    made_lately = (
        select(func.max(Job.ended_at))
        .where(mine(Job, good), *completed, lately, ~Job.empty)
        .correlate(good)
    )
    last = (
        select(
            good.c.project_id,
            good.c.spell,
            func.coalesce(made.scalar_subquery(), inlined(0)).label("made"),
            func.coalesce(made_lately.scalar_subquery(), inlined(0)).label("lately"),
        )
        .cte("last")
        .prefix_with(once)
    )
    of_last = mine(Job, last)
    empties = (of_last, EMPTY, Job.ended_at <= soon)
    since = (*empties, Job.ended_at > last.c.made, Job.ended_at > last.c.lately)
    counted = select(inlined(1)).where(*since).limit(inlined(MOST_COUNTED + 1)).correlate(last)
    of_last_hour = Job.ended_at > bindparam("hour_ago")

    def one(what: Any, *conditions: Any) -> Any:
        return select(what).where(*conditions).correlate(last).scalar_subquery()

    return select(
        last.c.project_id,
        select(func.count()).select_from(counted.subquery()).scalar_subquery().label("run"),
        one(func.min(Job.ended_at), *since).label("run_since"),
        one(func.min(Job.ended_at), *empties, Job.ended_at >= last.c.spell).label("spell_since"),
        one(func.max(Job.ended_at), *empties).label("last_at"),
        one(func.count(), *empties, of_last_hour).label("hour_empty"),
        one(func.count(), of_last, *completed, of_last_hour).label("hour_completed"),
    )
