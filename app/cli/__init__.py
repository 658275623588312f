"""`flask` commands: projects, keys, signing in, the audit, pruning, and starting everything."""

from flask import Flask

from app.cli import audit, keys, projects, prune, start


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (
        projects.group,
        keys.group,
        keys.sign_in_link,
        audit.verify,
        audit.rebuild,
        prune.prune,
        start.start,
    ):
        app.cli.add_command(command)
