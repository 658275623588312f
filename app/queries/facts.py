"""The facts that verdicts on projects follow from: seeks for each, and more for the few in doubt.

A board of a thousand projects is judged at every poll. So the first statement asks of each only
what a few seeks tell, and nothing at all where the counts in its row say that there is nothing;
what is learned from weeks before is asked of projects where it could matter (`app.queries.habits`).
"""

import operator
from collections.abc import Callable, Sequence
from functools import cache, reduce
from typing import Any, Literal

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    String,
    and_,
    any_,
    bindparam,
    case,
    func,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.models import Document, Job, Source
from app.models import Project as ProjectRow
from app.queries import habits
from app.queries.hours import fill_hours, hours_of
from app.queries.matching import EMPTY, ended, is_silent
from app.queries.steady import steady_until
from app.rules.silence import silent_since
from app.rules.skew import TOLERANCE
from app.rules.status import FAILURES, SUCCESSES, JobStatus
from app.rules.times import DAY, HOUR
from app.rules.verdicts import ProjectFacts, first_shown
from app.rules.verdicts.arrivals import FEW as FEW_CAME
from app.rules.verdicts.arrivals import SOONEST, TIMES, WEEK
from app.rules.verdicts.failing import MOST_STREAK
from app.rules.verdicts.no_output import EMPTY_JOBS
from app.rules.verdicts.slow import SLOW_JOBS
from app.store.database import inlined, table_of
from app.store.distributed import FEW, is_distributed

MOST_LOOKED_AT = 20  # failed jobs of the last hour, whether they are all of one document


def list_facts(connection: Connection, now: int, only: Sequence[str] | None) -> list[ProjectFacts]:
    """The facts of every project, or of these, at `now` (µs).

    Of several only those have `hours` whose verdicts follow from them.
    """
    if only is not None and not only:
        return []
    values: dict[str, Any] = {
        "only": only,
        "now": now,
        "soon": now + TOLERANCE,
        "hour_ago": now - HOUR,
        "day_ago": now - DAY,
        "quiet": now - SOONEST,
        "first_shown": first_shown(now),
    }
    wanted: Wanted = "every" if only is None else "some"
    apart = is_distributed(connection)
    if only is not None and len(only) == 1:
        [values["only"]] = only
        wanted = "one"
    elif only is not None and apart and len(only) <= FEW:
        wanted = "few"
    found = connection.execute(_seeks(wanted, apart=apart), values)
    names = tuple(found.keys())
    rows = [dict(zip(names, row, strict=True)) for row in found.all()]
    known = {row["project_id"]: row for row in rows}
    learned = habits.learn(connection, rows, now)
    charted = {
        project_id for project_id, row in known.items() if len(rows) == 1 or row["hour_failed"]
    }
    hours = hours_of(connection, now, charted)
    facts = []
    for project_id, row in known.items():
        fields = {name: row[name] for name in _FIELDS} | learned.get(project_id, {})
        shown = fill_hours(hours.get(project_id, ()), now) if project_id in charted else ()
        steady = steady_until(row, now, doubted=project_id in learned)
        facts.append(ProjectFacts(**fields, at=now, steady_until=steady, hours=shown))
    return facts


Wanted = Literal["every", "some", "few", "one"]
"""Of which projects: one that is alone is named in every part of the statement, and so are few that
are apart."""


def _mine(wanted: Wanted, *, apart: bool) -> list[Any]:
    if wanted == "every":
        return []
    if wanted == "one":
        return [ProjectRow.project_id == _ONLY]
    return [_is_wanted(ProjectRow, apart=apart)]


def _is_wanted(model: Any, *, apart: bool) -> ColumnElement[bool]:
    """Whether it is of one of some projects; `apart` as one list, in each part that must say so."""
    if not apart:
        wanted: ColumnElement[bool] = model.project_id.in_(bindparam("only", expanding=True))
        return wanted
    return model.project_id == any_(bindparam("only", type_=ARRAY(String)))  # type: ignore[no-any-return]


def _is_of(wanted: Wanted, key: Any, *, apart: bool) -> Callable[[Any], ColumnElement[bool]]:
    """What says of a model that a row of it is of the project of this key.

    Of few also that it is of one of those: else every node was asked for that part.
    """

    def is_of(model: Any) -> ColumnElement[bool]:
        mine: ColumnElement[bool] = model.project_id == key
        return and_(mine, _is_wanted(model, apart=apart)) if wanted == "few" else mine

    return is_of


_ONLY: Any = bindparam("only", type_=ProjectRow.project_id.type)


def _moment(name: str) -> Any:
    return bindparam(name, type_=Job.ended_at.type)


@cache
def _seen(wanted: Wanted, *, apart: bool) -> Any:
    """The rows of the projects, and when jobs of each were created and ended last.

    What lies in the future is of a clock of ours that was set back since. It says nothing of now:
    no failure of tomorrow counts for the last hour, and no success hides one. Worked out once,
    however often the seeks below look at it; but not where the projects are `apart`, on nodes that
    would have to tell each other.
    """
    soon = _moment("soon")
    key = _ONLY if wanted == "one" else ProjectRow.project_id
    is_of = _is_of(wanted, key, apart=apart)
    table = table_of(ProjectRow)
    totals = {status: getattr(ProjectRow, status.word) for status in JobStatus}

    def last(statuses: Sequence[JobStatus]) -> Any:
        some = reduce(operator.add, (totals[status] for status in statuses))
        return case((some > 0, _end(func.max, statuses, lambda end: end <= soon, table, is_of)))

    created = select(func.max(Job.created_at)).where(is_of(Job), Job.created_at <= soon)
    seen = select(
        ProjectRow.project_id,
        ProjectRow.name,
        ProjectRow.mode,
        ProjectRow.created_at,
        ProjectRow.silent_after,
        ProjectRow.wait_after,
        ProjectRow.expect_every,
        reduce(operator.add, totals.values()).label("total"),
        totals[JobStatus.PENDING].label("waiting"),
        totals[JobStatus.RUNNING].label("running"),
        *(table_of(ProjectRow).c[name] for name in ("completed", "empty", "failing")),
        created.correlate(ProjectRow).scalar_subquery().label("last_created_at"),
        last(SUCCESSES).label("last_success_at"),
        last(FAILURES).label("last_failed_at"),
        case(
            (ProjectRow.skewed_at.between(_moment("day_ago"), soon), ProjectRow.skew_seconds)
        ).label("skew_seconds"),
        ProjectRow.skewed_at,
        *_of_source(),
    )
    seen = seen.outerjoin(Source, is_of(Source)).where(*_mine(wanted, apart=apart))
    alone = apart and wanted != "one"
    return seen.cte("seen").prefix_with("NOT MATERIALIZED" if alone else "MATERIALIZED")


def _of_source() -> list[Any]:
    """Of a project that follows a source: up to when that is here, and why not further."""
    followed = Source.paused_at.is_(None)
    at = func.coalesce(Source.synced_at, Source.answered_at, Source.created_at)
    asked = [
        func.coalesce(moment, Source.created_at) for moment in (Source.answered_at, Source.retry_at)
    ]
    return [
        case((followed, at)).label("source_at"),
        case((followed, _latest(*asked))).label("source_asked_at"),
        case((followed, Source.error)).label("source_error"),
    ]


@cache
def _seeks(wanted: Wanted, *, apart: bool) -> Any:
    """One row per project; every column is one or few index seeks, however long the history."""
    seen = _seen(wanted, apart=apart)
    of, soon, hour_ago = seen.c, _moment("soon"), _moment("hour_ago")
    is_of = _is_of(wanted, _ONLY if wanted == "one" else of.project_id, apart=apart)
    of_project = is_of(Job)
    silence = silent_since(_moment("now"), of.silent_after)
    silent = (of_project, is_silent(silence))
    running = (of_project, Job.status == inlined(JobStatus.RUNNING), Job.heard_at > silence)
    last_success = func.coalesce(of.last_success_at, 0)

    def of_last_hour(at: Any) -> ColumnElement[bool]:
        return and_(at > hour_ago, at <= soon)

    def since_success(at: Any) -> ColumnElement[bool]:
        return and_(at > last_success, at <= soon)

    def some_of(what: Any, *conditions: Any) -> Any:
        return select(what).where(*conditions).correlate(seen)

    def one(what: Any, *conditions: Any) -> Any:
        return some_of(what, *conditions).scalar_subquery()

    def up_to(most: int, *conditions: Any) -> Any:
        found = select(inlined(1)).where(*conditions).limit(inlined(most))
        counted = found.correlate(seen).subquery()
        return select(func.count()).select_from(counted).scalar_subquery()

    def failing(condition: Any, most: int) -> Any:
        document = (is_of(Document), Document.failing_since.is_not(None))
        return up_to(most, *document, condition)

    some = (
        select(Job.source_doc_id)
        .where(of_project, ended(FAILURES), of_last_hour(Job.ended_at))
        .order_by(Job.ended_at.desc())
        .limit(inlined(MOST_LOOKED_AT))
        .correlate(seen)
        .subquery()
    )
    runs, waits, fails = of.running > 0, of.waiting > 0, of.failing > 0
    failed_lately = of.last_failed_at > hour_ago
    drains = and_(runs, waits)
    last_end = func.coalesce(_latest(of.last_success_at, of.last_failed_at), 0)
    quiet = and_(
        of.total >= TIMES * FEW_CAME,
        of.last_created_at <= _moment("quiet"),
        of.last_created_at > _moment("now") - (WEEK + DAY),
    )

    def came_at(earlier: int) -> Any:
        span = (of_project, Job.created_at > of.last_created_at - earlier)
        jobs = some_of(Job.created_at, *span).order_by(Job.created_at)
        return jobs.limit(inlined(1)).offset(inlined(FEW_CAME - 1)).scalar_subquery() + earlier

    counted = {
        "stalled": (runs, one(func.count(), *silent)),
        "unmoved": (runs, one(func.count(), *running, Job.moved_at <= silence)),
        "hour_completed": (
            or_(failed_lately, drains),
            one(func.count(), of_project, ended(SUCCESSES), of_last_hour(Job.ended_at)),
        ),
        "hour_failed": (
            failed_lately,
            one(func.count(), of_project, ended(FAILURES), of_last_hour(Job.ended_at)),
        ),
        # More than the rule asks for need not be counted: a streak may be all of a long history.
        "streak": (
            fails,
            up_to(MOST_STREAK, of_project, ended(FAILURES), since_success(Job.ended_at)),
        ),
        "streak_documents": (fails, failing(since_success(Document.failed_at), 2)),
        "hour_failing": (and_(fails, failed_lately), failing(of_last_hour(Document.failed_at), 2)),
        "hour_documents": (
            failed_lately,
            select(func.count(some.c.source_doc_id.distinct())).scalar_subquery(),
        ),
        "still_failing": (fails, failing(Document.failed_at >= bindparam("first_shown"), 1)),
        "measured": (
            of.last_success_at > hour_ago,
            up_to(SLOW_JOBS, of_project, ended(SUCCESSES), of_last_hour(Job.ended_at)),
        ),
    }
    told = {
        "stalled_heard_at": (runs, one(func.min(Job.heard_at), *silent)),
        "silent_at": (runs, one(func.min(Job.heard_at), *running) + of.silent_after),
        "stands_at": (
            runs,
            one(func.min(Job.moved_at), *running, Job.moved_at > silence) + of.silent_after,
        ),
        "waiting_since": (
            waits,
            one(
                func.min(Job.created_at),
                of_project,
                Job.status == inlined(JobStatus.PENDING),
                Job.created_at > last_end - DAY,
                Job.created_at <= soon,
            ),
        ),
        "hour_since": (drains, _end(func.min, (*SUCCESSES, *FAILURES), of_last_hour, seen, is_of)),
        "streak_since": (fails, _end(func.min, FAILURES, since_success, seen, is_of)),
        "last_empty_at": (
            of.empty >= EMPTY_JOBS,
            one(func.max(Job.ended_at), of_project, EMPTY, Job.ended_at <= soon),
        ),
        "first_at": (quiet, one(func.min(Job.created_at), of_project)),
        # When so many had come a week before, or a day, after the last job was as long ago.
        "came_week_at": (quiet, came_at(WEEK)),
        "came_day_at": (quiet, came_at(DAY)),
    }
    return select(
        *of,
        _latest(of.last_success_at, of.last_failed_at).label("last_ended_at"),
        *(case((where, what), else_=0).label(name) for name, (where, what) in counted.items()),
        *(case((where, what)).label(name) for name, (where, what) in told.items()),
    )


def _latest(one: Any, other: Any) -> ColumnElement[int]:
    """The later of two moments; where one is not known, the other."""
    return case((other.is_(None), one), (one > other, one), else_=other)


def _end(
    which: Callable[[Any], Any],
    statuses: Sequence[JobStatus],
    condition: Callable[[Any], ColumnElement[bool]],
    of: Any,
    is_of: Callable[[Any], ColumnElement[bool]],
) -> Any:
    """The first or last end of the jobs of a project with these statuses: a seek for each."""
    job = aliased(Job)
    seeks = [
        select(which(job.ended_at).label("at"))
        .where(
            is_of(job),
            job.status == inlined(status),
            condition(job.ended_at),
        )
        .correlate(of)
        for status in statuses
    ]
    if len(seeks) == 1:
        return seeks[0].scalar_subquery()
    every = union_all(*seeks).subquery()
    return select(which(every.c.at)).scalar_subquery()


_FIELDS = (
    *("project_id", "name", "mode", "created_at", "silent_after", "wait_after", "expect_every"),
    *("total", "running", "waiting", "completed", "empty", "failing"),
    *("last_created_at", "last_failed_at", "last_ended_at", "waiting_since", "still_failing"),
    *("stalled", "stalled_heard_at", "silent_at", "stands_at"),
    *("streak", "streak_since", "streak_documents", "skew_seconds", "skewed_at"),
    *("source_at", "source_asked_at", "source_error"),
    *("hour_completed", "hour_failed", "hour_since", "hour_documents", "hour_failing"),
)
