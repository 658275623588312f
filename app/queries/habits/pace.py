"""What documents and chunks take of late, and since when that is slower than usual."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache, partial
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, or_, select, true

from app.models import Job
from app.queries.habits import standing
from app.queries.habits.doubt import DOUBTED, Learned, Row, named
from app.queries.habits.usual import hours_of, usual_of
from app.queries.matching import RUNNING, ended
from app.rules.durations import Basis, runs_since
from app.rules.silence import silent_since
from app.rules.skew import TOLERANCE
from app.rules.status import SUCCESSES
from app.rules.times import DAY, HOUR, SECOND
from app.rules.verdicts.facts import Measured
from app.rules.verdicts.failing import FAILING_STREAK, fails_by_rate
from app.rules.verdicts.pace import SLOW_TIMES, Usual, slow_since, was_slow
from app.rules.verdicts.slow import LONGER_TIMES, SLOW_JOBS, are_latest, latest, slow_pace
from app.store.database import inlined
from app.store.distributed import APART
from app.store.seeks import ask_each, each_row, is_of

MOST_RUNNING = 100  # jobs that are measured while they run
SOME_COMPLETED = 200  # jobs among which those that began last are sought first
MOST_COMPLETED = 2_000  # and then at most
SOME_HOURS = 3 * HOUR  # in which it is sought first since when a project is slow
MOST_OF_HOUR = 5_000  # jobs among which the first slow one is sought


Jobs = dict[str, list[Measured]]
"""Measured jobs by project."""


def is_doubtful(row: Row, _now: int) -> bool:
    """Whether jobs may be slow or stand, or fail as they usually do."""
    many = fails_by_rate(row["hour_completed"], row["hour_failed"])
    failing = many or bool(row["streak"] >= FAILING_STREAK)
    return failing or _measurable(row) or bool(row["unmoved"])


def _measurable(row: Row) -> bool:
    """Whether enough jobs, completed lately or running, say what they take now."""
    return bool(row["measured"] + row["running"] - row["stalled"] >= SLOW_JOBS)


def learn(connection: Connection, rows: Sequence[Row], now: int, learned: Learned) -> None:
    """What is usual in each project, and what is not so now.

    Where few jobs completed in the last hour, what runs is measured too.
    """
    usual = usual_of(connection, rows, now)
    measurable = [row for row in rows if _measurable(row)]
    running = _running(connection, [row for row in measurable if _has_few(row)], now)
    completed = _completed(connection, measurable, now, HOUR, SLOW_JOBS)
    slow = []
    for row in rows:
        project_id = row["project_id"]
        newest = completed[project_id] + running[project_id]
        learned[project_id] |= {"usual": usual[project_id], "newest": newest}
        if slow_pace(usual[project_id], newest):
            slow.append(row)
    if slow:
        running |= _running(connection, [row for row in slow if not _has_few(row)], now)
        _learn_latest(connection, slow, running, now, learned)
        slow = [
            row
            for row in slow
            if slow_pace(usual[row["project_id"]], learned[row["project_id"]]["newest"])
        ]
    if slow:
        _learn_spells(connection, slow, now, learned)
    standing.learn(connection, [row for row in rows if row["unmoved"]], usual, now, learned)


def _has_few(row: Row) -> bool:
    """Whether fewer completed in the last hour than tell what they take now."""
    return bool(row["measured"] < SLOW_JOBS)


def _learn_latest(
    connection: Connection, rows: Sequence[Row], running: Jobs, now: int, learned: Learned
) -> None:
    """Take for the newest jobs those of a day that began last: those that ended last seem slow.

    As a burst comes to its end, what ends last are those that take long in any case. They are
    sought in a whole day: within an hour those alone might be left that ended last. More are read
    only of a project where one that ended before those read may have begun later.
    """
    for most in (SOME_COMPLETED, MOST_COMPLETED):
        completed = _completed(connection, rows, now, DAY, most)
        unsure = []
        for row in rows:
            project_id = row["project_id"]
            facts, read = learned[project_id], completed[project_id]
            newest = latest(read + running[project_id], facts["usual"], now)
            facts["newest"] = newest
            if not are_latest(newest, read):
                unsure.append(row)
        rows = unsure


def _completed(connection: Connection, rows: Sequence[Row], now: int, span: int, most: int) -> Jobs:
    """Those of so long (µs) up to now that completed last, so many of each project."""
    found: Jobs = defaultdict(list)
    if not rows:
        return found
    build = partial(_last_completed, most=most)
    times = {"since": now - span, "soon": now + TOLERANCE}
    for project_id, ended_at, took, chunks in ask_each(
        connection, build, DOUBTED, named(rows), **times
    ):
        if took is not None:
            found[project_id].append(Measured(ended_at, took, chunks))
    return found


def _running(connection: Connection, rows: Sequence[Row], now: int) -> Jobs:
    """What runs and is heard of: up to now, and up to the chunk that it is at.

    So it takes as long at least.
    """
    found: Jobs = defaultdict(list)
    if not rows:
        return found
    values = [
        {"project_id": row["project_id"], "heard_since": silent_since(now, row["silent_after"])}
        for row in rows
    ]
    for row in ask_each(connection, _last_running, DOUBTED, values):
        if row.started_at is not None:
            found[row.project_id].append(_up_to_now(row, now))
    return found


def _up_to_now(row: Any, now: int) -> Measured:
    """What a job that runs took, and the chunks that it is at; 0 where it counts none."""
    started_by = Basis.RECEIPT if row.started_filled else Basis.GIVEN
    took = now - runs_since(row.started_at, started_by, row.skew_seconds)
    return Measured(now, max(0, took), row.chunks_processed and row.chunks_processed + 1)


@cache
def _last_completed(dialect: str, most: int) -> Any:
    projects = each_row(dialect, DOUBTED)
    mine = (
        is_of(dialect, Job.project_id, projects),
        ended(SUCCESSES),
        Job.ended_at <= bindparam("soon"),
    )
    columns = (Job.project_id, Job.ended_at, Job.took, Job.chunks_processed)
    found = select(*columns).where(*mine)
    return _last(dialect, projects, found, Job.ended_at, since=bindparam("since"), most=most)


@cache
def _last_running(dialect: str) -> Any:
    projects = each_row(dialect, DOUBTED, "heard_since")
    columns = (
        Job.project_id,
        Job.started_at,
        Job.started_filled,
        Job.skew_seconds,
        Job.chunks_processed,
    )
    found = select(*columns).where(is_of(dialect, Job.project_id, projects), RUNNING)
    since = projects.c.heard_since
    if dialect in APART:  # where a limit within may follow from a project alone
        newest = found.add_columns(Job.heard_at).order_by(Job.heard_at.desc())
        last = newest.fetch(inlined(MOST_RUNNING), with_ties=True).lateral()
        named = select(*(last.c[column.key] for column in columns))
        return named.join_from(projects, last, true()).where(last.c.heard_at > since)
    return _last(dialect, projects, found, Job.heard_at, since=since, most=MOST_RUNNING)


def _last(dialect: str, projects: Any, found: Any, at: Any, *, since: Any, most: int) -> Any:
    """Of what is found of each project since a moment the last so many by `at`, and what ties.

    Those of one request may all have ended with it: which of them were taken would be by chance.
    SQLite joins them by their keys, PostgreSQL laterally.
    """
    if dialect != "sqlite":
        last = found.where(at > since).order_by(at.desc())
        newest: Any = last.fetch(inlined(most), with_ties=True).lateral()
        return select(newest).select_from(projects.join(newest, true()))
    oldest = (
        found.with_only_columns(at)
        .where(at > since)
        .order_by(at.desc())
        .limit(inlined(1))
        .offset(inlined(most - 1))
        .correlate(projects)
        .scalar_subquery()
    )
    # One bound alone: of two SQLite takes the first for its seek.
    return found.where(at >= func.coalesce(oldest, since + inlined(1)))


def _learn_spells(connection: Connection, rows: Sequence[Row], now: int, learned: Learned) -> None:
    """Since which job it is slow; hours before the last are read where those do not tell."""
    rows = [row for row in rows if learned[row["project_id"]]["usual"].per_chunk]
    spells: dict[str, dict[str, Any]] = {}
    for span in (SOME_HOURS, DAY):
        found = hours_of(connection, rows, now, span)
        unsure = []
        for row in rows:
            project_id = row["project_id"]
            hours, usual = found[project_id], learned[project_id]["usual"]
            if (begun := slow_since(hours, usual)) is not None:
                spells[project_id] = _spell(project_id, usual, begun)
            if all(was_slow(hour, usual) is not False for hour in hours):
                unsure.append(row)
        rows = unsure
    if spells:
        for project_id, begun in ask_each(connection, _first_slow, DOUBTED, spells.values()):
            learned[project_id]["slow_since"] = begun


@cache
def _first_slow(dialect: str) -> Any:
    """When the first slow job of an hour began, of each project; that hour, where none is found."""
    hours = each_row(dialect, DOUBTED, "hour", "chunk", "document", "longer")
    mine = (is_of(dialect, Job.project_id, hours), ended(SUCCESSES), Job.ended_at >= hours.c.hour)
    end = hours.c.hour + inlined(HOUR - 1)
    first_of_hour = (
        select(Job.ended_at)
        .where(*mine, Job.ended_at <= end)
        .order_by(Job.ended_at)
        .limit(inlined(MOST_OF_HOUR))
        .correlate(hours)
        .subquery()
    )
    last = select(func.max(first_of_hour.c.ended_at)).scalar_subquery()
    by_chunk = and_(
        Job.chunks_processed > 0,
        Job.took >= hours.c.chunk * Job.chunks_processed,
        Job.took >= hours.c.longer,
    )
    long = or_(Job.took >= hours.c.document, by_chunk)
    some = (*mine, Job.ended_at <= last)
    first = select(func.min(Job.ended_at - Job.took)).where(*some, long).correlate(hours)
    begun = func.coalesce(first.scalar_subquery(), hours.c.hour)
    return select(hours.c.project_id, begun.label("begun"))


def _spell(project_id: str, usual: Usual, hour: int) -> dict[str, Any]:
    """From which hour on jobs were slow, and what makes a job of it slow: µs, as `slow` judges."""
    chunk, document = usual.per_chunk or 0, usual.per_document or 0
    return {
        "project_id": project_id,
        "hour": hour,
        "chunk": int(SLOW_TIMES * SECOND * chunk),
        "document": int(SLOW_TIMES * SECOND * document),
        "longer": int(LONGER_TIMES * SECOND * document),
    }
