"""What fails in projects since their verdicts began: how many documents, by which causes.

Kept counts say how many documents failed last in an hour, and still do. Where a verdict begins
within an hour, those that failed before it are taken off one by one; where they are too many, all
of that hour is left out, and the number is "at least". So it costs the same whether ten documents
fail or a million.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection, Select, and_, func, select, true
from sqlalchemy.orm import aliased

from app.models import Cause as CauseRow
from app.models import CauseCount, Document, FinishedCount, Job
from app.queries.matching import ended
from app.rules.causes import line_in_words
from app.rules.status import FAILURES
from app.rules.times import HOUR, floor
from app.rules.verdicts import Cause, Failures, Verdict
from app.store.database import inlined, table_of
from app.store.seeks import ask_each, each_row, is_of

BLAMING = "blaming"
"""What the projects are called in these statements."""

MOST_BLAMED = 10  # causes with the most documents, and as many of the newest: one of them is named
MOST_BEFORE = 1000  # documents that are taken off


class _Begin(NamedTuple):
    """Where a verdict begins, and the hour (µs) from which the kept counts are summed up."""

    since: int
    hour: int


def failures_since(connection: Connection, verdicts: Mapping[str, Verdict]) -> dict[str, Failures]:
    """What fails since each verdict began, of those whose state blames a cause."""
    begins = {
        project_id: _Begin(verdict.since or 0, floor(verdict.since or 0, HOUR))
        for project_id, verdict in verdicts.items()
        if verdict.state.blames
    }
    if not begins:
        return {}
    rows = [{"project_id": project_id} | begin._asdict() for project_id, begin in begins.items()]
    blamed: dict[str, list[Any]] = {}
    for row in ask_each(connection, _blamed, BLAMING, rows):
        blamed.setdefault(row.project_id, []).append(row)
    return {
        row.project_id: _failures(row, blamed.get(row.project_id, ()))
        for row in ask_each(connection, _failing, BLAMING, rows)
    }


def _failures(row: Any, blamed: Iterable[Any]) -> Failures:
    listed = orjson.loads(row.before) if isinstance(row.before, str) else row.before
    before = Counter[int](listed or ())
    many = before.total() > MOST_BEFORE
    causes = []
    for one in blamed:
        documents = int((one.later if many else one.documents) or 0)
        documents -= 0 if many else before[one.cause]
        if documents > 0:
            causes.append(Cause(line_in_words(one.line), documents, one.last_at, one.cause))
    return Failures(
        documents=int(row.documents or 0) - int(row.first_hour or 0 if many else before.total()),
        at_least=many,
        causes=causes,
        each_its_own=row.most == 1,
        first_at=row.first_at,
        last_at=row.last_at,
        document=row.document,
        times=row.times or 0,
    )


def _blaming(dialect: str) -> Any:
    """The project of each verdict, and its `_Begin`."""
    return each_row(dialect, BLAMING, *_Begin._fields)


def _each(dialect: str, blaming: Any, one: Select[Any], other: Select[Any]) -> tuple[Any, Any]:
    """The projects joined with the causes whose numbers one or the other finds for each of them.

    However few a query limits itself to, it is asked for every project: of that, SQLite knows no
    other way than to seek the keys, and PostgreSQL none that is quick than LATERAL.
    """
    of_project = is_of(dialect, CauseRow.project_id, blaming)
    keys = select(one.subquery().c[0]).union(select(other.subquery().c[0]))
    if dialect == "sqlite":
        joined = blaming.join(CauseRow, and_(of_project, CauseRow.cause.in_(keys)))
        return joined, table_of(CauseRow).c
    each = keys.lateral()
    mine = select(table_of(CauseRow)).where(of_project, CauseRow.cause == each.c[0])
    seek = mine.offset(inlined(0)).lateral()
    return blaming.join(each, true()).join(seek, true()), seek.c


@cache
def _blamed(dialect: str) -> Any:
    """Some causes of each project, with how many documents fail by them since that hour."""
    blaming = _blaming(dialect)
    other = aliased(CauseRow)
    mine = is_of(dialect, other.project_id, blaming)

    def first(*conditions: Any, by: Any) -> Select[Any]:
        few = select(other.cause).where(mine, *conditions).order_by(by.desc(), other.cause)
        return few.limit(inlined(MOST_BLAMED)).correlate(blaming)

    largest = first(other.documents > inlined(0), by=other.documents)
    joined, columns = _each(dialect, blaming, largest, first(by=other.last_at))
    documents = select(func.sum(CauseCount.failing)).where(
        is_of(dialect, CauseCount.project_id, blaming),
        CauseCount.cause == columns.cause,
        CauseCount.hour >= blaming.c.hour,
    )
    return select(
        columns.project_id,
        columns.cause,
        columns.line,
        columns.last_at,
        documents.scalar_subquery().label("documents"),
        documents.where(CauseCount.hour > blaming.c.hour).scalar_subquery().label("later"),
    ).select_from(joined)


@cache
def _failing(dialect: str) -> Any:
    """What fails in each project since that hour, and the document that failed last.

    `before` are the causes of the documents that failed in the first hour before the verdict began,
    as a list in JSON: one more than are taken off where there are more.
    """
    blaming = _blaming(dialect)

    def of(model: Any) -> Any:
        return is_of(dialect, model.project_id, blaming)

    def newest(what: Any) -> Any:
        last = select(what).where(of(Document), Document.failing_since.is_not(None))
        # Said, since within another query it would have projects of its own.
        last = last.order_by(Document.failed_at.desc(), Document.document.desc())
        return last.limit(inlined(1)).correlate(blaming)

    documents = select(func.sum(FinishedCount.failing)).where(
        of(FinishedCount), FinishedCount.hour >= blaming.c.hour
    )
    first_hour = select(FinishedCount.failing).where(
        of(FinishedCount), FinishedCount.hour == blaming.c.hour
    )
    name = select(func.coalesce(Job.sent_doc_id, Job.source_doc_id)).where(
        of(Job), Job.job_id == newest(Document.job_id).scalar_subquery()
    )
    most = select(func.max(CauseRow.documents)).where(of(CauseRow), CauseRow.documents > inlined(0))
    first_at = select(func.min(Job.ended_at)).where(
        of(Job), ended(FAILURES), Job.ended_at >= blaming.c.since
    )
    early = (
        select(Document.cause)
        .where(
            of(Document),
            Document.failing_since.is_not(None),
            Document.failed_at >= blaming.c.hour,
            Document.failed_at < blaming.c.since,
        )
        .limit(inlined(MOST_BEFORE + 1))
        .correlate(blaming)
        .subquery()
    )
    gather = func.json_group_array if dialect == "sqlite" else func.json_agg
    return select(
        blaming.c.project_id,
        select(gather(early.c.cause)).scalar_subquery().label("before"),
        documents.scalar_subquery().label("documents"),
        first_hour.scalar_subquery().label("first_hour"),
        most.scalar_subquery().label("most"),
        first_at.scalar_subquery().label("first_at"),
        newest(Document.failed_at).scalar_subquery().label("last_at"),
        newest(Document.failures).scalar_subquery().label("times"),
        name.scalar_subquery().label("document"),
    )
