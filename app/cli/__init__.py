"""The commands of `jobwall`, by what they are for; `app.cli.__main__` runs them."""

import click
from flask import Flask

from app.cli import (
    audit,
    demo,
    distribute,
    keys,
    migrations,
    mirror,
    projects,
    prune,
    screens,
    serve,
    store,
)

SECTIONS: dict[str, tuple[click.Command, ...]] = {
    "Begin": (serve.serve, demo.demo),
    "Projects, and who sees them": (
        projects.group,
        keys.group,
        keys.sign_in_link,
        screens.group,
    ),
    "Jobs of other boards and services": (mirror.mirror, mirror.group),
    "The store": (
        audit.verify,
        audit.rebuild,
        prune.prune,
        store.backup,
        store.restore,
        distribute.distribute,
        migrations.group,
    ),
}


def init_app(app: Flask) -> None:
    """Add the commands to `flask` too."""
    for commands in SECTIONS.values():
        for command in commands:
            app.cli.add_command(command)
    migrations.init_app(app)
