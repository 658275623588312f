"""What documents and chunks usually take, which jobs are slower, and which stand."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, func, select, true

from app.ledger.counts import middle_of
from app.models import DurationCount, FinishedCount, Job
from app.queries.habits.doubt import DOUBTED, USUAL, Learned, Row, named
from app.queries.matching import ended
from app.rules.silence import silent_since
from app.rules.skew import TOLERANCE
from app.rules.status import SUCCESSES, JobStatus
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts.facts import Measured
from app.rules.verdicts.failing import FAILING_STREAK, fails_by_rate
from app.rules.verdicts.pace import Bin, Usual, slow_since, stands_after, usual_pace
from app.rules.verdicts.slow import SLOW_JOBS
from app.store.database import inlined
from app.store.seeks import each_row, listed_rows


def is_doubtful(row: Row, _now: int) -> bool:
    """Whether jobs may be slow or stand, or fail as they usually do."""
    many = fails_by_rate(row["hour_completed"], row["hour_failed"])
    failing = many or bool(row["streak"] >= FAILING_STREAK)
    return failing or bool(row["measured"] >= SLOW_JOBS or row["unmoved"])


def learn(connection: Connection, rows: Sequence[Row], now: int, learned: Learned) -> None:
    """What is usual in each project, and what is not so now."""
    edge = floor(now, HOUR) - DAY
    bins = _bins(connection, rows, edge)
    newest = _newest(connection, [row for row in rows if row["measured"] >= SLOW_JOBS], now)
    standing = []
    for row in rows:
        project_id = row["project_id"]
        hours = [one for one in bins[project_id] if one.start >= edge]
        usual = usual_pace(hours, [one for one in bins[project_id] if one.start < edge])
        learned[project_id] |= {"usual": usual, "newest": newest[project_id]}
        learned[project_id]["slow_hours_since"] = slow_since(hours, usual)
        if row["unmoved"]:
            standing.append(_limits(row, usual, now))
    if standing:
        _learn_standing(connection, standing, learned)


def _bins(connection: Connection, rows: Iterable[Row], edge: int) -> Mapping[str, list[Bin]]:
    """What finished by hour since the edge (µs), and by day before it."""
    values = {DOUBTED: named(rows), "edge": edge, "since": edge - USUAL}
    dialect = connection.dialect.name
    steps = defaultdict(list)
    for row in connection.execute(_steps(dialect), values):
        steps[row.project_id, row.start].append((middle_of(row.step), int(row.jobs)))
    bins = defaultdict(list)
    for row in connection.execute(_finished(dialect), values):
        counts = (int(row.completed), int(row.failed), int(row.chunks))
        bins[row.project_id].append(Bin(row.start, *counts, steps[row.project_id, row.start]))
    return bins


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
        .join(projects, projects.c.project_id == table.project_id)
        .where(table.hour >= bindparam("since"))
        .group_by(table.project_id, start, *keys)
    )


@cache
def _finished(dialect: str) -> Any:
    return _by_bin(dialect, FinishedCount, (), ("completed", "failed", "chunks"))


@cache
def _steps(dialect: str) -> Any:
    return _by_bin(dialect, DurationCount, (DurationCount.step,), ("jobs",))


def _newest(
    connection: Connection, rows: Sequence[Row], now: int
) -> Mapping[str, tuple[Measured, ...]]:
    """The jobs of the last hour that completed last, so far as it is known what they took."""
    newest: dict[str, tuple[Measured, ...]] = defaultdict(tuple)
    if rows:
        values = {DOUBTED: named(rows), "hour_ago": now - HOUR, "soon": now + TOLERANCE}
        for row in connection.execute(_completed(connection.dialect.name), values):
            newest[row.project_id] += (Measured(row.ended_at, row.took, row.chunks_processed),)
    return newest


@cache
def _completed(dialect: str) -> Any:
    """The newest jobs of each project: SQLite joins them by their keys, PostgreSQL laterally."""
    projects = each_row(dialect, DOUBTED)
    columns = (Job.project_id, Job.ended_at, Job.took, Job.chunks_processed)
    lately = (Job.ended_at > bindparam("hour_ago"), Job.ended_at <= bindparam("soon"))
    mine = (Job.project_id == projects.c.project_id, ended(SUCCESSES), *lately)
    if dialect == "postgresql":
        newest = (
            select(*columns).where(*mine).order_by(Job.ended_at.desc()).limit(inlined(SLOW_JOBS))
        ).lateral()
        return (
            select(newest)
            .select_from(projects)
            .join(newest, true())
            .where(newest.c.took.is_not(None))
        )
    oldest = (
        select(Job.ended_at)
        .where(*mine)
        .order_by(Job.ended_at.desc())
        .limit(inlined(1))
        .offset(inlined(SLOW_JOBS - 1))
        .correlate(projects)
    )
    found = select(*columns).where(ended(SUCCESSES), Job.took.is_not(None))
    joined = found.join(projects, Job.project_id == projects.c.project_id)
    return joined.where(Job.ended_at >= oldest.scalar_subquery(), Job.ended_at <= bindparam("soon"))


def _limits(row: Row, usual: Usual, now: int) -> dict[str, Any]:
    """Since when a job of the project must not have gone on, to stand: see `stands_after`."""
    counted, uncounted = stands_after(usual, row["silent_after"])
    return {
        "project_id": row["project_id"],
        "heard_since": silent_since(now, row["silent_after"]),
        "counted": now - counted,
        "uncounted": 0 if uncounted is None else now - uncounted,
    }


def _learn_standing(
    connection: Connection, limits: Sequence[Mapping[str, Any]], learned: Learned
) -> None:
    values = {DOUBTED: listed_rows(limits)}
    for limit in limits:
        learned[limit["project_id"]]["unmoved"] = 0
    for row in connection.execute(_standing(connection.dialect.name), values):
        fields = learned[row.project_id]
        if fields["unmoved"] == 0 or row.moved_at < fields["unmoved_since"]:
            fields |= {
                "unmoved_since": row.moved_at,
                "unmoved_chunks": row.chunks_processed,
                "unmoved_total": row.chunks_total,
            }
        fields["unmoved"] += 1


@cache
def _standing(dialect: str) -> Any:
    """The running jobs that are heard of and have not gone on for too long."""
    limits = each_row(dialect, DOUBTED, "heard_since", "counted", "uncounted")
    tells = Job.chunks_processed > 0, Job.chunks_processed < func.coalesce(Job.chunks_total, 2**62)
    limit = case((and_(*tells), limits.c.counted), else_=limits.c.uncounted)
    return (
        select(Job.project_id, Job.moved_at, Job.chunks_processed, Job.chunks_total)
        .join(limits, Job.project_id == limits.c.project_id)
        .where(
            Job.status == inlined(JobStatus.RUNNING),
            Job.heard_at > limits.c.heard_since,
            Job.moved_at <= limits.c.counted,
            Job.moved_at <= limit,
        )
    )
