"""Making projects, and changing what is said of them."""

import secrets
from collections.abc import Mapping

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.ledger.sums import UnknownProjectError
from app.models import Project as ProjectRow
from app.models.project import MODES
from app.rules.fields import Body, choice, identifier, text
from app.rules.project import Project
from app.rules.times import MINUTE
from app.store.database import writing

SILENT_AFTER = 15 * MINUTE

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


def new_version() -> int:
    """Where the versions of a project begin: at random, so that no two stores share an ETag."""
    return secrets.randbelow(2**40)


def create_project(
    project_id: str,
    *,
    name: str,
    mode: str,
    now: int,
    silent_after: int = SILENT_AFTER,
    expect_every: int | None = None,
) -> Project:
    """Make a project; times and spans in µs. Raises TakenError, with nothing changed."""
    project = Project(project_id, name, mode, now, new_version(), silent_after, expect_every)
    values = project._asdict()
    try:
        with writing() as connection:
            same = select(ProjectRow.project_id).where(ProjectRow.project_id == project_id)
            if connection.scalar(same) is not None:
                raise TakenError(project_id)
            connection.execute(insert(ProjectRow).values(**values))
    except IntegrityError:
        raise TakenError(project_id) from None
    return project


def change_project(project_id: str, values: Mapping[str, str | int | None]) -> None:
    """Set columns of a project (name, silent_after, expect_every, links); spans in µs.

    Raises UnknownProjectError, with nothing changed.
    """
    changed = {**values, "version": ProjectRow.version + 1}
    with writing() as connection:
        here = update(ProjectRow).where(ProjectRow.project_id == project_id)
        if not connection.execute(here.values(**changed)).rowcount:
            raise UnknownProjectError(project_id)
