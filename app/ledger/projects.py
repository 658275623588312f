"""Making projects, and changing what is said of them."""

import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.ledger.sums import UnknownProjectError
from app.ledger.versions import next_version
from app.models import LineageNamespace
from app.models import Project as ProjectRow
from app.models.project import MODES
from app.rules.fields import IDENTIFIER, Body, choice, identifier, text
from app.rules.project import Project, sought_as
from app.rules.times import MINUTE
from app.store.database import upsert, writing

SILENT_AFTER = 15 * MINUTE
WAIT_AFTER = 15 * MINUTE

NAME = text(200, "What people call it.", required=True)
NEW_PROJECT = Body(
    {
        "project_id": identifier("Your own choice; made up if absent."),
        "name": NAME,
        "mode": choice(
            {mode: mode for mode in MODES},
            "Whether its jobs make nodes and edges; fixed for good.",
            required=True,
        ),
    }
)


class TakenError(ValueError):
    """A project with this id exists already."""


def id_from(name: str) -> str | None:
    """An id made from a project's name; None where nothing of it can stand in one."""
    made = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._").lower()[:64]
    return made if IDENTIFIER.fullmatch(made) else None


class TakenNamespaceError(ValueError):
    """A pattern of namespaces is another project's already: its first argument."""


def create_project(
    project_id: str,
    *,
    name: str,
    mode: str,
    now: int,
    silent_after: int = SILENT_AFTER,
    wait_after: int = WAIT_AFTER,
    expect_every: int | None = None,
) -> Project:
    """Make a project; times and spans in µs. Raises TakenError, with nothing changed."""
    project = Project(project_id, name, mode, now, 0, silent_after, wait_after, expect_every)
    try:
        with writing() as connection:
            same = select(ProjectRow.project_id).where(ProjectRow.project_id == project_id)
            if connection.scalar(same) is not None:
                raise TakenError(project_id)
            version = next_version(connection.dialect.name)
            row = insert(ProjectRow).values(**project._asdict() | {"version": version})
            made = connection.execute(row.returning(ProjectRow.version))
            return project._replace(version=made.scalar_one())
    except IntegrityError:
        raise TakenError(project_id) from None


def change_project(
    project_id: str,
    values: Mapping[str, Any],
    namespaces: Collection[str] | None = None,
) -> None:
    """Set columns of a project (name, silent_after, wait_after, expect_every, links); spans in µs.

    `namespaces` are the patterns of all those of OpenLineage whose runs are its; None leaves them
    as they are. Raises UnknownProjectError and TakenNamespaceError, with nothing changed.
    """
    if "name" in values:
        values = {**values, "sought": sought_as(values["name"])}
    with writing() as connection:
        version = next_version(connection.dialect.name, ProjectRow.version)
        here = update(ProjectRow).where(ProjectRow.project_id == project_id)
        if not connection.execute(here.values(**values, version=version)).rowcount:
            raise UnknownProjectError(project_id)
        if namespaces is not None:
            _set_namespaces(connection, project_id, namespaces)


def _set_namespaces(connection: Connection, project_id: str, patterns: Collection[str]) -> None:
    mine = LineageNamespace.project_id == project_id
    connection.execute(delete(LineageNamespace).where(mine))
    for pattern in sorted(patterns):  # so no two writers can wait for each other
        row = {"pattern": pattern, "project_id": project_id}
        statement = upsert(connection.dialect.name, LineageNamespace).values(row)
        made = statement.on_conflict_do_nothing().returning(LineageNamespace.pattern)
        if connection.scalar(made) is None:
            raise TakenNamespaceError(pattern)
