"""`jobwall db`: Flask-Migrate, loaded when it is first asked for, which a server never does.

It brings Alembic, Mako and Pygments: 9 MB, and a quarter of a second at every start.
"""

import logging
import subprocess
import sys
from functools import partial, wraps
from typing import Any

import click
from flask import Flask
from flask.cli import with_appcontext
from werkzeug.local import LocalProxy

from app.cli.progress import bar_of
from app.config import PACKAGE
from app.ledger import refolding
from app.store import schema
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

        group.commands["upgrade"].callback = _with_causes(group.commands["upgrade"].callback)
        context: click.Context = group.make_context(info_name, args, parent, **extra)
        return context


group = Migrations("db", help="Migrate the tables to the newest schema, or look where they are.")


def init_app(app: Flask) -> None:
    """Let Flask-Migrate find what it needs."""
    app.extensions["migrate"] = LocalProxy(partial(_load, app))


def upgrade() -> None:
    """Make the tables, or bring them to the newest schema, and say nothing of it.

    Tables of a newer Jobwall stop the command with one line. Where causes were worked out by other
    rules, `db upgrade` is started in a process of its own, which works them out anew while the
    board is served.
    """
    from flask_migrate import upgrade as flask_migrate_upgrade

    logging.getLogger("alembic").setLevel(logging.WARNING)
    flask_migrate_upgrade()
    if refolding.projects_of_other_rules():
        command = [sys.executable, "-P", "-m", "app.cli", "db", "upgrade"]
        subprocess.Popen(command, stdin=subprocess.DEVNULL)  # whoever serves then reaps it


def _with_causes(command: Any) -> Any:
    @wraps(command)
    def upgraded(*args: Any, **options: Any) -> None:
        command(*args, **options)
        if not options.get("sql"):  # of a script that is only printed nothing is there yet
            with_appcontext(refold_causes)()

    return upgraded


def refold_causes() -> None:
    """Work out the causes anew that older rules have told, with a progress bar for each project.

    The board may be served meanwhile. Where it is broken off, the next upgrade begins it again.
    """
    if schema.fault("") is not None:
        return  # not the newest tables: as after `upgrade REVISION`
    for project_id in refolding.projects_of_other_rules():
        with bar_of(f"causes of {project_id}") as progress:
            refolding.refold(project_id, progress)


def _load(app: Flask) -> Any:
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(PACKAGE / "migrations"))  # takes the place of the proxy
    return app.extensions["migrate"]
