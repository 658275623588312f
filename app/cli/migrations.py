"""`jobwall db`: Flask-Migrate, loaded when it is first asked for, which a server never does.

It brings Alembic, Mako and Pygments: 9 MB, and a quarter of a second at every start.
"""

import logging
from functools import partial
from typing import Any

import click
from flask import Flask
from werkzeug.local import LocalProxy

from app.config import PACKAGE
from app.store.database import db


class Migrations(click.Group):
    """Stands for Flask-Migrate's own group, and hands over to it whole: its options count too."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Begin to run that group, which the context names from here on."""
        from flask_migrate.cli import db as group

        context: click.Context = group.make_context(info_name, args, parent, **extra)
        return context


group = Migrations("db", help="Migrate the tables to the newest schema, or look where they are.")


def init_app(app: Flask) -> None:
    """Let Flask-Migrate find what it needs."""
    app.extensions["migrate"] = LocalProxy(partial(_load, app))


def upgrade() -> None:
    """Make the tables, or bring them to the newest schema, and say nothing of it.

    Tables of a newer Jobwall stop the command with one line.
    """
    from flask_migrate import upgrade as flask_migrate_upgrade

    logging.getLogger("alembic").setLevel(logging.WARNING)
    flask_migrate_upgrade()


def _load(app: Flask) -> Any:
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(PACKAGE / "migrations"))  # takes the place of the proxy
    return app.extensions["migrate"]
