"""`make dev`: the filled board, served anew whenever its code, a template or a style changes.

The server is that of production, and what is changed is seen by starting it again, so there is no
second way to load templates or styles. The socket stays: a page that asks meanwhile only waits.
"""

import os
import signal
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import click

from app import create_app
from app.access.sessions import create_link
from app.cli.listening import listen, server_command, url_of
from app.cli.supervisor import LOOK_EVERY, Stop, owned
from app.clock import now
from app.config import PACKAGE, PORT, ROOT, read
from app.store.database import db, writing
from bench.load import migrate
from screenshots.board import fill

HOST = "127.0.0.1"
WATCHED = (PACKAGE, ROOT / "templates", ROOT / "static")

Seen = dict[Path, int]
"""When each file was changed, in ns."""


@click.command()
@click.option("--port", type=int, envvar=PORT.name, default=int(PORT.default))
def main(port: int) -> None:
    """Fill a board in a temporary folder and serve it until Ctrl-C."""
    listener = listen(HOST, port)
    stop = Stop()
    with tempfile.TemporaryDirectory(prefix="jobwall-dev-") as instance:
        settings = {"INSTANCE": instance, "DATABASE_URL": "", "WORKERS": "1"}
        click.echo("Filling a board ...")
        migrate(settings)
        with create_app(read(settings)).app_context():
            fill(now())
            with writing() as connection:
                token = create_link(connection, now())
            db.engine.dispose()
        click.echo(f"Sign in: {url_of(listener, HOST)}/sign-in#{token}")
        while not stop.asked:
            seen = look()
            inherited = [listener.fileno()]
            with owned(server_command(listener), settings, signal.SIGTERM, inherited) as board:
                said = False
                while not stop.asked and look() == seen:
                    if board.poll() is not None and not said:
                        click.echo("It does not start; the next change tries again.")
                        said = True
                    time.sleep(LOOK_EVERY)
    click.echo("\nStopped.")


def look() -> Seen:
    """What is there now to be served."""
    seen = {}
    for root in WATCHED:
        for folder, _, names in os.walk(root):
            for name in names:
                # Neither what Python makes of it, nor what an editor keeps beside it for a moment.
                if not name.startswith(".") and not name.endswith((".pyc", "~")):
                    with suppress(FileNotFoundError):
                        seen[Path(folder, name)] = Path(folder, name).stat().st_mtime_ns
    return seen


if __name__ == "__main__":
    main()
