"""The versions of projects, kept in each process: only those that were written lately are read.

Versions are times, and rise (`ledger.versions`). How many projects there are and what their
versions come to is asked as well: where that is not what is known, a project is gone, a store was
put back, or what another wrote earlier was seen later. Then all are read.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

import orjson
from flask import Flask, current_app
from sqlalchemy import BigInteger, Connection, Select, Text, bindparam, cast, func, select

from app.models import Project
from app.rules.times import SECOND
from app.store.distributed import is_distributed
from app.store.nodes import nodes
from app.store.prepared import Prepared

FEW = 200
"""Projects of which all are read each time."""

LATELY = 5 * SECOND
"""Of two versions the later may be seen first: so much before the newest that is known."""

Version = tuple[str, int, int]
"""A project, how often it changed, and when it was created (µs): another of its id counts anew."""

Versions = Mapping[str, Version]
"""By project."""

_VERSIONED = (Project.project_id, Project.version, Project.created_at)
_ALL = Prepared(lambda _: select(*_VERSIONED))


def _sums_and_risen(dialect: str) -> Select[int, int, str]:
    """In one look at the table how many there are, their sum, and those that rose, as JSON."""
    gather, row = func.json_agg, func.json_build_array(*_VERSIONED)
    if dialect == "sqlite":
        gather, row = func.json_group_array, func.json_array(*_VERSIONED)
    risen = gather(row).filter(Project.version > bindparam("since", type_=BigInteger))
    sums = (func.count(), func.sum(Project.version))
    return select(*sums, cast(risen, Text)).select_from(Project)


_SUMS = Prepared(_sums_and_risen)


class _Known(NamedTuple):
    """All versions as they were, the newest of them, and what they come to."""

    versions: Versions
    newest: int
    total: int


def init_app(app: Flask) -> None:
    """Give the app what it knows: nothing yet."""
    app.extensions["versions"] = None


def all_versions(connection: Connection) -> Versions:
    """The version of every project that answers; the same object as before where none changed."""
    if is_distributed(connection) and (rows := nodes().versions(connection)) is not None:
        return {row[0]: row for row in rows}
    known: _Known | None = current_app.extensions["versions"]
    found = None if known is None else _risen(connection, known)
    if found is None:
        found = _known({row[0]: (row[0], row[1], row[2]) for row in _ALL.rows(connection)})
    current_app.extensions["versions"] = found if len(found.versions) > FEW else None
    return found.versions


def _known(versions: Versions) -> _Known:
    numbers = [version[1] for version in versions.values()]
    return _Known(versions, max(numbers, default=0), sum(numbers))


def _risen(connection: Connection, known: _Known) -> _Known | None:
    """What is known, with what rose since; None where that is not all that happened."""
    versions, newest, total = known
    [(count, sum_of_all, rows)] = _SUMS.rows(connection, since=newest - LATELY)
    risen: dict[str, Version] = {}
    for project_id, version, created_at in orjson.loads(rows or "[]"):
        before = versions.get(project_id)
        if before is None or before[1] != version:
            risen[project_id] = (project_id, version, created_at)
            total += version - (0 if before is None else before[1])
    if risen:
        versions = {**versions, **risen}
        newest = max(newest, *(version[1] for version in risen.values()))
    if (count, int(sum_of_all or 0)) != (len(versions), total):
        return None
    return _Known(versions, newest, total)


def versions_of(connection: Connection, ids: Collection[str]) -> Versions:
    """Those of these projects that answer."""
    if is_distributed(connection) and (found := nodes().versions(connection)) is not None:
        return {row[0]: row for row in found if row[0] in ids}
    query = select(*_VERSIONED).where(Project.project_id.in_(ids))
    return {row[0]: (row[0], row[1], row[2]) for row in connection.execute(query)}


def changed(before: Versions, found: Versions) -> set[str]:
    """The projects that changed from one look to another: those too that are new, or gone."""
    if found is before:
        return set()
    ids = {one for one, version in found.items() if before.get(one) != version}
    return ids | (before.keys() - found.keys())
