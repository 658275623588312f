"""Whose runs those of a namespace of OpenLineage are, by the rules that were set."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, select

from app.models import LineageNamespace
from app.rules.namespaces import patterns_of
from app.store.database import table_of
from app.store.prepared import Prepared
from app.store.seeks import listed, seek_listed


def _meant(dialect: str) -> Any:
    every = select(table_of(LineageNamespace))
    return seek_listed(dialect, every, LineageNamespace.pattern, "of_patterns")


_MEANT = Prepared(_meant)


def find_project(connection: Connection, namespace: str) -> str | None:
    """The id of the project whose pattern says most of a namespace, if any does."""
    patterns = patterns_of(namespace)
    wanted = listed(patterns)
    rows = _MEANT.each(connection, of_patterns=wanted)
    found = {row[0]: row[1] for row in rows}
    return next((found[one] for one in patterns if one in found), None)


def list_patterns(connection: Connection, project_id: str | None = None) -> Sequence[Any]:
    """Every pattern with its project's id, or those of one project, in order."""
    query = select(LineageNamespace.pattern, LineageNamespace.project_id)
    if project_id is not None:
        query = query.where(LineageNamespace.project_id == project_id)
    return connection.execute(query.order_by(LineageNamespace.pattern)).all()
