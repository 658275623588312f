"""The kept counts as rows: added to in the transaction that changes the jobs."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import Any

from sqlalchemy import BigInteger, Connection, bindparam, delete, func, select, update
from sqlalchemy.exc import DataError

from app.ledger.counts import Cell
from app.ledger.versions import next_version
from app.models import CauseCount, CreatedCount, DurationCount, FinishedCount, Project
from app.models.counts import CREATED_COLUMNS
from app.store.database import inlined, is_refused_in_time, table_of
from app.store.faults import state_of
from app.store.prepared import Prepared, insertion, posts

COUNTS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "cause_counts": (CauseCount, ("cause", "hour")),
    "created_counts": (CreatedCount, ("level", "bucket")),
    "duration_counts": (DurationCount, ("hour", "step")),
    "finished_counts": (FinishedCount, ("hour",)),
}
TOTALS = (*CREATED_COLUMNS, "failing")
"""The columns of a project's row that count."""


def _raise(dialect: str) -> Any:
    """The statement that adds to the row of a project; what is None there stays as it is."""
    values: dict[str, Any] = {"version": next_version(dialect, Project.version)}
    for name in TOTALS:
        values[name] = getattr(Project, name) + bindparam(f"more_{name}")
    for name in ("skew_seconds", "skewed_at"):
        new = bindparam(f"new_{name}", type_=BigInteger)
        values[name] = func.coalesce(new, getattr(Project, name))
    here = Project.project_id == bindparam("of_project")
    return update(table_of(Project)).where(here).values(**values)


def _raise_or_fail(dialect: str) -> Any:
    """The same, which fails where there is no such project: so nobody has to wait for its answer.

    No other statement stands between it and COMMIT then, for which the other writers wait.
    """
    raised = _raise(dialect).returning(Project.project_id).cte("raised")
    return select(inlined(1) // func.count()).select_from(raised)


_RAISE = Prepared(_raise)
_RAISE_OR_FAIL = Prepared(_raise_or_fail)
DIVISION_BY_ZERO = "22012"


class UnknownProjectError(LookupError):
    """The project of a report is not there (any more)."""


@contextmanager
def known_project(project_id: str) -> Iterator[None]:
    """Tell of a project that is gone, also where only COMMIT finds it out: UnknownProjectError."""
    try:
        yield
    except DataError as error:
        if state_of(error.orig) != DIVISION_BY_ZERO:
            raise
        raise UnknownProjectError(project_id) from error


def raise_version(
    connection: Connection,
    project_id: str,
    cells: Counter[Cell],
    skewed: tuple[int | None, int] = (None, 0),
    *,
    waits: bool = True,
) -> None:
    """Add to every count of the project, and tell every cache that it looks different now.

    The row of the project comes first. There the writers of one project queue, so that none can
    deadlock over the rows that follow. `skewed` is how many seconds a sender's clock was off (None:
    not), and when that was found (µs). Raises UnknownProjectError; who does not wait for the
    answer is told by `known_project`.
    """
    more: dict[str, int | None]
    more = {f"more_{name}": cells.get(("projects", (), name), 0) for name in TOTALS}
    skew, at = skewed
    more |= {"new_skew_seconds": skew, "new_skewed_at": None if skew is None else at}
    if not waits and posts(connection) and is_refused_in_time():
        _RAISE_OR_FAIL.post(connection, of_project=project_id, **more)
    elif not _RAISE.run(connection, of_project=project_id, **more):
        raise UnknownProjectError(project_id)
    _add_to_counts(connection, project_id, cells)


def add_failing(connection: Connection, project_id: str, cells: Counter[Cell]) -> None:
    """Add to the counts of documents that still fail, behind `raise_version`."""
    if cells:
        more = cells.get(("projects", (), "failing"), 0)
        _FAIL.run(connection, of_project=project_id, more_failing=more)
        _add_to_counts(connection, project_id, cells)


def _fail(_dialect: str) -> Any:
    here = Project.project_id == bindparam("of_project")
    more = Project.failing + bindparam("more_failing")
    return update(table_of(Project)).where(here).values(failing=more)


_FAIL = Prepared(_fail)


def _add_to_counts(connection: Connection, project_id: str, cells: Counter[Cell]) -> None:
    """Add to the counts by time; the totals in the project's row are `raise_version`'s."""
    rows: dict[str, dict[tuple[int, ...], list[int]]] = {}
    for (name, key, column), amount in cells.items():
        if name in COUNTS:
            places, of_table = _AMOUNTS[name], rows.setdefault(name, {})
            if key not in of_table:
                of_table[key] = [0] * len(places)
            of_table[key][places[column]] = amount
    for name, of_table in sorted(rows.items()):
        values = [(project_id, *key, *row) for key, row in sorted(of_table.items())]
        _ADD[name].post_many(connection, values)


def drop_zeros(connection: Connection, project_id: str, cells: Counter[Cell]) -> None:
    """Delete the rows of these cells that count nothing any more, or they would stay for ever.

    They are ours since we subtracted from them; on PostgreSQL a writer who waits to add to one
    finds it gone and makes it anew.
    """
    touched = sorted({(name, key) for name, key, _ in cells if name in COUNTS})
    for name, of_table in groupby(touched, key=lambda one: one[0]):
        model, key_columns = COUNTS[name]
        table = table_of(model)
        primary = ("project_id", *key_columns)
        amounts = [column for column in table.columns if column.name not in primary]
        statement = delete(table).where(
            table.c.project_id == project_id,
            *(table.c[column] == bindparam(f"of_{column}") for column in key_columns),
            *(amount == 0 for amount in amounts),
        )
        named = [f"of_{column}" for column in key_columns]
        keys = [dict(zip(named, key, strict=True)) for _, key in of_table]
        connection.execute(statement, keys)


def _amounts(name: str) -> dict[str, int]:
    """The columns of a table that count, each with its place among them."""
    model, key_columns = COUNTS[name]
    columns = table_of(model).c.keys()[1 + len(key_columns) :]
    return {column: place for place, column in enumerate(columns)}


def _add(name: str, dialect: str) -> Any:
    """The statement that adds to a row of a table or makes it."""
    model, key_columns = COUNTS[name]
    table = table_of(model)
    statement = insertion(dialect, table)
    return statement.on_conflict_do_update(
        index_elements=("project_id", *key_columns),
        set_={each: table.c[each] + statement.excluded[each] for each in _AMOUNTS[name]},
    )


_AMOUNTS = {name: _amounts(name) for name in COUNTS}
_ADD = {
    name: Prepared(partial(_add, name), table_of(model).c.keys())
    for name, (model, _) in COUNTS.items()
}
