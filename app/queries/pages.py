"""The rows of a page, from a place on or beside a key: one statement, whatever the filter."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, tuple_, union_all

from app.models import Job as JobRow
from app.queries import depth
from app.queries.filters import JobFilter
from app.queries.matching import Kind, of_kind
from app.queries.views import Cursor
from app.rules.project import Project
from app.store.database import table_of
from app.store.prepared import Prepared
from app.store.seeks import seek_each

_KEY: tuple[Any, Any] = (JobRow.created_at, JobRow.job_id)


def from_place(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    place: depth.Place,
    *,
    names: tuple[str, ...],
    limit: int,
) -> list[Sequence[Any]]:
    """The rows from a place on, at most `limit`: these columns of each, newest first."""
    from_start = place.from_start
    page = _page(
        names,
        wanted.kinds,
        has_before=place.before is not None,
        has_since=wanted.since is not None,
        from_start=from_start is not None,
        skips=from_start is None and place.skip > depth.SHALLOW,
    )
    values = {
        "of_project": project.project_id,
        "before": place.before,
        "since": wanted.since,
        "start": place.start,
        "from_start": from_start,
        "skip": place.skip if from_start is None else 0,
        "most": limit + (place.skip if from_start is None else 0),
        "most_from_start": (from_start or 0) + 1,
        "count": limit,
    }
    return page.rows(connection, **values)


def beside(
    connection: Connection,
    project: Project,
    wanted: JobFilter,
    cursor: Cursor,
    *,
    names: tuple[str, ...],
    limit: int,
) -> list[Sequence[Any]]:
    """The rows beside a key, as far as `limit` goes: one seek, however deep that is."""
    page = _page(
        names,
        wanted.kinds,
        has_before=wanted.until is not None,
        has_since=wanted.since is not None,
        from_start=False,
        skips=False,
        beside="newer" if cursor.newer else "older",
    )
    created_at, job_id = cursor.key
    rows = page.rows(
        connection,
        of_project=project.project_id,
        before=wanted.until,
        since=wanted.since,
        cursor_at=created_at,
        cursor_id=job_id,
        skip=0,
        most=limit,
        count=limit,
    )
    return rows[::-1] if cursor.newer else rows


@cache
def _page(names: tuple[str, ...], kinds: tuple[Kind, ...], **shape: Any) -> Prepared:
    return Prepared(lambda dialect: statement(dialect, names, kinds, **shape))


def statement(
    dialect: str,
    names: tuple[str, ...],
    kinds: tuple[Kind, ...],
    *,
    has_before: bool,
    has_since: bool,
    from_start: bool,
    skips: bool,
    beside: str = "",
) -> Any:
    """The statement of a page, newest first, whatever its parameters.

    Several kinds are one limited seek each. Where many rows are skipped, only keys are, which an
    index holds. `beside` a key it is the "older" rows that are read, or the "newer" ones, and these
    from the key on.
    """
    before = JobRow.created_at < bindparam("before")
    ends: list[Any] = [JobRow.created_at >= bindparam("since")] if has_since else []
    if has_before and not from_start:
        ends.append(before)
    if from_start:
        of_minute = [before, JobRow.created_at >= bindparam("start")]
        keys = _keys(kinds, of_minute, bindparam("most_from_start"), newest=False)
        first = keys.limit(1).offset(bindparam("from_start")).cte("first")
        place = (select(column).scalar_subquery() for column in first.c)
        ends.append(tuple_(*_KEY) <= tuple_(*place))
    newer = beside == "newer"
    if beside:
        cursor = tuple_(bindparam("cursor_at"), bindparam("cursor_id"))
        ends.append(tuple_(*_KEY) > cursor if newer else tuple_(*_KEY) < cursor)
    columns = columns_of(names)
    if len(kinds) == 1 and not skips:
        rows = _in_order(select(*columns).where(*_of_kind(kinds[0]), *ends), newest=not newer)
        return rows.limit(bindparam("count")).offset(bindparam("skip"))
    keys = _keys(kinds, ends, bindparam("most"), newest=not newer)
    chosen = keys.limit(bindparam("count")).offset(bindparam("skip")).subquery()
    mine = select(*columns).where(JobRow.project_id == bindparam("of_project"))
    rows = seek_each(dialect, chosen, chosen.c.job_id, mine, JobRow.job_id)
    return _in_order(rows, newest=not newer)


def _keys(kinds: tuple[Kind, ...], ends: list[Any], most: Any, *, newest: bool) -> Select[Any]:
    """The keys of these kinds in order; of several kinds, each has to give at most so many."""
    parts = [
        _in_order(select(*_KEY).where(*_of_kind(kind), *ends), newest=newest) for kind in kinds
    ]
    if len(parts) == 1:
        return parts[0]
    every = union_all(*(select(part.limit(most).subquery()) for part in parts)).subquery()
    return _in_order(select(every), newest=newest)


def _in_order(rows: Select[Any], *, newest: bool) -> Select[Any]:
    """Rows in the order of every list, or (not `newest`) in the other one."""
    key = (rows.selected_columns.created_at, rows.selected_columns.job_id)
    return rows.order_by(*(each.desc() if newest else each.asc() for each in key))


def _of_kind(kind: Kind) -> list[Any]:
    condition = of_kind(kind)
    mine = JobRow.project_id == bindparam("of_project")
    return [mine] if condition is None else [mine, condition]


def columns_of(names: tuple[str, ...]) -> list[Any]:
    """These columns of the jobs."""
    columns = table_of(JobRow).c
    return [columns[name] for name in names]
