"""`jobwall serve`: the board, for real."""

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext

from app import config
from app.access import sessions
from app.cli import migrations
from app.cli.listening import listen, server_command, url_of
from app.cli.params import typed
from app.clock import now
from app.store.database import db, reading, writing

SETTINGS = "\b\nSettings, by the environment:\n" + "\n".join(
    f"  {one.name:<19}  {one.meaning}{f' [{one.default}]' if one.default else ''}"
    for one in config.VARIABLES
)


def instead_of(variable: config.Variable) -> Callable[[Any], Any]:
    """An option that stands in for a variable."""
    return click.option(
        f"--{variable.name.lower()}",
        envvar=variable.name,
        default=variable.default,
        help=f"Instead of {variable.name}.",
    )


@click.command("serve", epilog=SETTINGS)
@instead_of(config.HOST)
@instead_of(config.PORT)
@instead_of(config.WORKERS)
@with_appcontext
def serve(host: str, port: str, workers: str) -> None:
    """Serve the board, and make or migrate its store first.

    It says where it stores things. The first time it prints a link that signs one browser in;
    later `jobwall sign-in-link` does. Ctrl-C stops it.
    """
    environment = {**os.environ, "HOST": host, "PORT": port, "WORKERS": workers}
    serving = config.read_serving(environment)
    config.read(environment)  # also with this number of workers there are connections enough
    listener = listen(serving.host, serving.port)
    migrations.upgrade()
    url = url_of(listener, serving.host)
    lines = (f"The board: {url}", f"The store: {_store()}", _way_in(url))
    db.engine.dispose()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # until the server can be stopped
    click.echo("\n".join(lines))
    sys.stdout.flush()
    command = server_command(listener)
    os.execve(command[0], command, environment)  # noqa: S606  signals go to the server itself


def _store() -> str:
    """Where everything is kept that must stay; no password."""
    url, instance = db.engine.url, current_app.instance_path
    if url.get_backend_name() != "sqlite":
        return url.render_as_string()
    inside = str(url.database).startswith(instance + os.sep) or config.SECRET_KEY.of()
    return f"{url.database}" if inside else f"{url.database}, and the secret key in {instance}"


def _way_in(url: str) -> str:
    """A link, where nobody can have signed in yet, or what prints one."""
    with reading() as connection:
        known = sessions.anyone_came(connection)
    if known:
        return f"To sign in: {typed()} sign-in-link --url {url}"
    with writing() as connection:
        return f"Sign in: {url}/sign-in#{sessions.create_link(connection, now())}"
