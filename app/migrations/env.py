"""How Alembic reaches the app's engine and tables."""

from functools import partial

import click
from alembic import context
from alembic.util import CommandError

from app.store import schema
from app.store.database import Base, db
from app.store.files import create
from app.store.migrating import StillMigratingError, alone


def run() -> None:
    """Migrate, unless another process does: then wait for it first."""
    try:
        with alone(db.engine, partial(click.echo, err=True)):
            migrate()
    except StillMigratingError as error:
        raise CommandError(str(error)) from None


def migrate() -> None:
    """Migrate in one transaction per revision, so that a failed one leaves nothing half done."""
    if db.engine.dialect.name == "sqlite":
        create(str(db.engine.url.database))
    with db.engine.connect() as connection:
        context.configure(
            connection=connection.execution_options(writes=True),
            target_metadata=Base.metadata,
            render_as_batch=connection.dialect.name == "sqlite",
            transaction_per_migration=True,
            compare_type=True,
        )
        try:
            with context.begin_transaction():
                context.run_migrations()
        except CommandError:
            found = schema.revision_of(connection)
            if found is None or found in schema.revisions():
                raise
            raise CommandError(schema.mismatch(found)) from None


if context.is_offline_mode():
    raise SystemExit("Jobwall migrates a live database only; see `jobwall db upgrade --help`.")
run()
