"""Projects: their rows, the facts that their state is judged by, and what blames whom."""

import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, reduce
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    and_,
    bindparam,
    case,
    func,
    select,
    union_all,
)
from sqlalchemy.orm import aliased

from app.models import Document, FinishedCount, Job
from app.models import Project as ProjectRow
from app.queries.blame import failures_since
from app.queries.matching import ended, is_silent
from app.rules.links import Links
from app.rules.project import Project
from app.rules.sentences import Brief, Parts
from app.rules.silence import silent_since
from app.rules.skew import TOLERANCE, of_project
from app.rules.status import FAILURES, SUCCESSES, JobStatus
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts import (
    FAILING_STREAK,
    Hour,
    ProjectFacts,
    Verdict,
    assess,
    blame,
    by_urgency,
    first_shown,
)
from app.store.database import inlined, table_of

CHART_HOURS = 24
_COLUMNS = [table_of(ProjectRow).c[name] for name in Project._fields]
MOST_LOOKED_AT = 20  # failed jobs of the last hour, whether they are all of one document


@dataclass(frozen=True, slots=True)
class ProjectLine:
    """A project as the overview and the wall show it."""

    facts: ProjectFacts
    verdict: Verdict

    @property
    def sentence(self) -> Parts:
        """What is so, since when, and whether it is still happening."""
        return self.verdict.state.sentence(self.verdict, self.facts)

    @property
    def brief(self) -> Brief:
        """The same in a row of the overview."""
        return self.verdict.state.brief(self.verdict, self.facts)

    @property
    def glance(self) -> Brief:
        """The same on the wall: beside the name, and below or behind it."""
        return self.verdict.state.glance(self.verdict, self.facts)

    @property
    def closeup(self) -> Parts:
        """The same on a wall of its own, behind the state's word."""
        return self.verdict.state.closeup(self.verdict, self.facts)

    @property
    def clock(self) -> Parts:
        """What is to be said of a sender's clock that was off within the last day, if anything."""
        return of_project(self.facts.skew_seconds, self.facts.skewed_at)


def get_project(connection: Connection, project_id: str) -> Project | None:
    """One project, None if there is no such project."""
    query = select(*_COLUMNS).where(ProjectRow.project_id == project_id)
    row = connection.execute(query).one_or_none()
    return None if row is None else Project._make(row)


def get_links(connection: Connection, project_id: str) -> Links:
    """The templates of a project's links."""
    columns = (ProjectRow.source_link, ProjectRow.logs_link, ProjectRow.rerun_link)
    query = select(*columns).where(ProjectRow.project_id == project_id)
    return Links._make(connection.execute(query).one())


def list_projects(connection: Connection, only: str | None = None) -> list[Project]:
    """All projects, or the one that the viewer may see, by id."""
    query = select(*_COLUMNS).order_by(ProjectRow.project_id)
    if only is not None:
        query = query.where(ProjectRow.project_id == only)
    return [Project._make(row) for row in connection.execute(query)]


def list_lines(
    connection: Connection,
    now: int,
    only: str | Sequence[str] | None = None,
    *,
    charts: bool = True,
) -> list[ProjectLine]:
    """Every project (or the only one, or these) with its facts and its verdict, worst first.

    Without `charts` several projects have only the `hours` that their verdicts follow from.
    """
    ids = [only] if isinstance(only, str) else only
    facts = {fact.project_id: fact for fact in _facts(connection, now, ids, charts=charts)}
    verdicts = {project_id: assess(fact, now) for project_id, fact in facts.items()}
    for project_id, failures in failures_since(connection, verdicts).items():
        verdicts[project_id] = blame(verdicts[project_id], failures)
    return [
        ProjectLine(facts[project_id], verdicts[project_id]) for project_id in by_urgency(verdicts)
    ]


def _facts(
    connection: Connection, now: int, only: Sequence[str] | None, *, charts: bool
) -> list[ProjectFacts]:
    """The facts in two statements: seeks per project, and its last 24 hours.

    The hours are most of the rows, and no verdict looks at them but of who failed in the last one.
    """
    values = {
        "only": only,
        "now": now,
        "soon": now + TOLERANCE,
        "hour_ago": now - HOUR,
        "day_ago": now - DAY,
        "first_hour": floor(now, HOUR) - DAY,
        "first_shown": first_shown(now),
    }
    seeks = connection.execute(_seeks(only is not None), values).all()
    charted = {row.project_id for row in seeks if charts or len(seeks) == 1 or row.hour_failed}
    if len(charted) < len(seeks):
        only = values["only"] = sorted(charted)
    hours: dict[str, list[Hour]] = {}
    for row in connection.execute(_hours(only is not None), values):
        hours.setdefault(row.project_id, []).append(Hour(row.hour, row.completed, row.failed))
    facts = []
    for row in seeks:
        project_id = row.project_id
        hours_of = fill_hours(hours.get(project_id, ()), now) if project_id in charted else ()
        facts.append(ProjectFacts(**row._mapping, hours=hours_of))
    return facts


def _mine(only: bool) -> list[Any]:
    return [ProjectRow.project_id.in_(bindparam("only", expanding=True))] if only else []


@cache
def _hours(only: bool) -> Any:
    """What finished by hour, of every project or of the `only` ones."""
    columns = (FinishedCount.hour, FinishedCount.completed, FinishedCount.failed)
    return (
        select(FinishedCount.project_id, *columns)
        .where(
            FinishedCount.project_id.in_(select(ProjectRow.project_id).where(*_mine(only))),
            FinishedCount.hour > bindparam("first_hour"),
        )
        .order_by(FinishedCount.hour)
    )


def fill_hours(hours: Iterable[Hour], now: int) -> tuple[Hour, ...]:
    """The last 24 hours up to the one of `now`, oldest first, with nothing where nothing ended."""
    known = {hour.start: hour for hour in hours}
    starts = range(first_shown(now), floor(now, HOUR) + HOUR, HOUR)
    return tuple(known.get(start) or Hour(start) for start in starts)


@cache
def _seeks(only: bool) -> Any:
    """One row per project; every column is one or few index seeks, however long the history.

    What lies in the future is of a clock of ours that was set back since. It says nothing of now:
    no failure of tomorrow counts for the last hour, and no success hides one.
    """
    now, soon = (bindparam(name, type_=Job.ended_at.type) for name in ("now", "soon"))
    day_ago, hour_ago = (
        bindparam(name, type_=Job.ended_at.type) for name in ("day_ago", "hour_ago")
    )
    of_project = Job.project_id == ProjectRow.project_id
    totals = {status: getattr(ProjectRow, status.word) for status in JobStatus}
    succeeded, failed = ended(SUCCESSES), ended(FAILURES)
    silent = (of_project, is_silent(silent_since(now, ProjectRow.silent_after)))
    last_success = func.coalesce(_end(func.max, SUCCESSES, lambda end: end <= soon), 0)

    def of_last_hour(ended_at: Any) -> ColumnElement[bool]:
        return and_(ended_at > hour_ago, ended_at <= soon)

    last_hour = of_last_hour(Job.ended_at)

    def since_success(ended_at: Any) -> ColumnElement[bool]:
        return and_(ended_at > last_success, ended_at <= soon)

    def one(what: Any, *conditions: Any) -> Any:
        return select(what).where(*conditions).scalar_subquery()

    def failing_documents(condition: Any, most: int) -> Any:
        failing = (
            Document.project_id == ProjectRow.project_id,
            Document.failing_since.is_not(None),
        )
        found = select(inlined(1)).where(*failing, condition)
        counted = found.limit(inlined(most)).correlate(ProjectRow).subquery()
        return select(func.count()).select_from(counted).scalar_subquery()

    some = (
        select(Job.source_doc_id)
        .where(of_project, failed, last_hour)
        .order_by(Job.ended_at.desc())
        .limit(inlined(MOST_LOOKED_AT))
        .correlate(ProjectRow)
        .subquery()
    )

    return select(
        ProjectRow.project_id,
        ProjectRow.name,
        ProjectRow.mode,
        ProjectRow.created_at,
        ProjectRow.silent_after,
        ProjectRow.expect_every,
        reduce(operator.add, totals.values()).label("total"),
        totals[JobStatus.PENDING].label("waiting"),
        totals[JobStatus.RUNNING].label("running"),
        one(func.count(), *silent).label("stalled"),
        one(func.min(Job.heard_at), *silent).label("stalled_heard_at"),
        one(func.max(Job.created_at), of_project, Job.created_at <= soon).label("last_created_at"),
        one(func.count(), of_project, succeeded, last_hour).label("hour_completed"),
        one(func.count(), of_project, failed, last_hour).label("hour_failed"),
        # More than the rule asks for need not be counted: a streak may be all of a long history.
        select(func.count())
        .select_from(
            select(inlined(1))
            .where(of_project, failed, since_success(Job.ended_at))
            .limit(FAILING_STREAK)
            .correlate(ProjectRow)
            .subquery()
        )
        .scalar_subquery()
        .label("streak"),
        _end(func.min, FAILURES, since_success).label("streak_since"),
        _end(func.max, FAILURES, lambda end: end <= soon).label("last_failed_at"),
        failing_documents(since_success(Document.failed_at), most=2).label("streak_documents"),
        failing_documents(of_last_hour(Document.failed_at), most=2).label("hour_failing"),
        select(func.count(some.c.source_doc_id.distinct()))
        .scalar_subquery()
        .label("hour_documents"),
        failing_documents(Document.failed_at >= bindparam("first_shown"), most=1).label(
            "still_failing"
        ),
        case((ProjectRow.skewed_at.between(day_ago, soon), ProjectRow.skew_seconds)).label(
            "skew_seconds"
        ),
        ProjectRow.skewed_at,
    ).where(*_mine(only))


def _end(
    which: Callable[[Any], Any],
    statuses: Sequence[JobStatus],
    condition: Callable[[Any], ColumnElement[bool]],
) -> Any:
    """The first or last end of the project's jobs with these statuses: an index seek for each."""
    job = aliased(Job)
    seeks = [
        select(which(job.ended_at).label("at"))
        .where(
            job.project_id == ProjectRow.project_id,
            job.status == inlined(status),
            condition(job.ended_at),
        )
        .correlate(ProjectRow)
        for status in statuses
    ]
    if len(seeks) == 1:
        return seeks[0].scalar_subquery()
    every = union_all(*seeks).subquery()
    return select(which(every.c.at)).scalar_subquery()
