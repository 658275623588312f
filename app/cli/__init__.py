"""`flask` commands: projects, keys, signing in, the audit, pruning, backups, and starting."""

from flask import Flask

from app.cli import audit, keys, migrations, projects, prune, start, store


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (
        projects.group,
        keys.group,
        keys.sign_in_link,
        audit.verify,
        audit.rebuild,
        prune.prune,
        store.backup,
        store.restore,
        start.start,
    ):
        app.cli.add_command(command)
    migrations.init_app(app)
