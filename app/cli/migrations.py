"""`flask db`: Flask-Migrate, loaded when it is first asked for, which a server never does.

It brings Alembic, Mako and Pygments: 9 MB, and a quarter of a second at every start.
"""

from functools import partial
from typing import Any

import click
from flask import Flask
from werkzeug.local import LocalProxy

from app.config import ROOT
from app.store.database import db


class Migrations(click.Group):
    """The commands of Flask-Migrate."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return _commands().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One of them."""
        return _commands().get_command(ctx, cmd_name)


def init_app(app: Flask) -> None:
    """Add the commands to `flask`, and let Flask-Migrate find what it needs."""
    app.cli.add_command(Migrations("db", help="Bring the database to the newest schema."))
    app.extensions["migrate"] = LocalProxy(partial(_load, app))


def _commands() -> click.Group:
    from flask_migrate.cli import db as group

    commands: click.Group = group
    return commands


def _load(app: Flask) -> Any:
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(ROOT / "app" / "migrations"))  # takes the place of the proxy
    return app.extensions["migrate"]
