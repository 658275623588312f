"""The revision of the tables, and whether this code knows it: without Alembic, for servers."""

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from app.config import PACKAGE
from app.store.database import reading

VERSIONS = PACKAGE / "migrations" / "versions"


def revisions(folder: Path = VERSIONS) -> list[str]:
    """Every revision that this code knows, the first one first: their files begin with them."""
    return sorted(file.name.partition("_")[0] for file in folder.glob("[0-9]*.py"))


WANTED = revisions()[-1]
"""The revision that this code reads and writes."""


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables; None where there are none."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def mismatch(found: str | None, command: str = "jobwall") -> str | None:
    """What is wrong with tables of this revision, in one sentence; None if nothing is.

    `command` is how `jobwall` is typed where the sentence is read.
    """
    if found == WANTED:
        return None
    if found is None:
        what = f"has no tables yet, and this Jobwall wants revision {WANTED}"
    elif found in revisions():
        what = f"is of revision {found}, and this Jobwall wants {WANTED}"
    else:
        what = f"is of revision {found}, made by a newer Jobwall; this one knows {WANTED} at most"
        return f"The database {what}: install that one, or restore a backup"
    return f"The database {what}: type `{command} db upgrade`"


def fault(command: str = "jobwall") -> str | None:
    """What is wrong with the tables of the store: see `mismatch`."""
    with reading() as connection:
        return mismatch(revision_of(connection), command)
