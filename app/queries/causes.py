"""Causes: by what the jobs of a project fail just now, how much of late, and which documents."""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    select,
    true,
)
from sqlalchemy.orm import aliased

from app.models import Cause as CauseRow
from app.models import CauseCount, Document, FinishedCount, FormerCause, Job
from app.queries.hours import CHART_HOURS, fill_hours
from app.queries.views import Cause, CauseLine, CausePage, FailingDocument
from app.rules.causes import line_in_words
from app.rules.project import Project
from app.rules.times import DAY, HOUR, floor
from app.rules.verdicts import Hour
from app.store.database import inlined, table_of
from app.store.seeks import each_number, listed_numbers, one_of

MOST_CAUSES = 200  # shown of a project
MOST_COUNTED = 10_000  # causes; where every error is one of its own, there is no end of them
_FAILING = CauseRow.documents > inlined(0)
_MINE = CauseRow.project_id == bindparam("of_project")


def list_causes(connection: Connection, project: Project, now: int) -> CausePage:
    """The causes seen last, by how many jobs failed by them in the 24 hours up to `now` (µs)."""
    last = floor(now, HOUR)
    day = {"first": last - (CHART_HOURS - 1) * HOUR, "last": last}
    values = {"of_project": project.project_id}
    rows = connection.execute(_newest(), values).all()
    dialect = connection.dialect.name
    listed = listed_numbers(dialect, (row.cause for row in rows))
    hours: dict[int, list[Hour]] = {}
    asked = values | day | {"of_causes": listed}
    for cause, hour, failed in connection.execute(_by_hour(dialect), asked):
        hours.setdefault(cause, []).append(Hour(hour, failed=failed))
    everything = int(connection.scalar(_FAILED, values | day) or 0)
    lines = [_line(row, hours.get(row.cause, ()), everything, now) for row in rows]
    lines.sort(key=lambda line: (-line.day, -line.last_at, line.cause))
    total, failing = connection.execute(_counted(), values).one()
    return CausePage(lines, total, failing, day=everything, most=MOST_COUNTED)


def list_worst(connection: Connection, project_id: str, most: int) -> tuple[Sequence[Cause], int]:
    """The causes by which most documents still fail, and how many there are (to `MOST_COUNTED`)."""
    values = {"of_project": project_id}
    rows = connection.execute(_worst(), values | {"most": most})
    causes = [Cause(**_facts(row)) for row in rows]
    return causes, connection.execute(_counted(), values).one().failing


def get_cause(connection: Connection, project_id: str, cause: int) -> Cause | None:
    """A cause by its number; None where no job of the project fails by it (any more)."""
    values = {"of_project": project_id, "of_cause": cause}
    row = connection.execute(_one(), values).one_or_none()
    return None if row is None else Cause(**_facts(row))


def list_failing(
    connection: Connection, project_id: str, causes: Collection[int], most: int = 5
) -> dict[int, list[FailingDocument]]:
    """By cause the documents that still fail by it, at most so many of each, the newest first."""
    dialect = connection.dialect.name
    values = {"of_project": project_id, "of_causes": listed_numbers(dialect, causes), "most": most}
    found: dict[int, list[FailingDocument]] = {}
    for cause, *document in connection.execute(_failing(dialect), values):
        found.setdefault(cause, []).append(FailingDocument(*document))
    return found


def get_course(
    connection: Connection, project_id: str, cause: int, now: int, days: int = 30
) -> tuple[Hour, ...]:
    """How many jobs failed by a cause on each of the last days up to that of `now` (µs)."""
    first = floor(now, DAY) - (days - 1) * DAY
    dialect = connection.dialect.name
    values = {
        "of_project": project_id,
        "first": first,
        "last": now,
        "of_causes": listed_numbers(dialect, [cause]),
    }
    failed = Counter[int]()
    for _, hour, amount in connection.execute(_by_hour(dialect), values):
        failed[floor(hour, DAY)] += amount
    starts = range(first, first + days * DAY, DAY)
    return tuple(Hour(start, failed=failed[start]) for start in starts)


def _facts(row: Row[Any]) -> dict[str, Any]:
    """The fields of `views.Cause`."""
    facts: dict[str, Any] = {name: getattr(row, name) for name in Cause.__match_args__}
    return facts | {"line": line_in_words(row.line)}


def _line(row: Row[Any], hours: Sequence[Hour], everything: int, now: int) -> CauseLine:
    day = sum(hour.failed for hour in hours)
    share = day / everything if everything else 0.0
    return CauseLine(**_facts(row), day=day, share=share, hours=fill_hours(hours, now))


@cache
def _columns() -> tuple[Any, ...]:
    """The columns of `views.Cause`."""
    of_project = Job.project_id == bindparam("of_project")  # of which node, Citus asks of each part
    of_cause = Job.cause == CauseRow.cause
    # Not as a condition, or PostgreSQL looks for it among all jobs of the cause.
    last = select(case((of_cause, Job.job_id))).where(of_project, Job.job_id == CauseRow.job_id)
    # That one may be gone, or may have been tried again; then the newest that is there tells.
    newest = (
        select(Job.job_id)
        .where(of_project, of_cause)
        .order_by(Job.created_at.desc(), Job.job_id.desc())
        .limit(inlined(1))
    )
    job_id = func.coalesce(last.scalar_subquery(), newest.scalar_subquery())
    return (
        CauseRow.cause,
        CauseRow.line,
        job_id.label("job_id"),
        CauseRow.jobs,
        CauseRow.documents,
        CauseRow.first_at,
        CauseRow.last_at,
    )


@cache
def _one() -> Any:
    cause = now_called(bindparam("of_cause", type_=BigInteger))
    return select(*_columns()).where(_MINE, CauseRow.cause == cause)


def now_called(cause: Any) -> ColumnElement[int]:
    """A cause that somebody names, or what has become of it since."""
    became = select(FormerCause.became).where(FormerCause.cause == cause).scalar_subquery()
    return func.coalesce(became, cause)


@cache
def _newest() -> Any:
    """The causes seen last."""
    newest = select(*_columns()).where(_MINE)
    return newest.order_by(CauseRow.last_at.desc(), CauseRow.cause).limit(inlined(MOST_CAUSES))


@cache
def _worst() -> Any:
    """The causes by which most documents still fail."""
    failing = select(*_columns()).where(_MINE, _FAILING)
    most = failing.order_by(CauseRow.documents.desc(), CauseRow.cause)
    return most.limit(bindparam("most", type_=BigInteger))


@cache
def _counted() -> Any:
    """How many causes there are, and by how many of them documents still fail."""

    def counted(*conditions: Any) -> Any:
        some = select(inlined(1)).where(_MINE, *conditions).limit(inlined(MOST_COUNTED)).subquery()
        return select(func.count()).select_from(some).scalar_subquery()

    return select(
        counted().label("total"), counted(CauseRow.documents > inlined(0)).label("failing")
    )


@cache
def _by_hour(dialect: str) -> Any:
    """How many jobs failed by each of the causes in each hour of a time."""
    return select(CauseCount.cause, CauseCount.hour, CauseCount.failed).where(
        CauseCount.project_id == bindparam("of_project"),
        one_of(dialect, CauseCount.cause, "of_causes"),
        CauseCount.hour.between(bindparam("first"), bindparam("last")),
        CauseCount.failed > 0,
    )


_FAILED = select(func.sum(FinishedCount.failed)).where(
    FinishedCount.project_id == bindparam("of_project"),
    FinishedCount.hour.between(bindparam("first"), bindparam("last")),
)


@cache
def _failing(dialect: str) -> Any:
    """The newest failing documents of each cause, however many there are.

    A document's row has a key; the job tells its whole id.
    """
    other = aliased(Document)
    if dialect == "postgresql":  # whose causes have rows; Citus lets no function lead to others
        cause: Any = CauseRow.cause
        listed = select(cause).where(
            CauseRow.project_id == bindparam("of_project"), one_of(dialect, cause, "of_causes")
        )
    else:
        cause = each_number(dialect, "of_causes")
        listed = select(cause.table)

    def newest(*columns: Any) -> Select[Any]:
        mine = (other.project_id == bindparam("of_project"), other.cause == cause)
        return (
            select(*columns)
            .where(*mine, other.failing_since.is_not(None))
            .order_by(other.failed_at.desc(), other.document.desc())
            .limit(bindparam("most", type_=BigInteger))
        )

    if dialect == "postgresql":
        found = newest(other).lateral()
        columns: Any = found.c
        each = listed.join(found, true())
    else:
        # SQLite knows no LATERAL, but it seeks the keys that a row before asks for.
        columns = table_of(Document).c
        of_cause = Document.document.in_(newest(other.document))
        each = listed.join(Document, and_(Document.project_id == bindparam("of_project"), of_cause))
    job = (Job.project_id == bindparam("of_project"), Job.job_id == columns.job_id)
    return (
        each.join(Job, and_(*job))
        .with_only_columns(
            columns.cause,
            func.coalesce(Job.sent_doc_id, Job.source_doc_id),
            columns.job_id,
            columns.failed_at,
            columns.failing_since,
            columns.failures,
        )
        .order_by(columns.failed_at.desc(), columns.document.desc())
    )
