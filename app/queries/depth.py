"""Totals and places in a list of any length, from the counts that the ledger keeps.

Counting rows and skipping rows are what kill job lists. Here a total stands in the project's row,
and a place in the list is found by sums: the month that holds it (32 days), then the day, then the
hour, then the minute; what is left is a skip inside one minute, from its nearer end.
"""

from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    select,
    tuple_,
    union_all,
)

from app.ledger.counts import LEVELS, Level
from app.models import CreatedCount, Job
from app.models.counts import CREATED_COLUMNS
from app.queries.matching import Kind, of_kind
from app.rules.status import STATUS_BY_WORD, JobStatus
from app.rules.times import MINUTE, floor
from app.store.database import inlined
from app.store.prepared import Prepared

Counts = dict[str, int]
"""How many jobs, per column of the created counts."""

SHALLOW = 500  # skipping this many rows costs less than finding the minute

_FOREVER = 2**62  # µs, later than any bucket
_PROJECT: Any = bindparam("of_project")
_STEPS = tuple(zip((None, *LEVELS), LEVELS, strict=False))  # each level after the coarser one


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: `skip` jobs before this moment (µs, None: from the newest on).

    `start` is the other end of the minute, which holds `amount` of them in all.
    """

    before: int | None
    skip: int
    start: int = 0
    amount: int = 0

    @property
    def from_start(self) -> int | None:
        """How many to skip from the other end, where that is nearer."""
        return self.amount - 1 - self.skip if self.skip > max(self.amount // 2, SHALLOW) else None


def count_before(connection: Connection, project_id: str, moment: int) -> Counts:
    """How many jobs were created before `moment` (µs).

    Whole buckets are summed; only the minute that holds the moment is counted job by job.
    """
    row = connection.execute(_before(), _around(project_id, moment)).one()
    return {column: int(getattr(row, column)) for column in CREATED_COLUMNS}


def count_up_to(
    connection: Connection, project_id: str, columns: tuple[str, ...], key: tuple[int, str]
) -> int:
    """How many jobs of these columns have this key or a lower one: `created_at` (µs) and job id.

    With an empty id, those created before that moment. The minute that holds it is counted in an
    index alone.
    """
    if not columns:
        return 0
    [(amount,)] = _up_to(columns).rows(connection, **_around(project_id, key[0]), up_to=key[1])
    return int(amount)


def _around(project_id: str, moment: int) -> dict[str, Any]:
    """The buckets that hold a moment, by level: the parameters of a count up to it."""
    buckets = {level.name.lower(): floor(moment, level.span) for level in LEVELS}
    return {"of_project": project_id, "moment": moment, **buckets}


def _buckets_before(*sums: Any) -> list[Select[Any]]:
    """Sums over what lies before the moment: of each level what the coarser one does not hold."""
    bucket = CreatedCount.bucket
    parts: list[Select[Any]] = []
    for coarser, level in _STEPS:
        here = _of_level(level) & (bucket < _moment(level.name.lower()))
        if coarser is not None:
            here &= bucket >= _moment(coarser.name.lower())
        parts.append(select(*sums).where(here))
    return parts


@cache
def _before() -> Select[Any]:
    sums = (func.sum(getattr(CreatedCount, name)).label(name) for name in CREATED_COLUMNS)
    inside: list[Any] = [
        func.count().filter(Job.status == inlined(status)).label(status.word)
        for status in JobStatus
    ]
    inside.append(func.count().filter(literal_column("jobs.empty")).label("empty"))
    of_minute = and_(
        Job.project_id == _PROJECT,
        Job.created_at >= _moment("minute"),
        Job.created_at < _moment("moment"),
    )
    every = union_all(*_buckets_before(*sums), select(*inside).where(of_minute)).subquery()
    return select(
        *(func.coalesce(func.sum(every.c[name]), 0).label(name) for name in CREATED_COLUMNS)
    )


@cache
def _up_to(columns: tuple[str, ...]) -> Prepared:
    amount = func.sum(_amount(columns)).label("amount")
    of_minute = and_(
        Job.project_id == _PROJECT,
        Job.created_at >= _moment("minute"),
        tuple_(Job.created_at, Job.job_id) <= tuple_(_moment("moment"), bindparam("up_to")),
    )
    inside = [select(func.count()).where(of_minute, *kind) for kind in _kinds(columns)]
    every = union_all(*_buckets_before(amount), *inside).subquery()
    query = select(func.coalesce(func.sum(every.c.amount), 0))
    return Prepared(lambda _dialect: query)


def _kinds(columns: tuple[str, ...]) -> list[list[Any]]:
    """The conditions on the jobs that these columns count, of each index that knows them."""
    if set(columns) >= STATUS_BY_WORD.keys():
        return [[]]
    kinds: list[Kind] = [STATUS_BY_WORD.get(name, "empty") for name in columns]
    return [[of_kind(kind)] for kind in kinds]


def find_place(
    connection: Connection, project_id: str, columns: tuple[str, ...], rank: int
) -> Place:
    """The place of the job that has `rank` newer ones before it, counted in these columns.

    The rank must be less than their total.
    """
    if rank <= SHALLOW:
        return Place(None, rank)
    if connection.dialect.name == "sqlite":
        return _walk(connection, project_id, columns, rank)
    [(bucket, amount, skip)] = _place(columns).rows(connection, of_project=project_id, rank=rank)
    return Place(bucket + MINUTE, int(skip), bucket, int(amount))


def _walk(connection: Connection, project_id: str, columns: tuple[str, ...], rank: int) -> Place:
    """The same, bucket by bucket: to SQLite four short statements take a third of the one."""
    start, end, amount = 0, _FOREVER, 0
    for level in LEVELS:
        found = _buckets(columns, level).each(
            connection, of_project=project_id, start=start, end=end
        )
        with closing(found):
            start, amount = next(found)
            while amount <= rank:
                rank -= amount
                start, amount = next(found)
        end = start + level.span
    return Place(end, rank, start, amount)


@cache
def _buckets(columns: tuple[str, ...], level: Level) -> Prepared:
    bucket = CreatedCount.bucket
    between = and_(bucket >= _moment("start"), bucket < _moment("end"))
    query = select(bucket, _amount(columns)).where(_of_level(level), between)
    return Prepared(lambda _dialect: query.order_by(bucket.desc()))


def _amount(columns: tuple[str, ...]) -> ColumnElement[int]:
    amounts: list[ColumnElement[int]] = [getattr(CreatedCount, name) for name in columns]
    return sum(amounts[1:], start=amounts[0])


@cache
def _place(columns: tuple[str, ...]) -> Prepared:
    return Prepared(lambda _dialect: _place_statement(columns))


def _place_statement(columns: tuple[str, ...]) -> Select[Any]:
    """One statement: the bucket of each level is sought inside the one of the level above."""
    amount = _amount(columns)
    bucket = CreatedCount.bucket
    skip: Any = _moment("rank")
    above: Any = None
    for coarser, level in _STEPS:
        here = _of_level(level)
        if coarser is not None:
            start = select(above.c.bucket).scalar_subquery()
            here &= and_(bucket >= start, bucket < start + inlined(coarser.span))
            skip = select(above.c.skip).scalar_subquery()
        upto = func.sum(amount).over(order_by=bucket.desc(), rows=(None, 0))
        sums = (
            select(bucket.label("bucket"), amount.label("amount"), upto.label("upto"))
            .where(here)
            .subquery()
        )
        above = (
            select(
                sums.c.bucket,
                sums.c.amount,
                (skip - (sums.c.upto - sums.c.amount)).label("skip"),
            )
            .where(sums.c.upto > skip)
            .order_by(sums.c.bucket.desc())
            .limit(inlined(1))
            .cte(level.name.lower())
        )
    return select(above)


def _of_level(level: Level) -> ColumnElement[bool]:
    return and_(CreatedCount.project_id == _PROJECT, CreatedCount.level == inlined(level))


def _moment(name: str) -> Any:
    """A parameter of 64 bits."""
    return bindparam(name, type_=CreatedCount.bucket.type)
