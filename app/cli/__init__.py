"""`flask` commands: projects, keys, screens, the audit, pruning, backups, and starting."""

from flask import Flask

from app.cli import audit, keys, migrations, projects, prune, screens, start, store


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (
        projects.group,
        keys.group,
        keys.sign_in_link,
        screens.group,
        audit.verify,
        audit.rebuild,
        prune.prune,
        store.backup,
        store.restore,
        start.start,
    ):
        app.cli.add_command(command)
    migrations.init_app(app)
