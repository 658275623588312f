"""Fill a database with a long history of jobs, fast: `python -m bench.load --help`."""

import time
from collections.abc import Sequence
from tempfile import TemporaryDirectory

import click
import flask_migrate
from sqlalchemy import Connection, Engine, create_engine, insert, select, text
from sqlalchemy.schema import DropIndex

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.versions import next_version
from app.models import Job, Project
from app.store.database import db, table_of
from bench.bars import Progress, bar
from bench.history import History, Stretch, chunks, count_statements, insert_jobs, stretches

CHUNK = 100_000  # jobs in one statement

# For the loading connection alone: it builds a database that can be built again.
FAST = {
    "sqlite": (
        "PRAGMA journal_mode = OFF",
        "PRAGMA synchronous = OFF",
        "PRAGMA cache_size = -600000",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA threads = 2",
    ),
    "postgresql": (
        "SET synchronous_commit = off",
        "SET maintenance_work_mem = '512MB'",
        "SET work_mem = '256MB'",
    ),
}
# Without statistics PostgreSQL counts job by job through an index.
LOOK_OVER = {"sqlite": (), "postgresql": ("VACUUM (ANALYZE) jobs",)}
TIDY = {
    "sqlite": ("PRAGMA journal_mode = WAL", "PRAGMA wal_checkpoint(TRUNCATE)"),
    "postgresql": ("ANALYZE", "CHECKPOINT"),
}


class NotEmptyError(ValueError):
    """The database has jobs already."""


def migrate(settings: dict[str, str]) -> None:
    """Bring the database of these settings to the newest schema."""
    with create_app(read(settings)).app_context():
        flask_migrate.upgrade()
        db.engine.dispose()


def load(database_url: str, histories: Sequence[History], progress: Progress) -> None:
    """Write the histories and all their counts into an empty, migrated database.

    The secondary indexes of `jobs` are dropped before and made again after, which is faster than
    keeping them. Raises NotEmptyError.
    """
    engine = create_engine(database_url, isolation_level="AUTOCOMMIT")
    try:
        _load(engine, histories, progress)
    finally:
        engine.dispose()
    progress("loaded", 1)


def _load(engine: Engine, histories: Sequence[History], progress: Progress) -> None:
    jobs = table_of(Job)
    with engine.connect() as connection:
        if connection.scalar(select(jobs.c.job_id).limit(1)) is not None:
            raise NotEmptyError("the database has jobs already")
        for setting in FAST[engine.dialect.name]:
            connection.exec_driver_sql(setting)
        for index in jobs.indexes:
            connection.execute(DropIndex(index, if_exists=True))
        # In one transaction: the ids come in no order, so every commit would write most of the
        # primary key's pages again.
        connection.exec_driver_sql("BEGIN")
        _write_jobs(connection, histories, progress)
        connection.exec_driver_sql("COMMIT")
        indexes = sorted(jobs.indexes, key=lambda index: str(index.name))
        for number, index in enumerate(indexes):
            progress(f"index {index.name}", 0.35 + 0.35 * number / len(indexes))
            index.create(connection)
        progress("looking over", 0.7)
        for statement in LOOK_OVER[engine.dialect.name]:
            connection.exec_driver_sql(statement)
        _write_counts(connection, histories, progress)
        progress("tidying up", 0.98)
        for statement in TIDY[engine.dialect.name]:
            connection.exec_driver_sql(statement)


def _write_jobs(connection: Connection, histories: Sequence[History], progress: Progress) -> None:
    statement = text(insert_jobs(connection.dialect.name))
    moment = now()
    done, total = 0, sum(history.size for history in histories)
    for history in histories:
        spans = stretches(history, moment)
        connection.execute(
            insert(Project).values(
                project_id=history.project_id,
                name=history.project_id.replace("-", " ").capitalize(),
                mode="kg_vector",
                created_at=spans[0].start,
                version=next_version(connection.dialect.name),
            )
        )
        for stretch in spans:
            for first, last in chunks(stretch, CHUNK):
                values = _values(history, stretch, moment)
                connection.execute(statement, {**values, "first": first, "last": last})
                done += last + 1 - first
                progress("jobs", 0.35 * done / total)


def _values(history: History, stretch: Stretch, moment: int) -> dict[str, str | int]:
    return {
        "project_id": history.project_id,
        "waits_from": history.waits_from,
        "runs_from": history.runs_from,
        "documents": max(1, history.size // 10),
        "start": stretch.start,
        "origin": stretch.first,
        "step": stretch.step,
        "now": moment,
    }


def _write_counts(connection: Connection, histories: Sequence[History], progress: Progress) -> None:
    statements = count_statements()
    for place, history in enumerate(histories):
        for number, (what, statement) in enumerate(statements):
            part = (place + number / len(statements)) / len(histories)
            progress(what, 0.75 + 0.23 * part)
            connection.execute(text(statement), {"project_id": history.project_id})


@click.command()
@click.option("--size", default=1_000_000, show_default=True, help="How many jobs.")
@click.option(
    "--database-url",
    required=True,
    help="An empty database (sqlite:////folder/file.db, postgresql://user@host/name); "
    "it is migrated first. What it held is at risk if this is interrupted.",
)
@click.option("--project", default="history", show_default=True, help="The id of their project.")
@click.option("--burst", is_flag=True, help="A fifth of the jobs come in one single hour.")
def main(size: int, database_url: str, project: str, burst: bool) -> None:
    """Fill an empty database with a year of one project's jobs, and all their counts.

    About 5 % failed, each document comes some ten times, a few jobs wait and run at the newest
    end. `jobwall verify` finds nothing wrong with it.
    """
    began = time.monotonic()
    with TemporaryDirectory() as instance:
        settings = {"INSTANCE": instance, "DATABASE_URL": database_url}
        migrate(settings)
        try:
            with bar(f"{size:,} jobs") as progress:
                load(read(settings).database_url, [History(project, size, burst)], progress)
        except NotEmptyError as error:
            raise click.ClickException(str(error)) from None
    click.echo(f"{size:,} jobs in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
