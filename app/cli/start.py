"""`flask start`: what `make run` starts."""

import click


@click.command("start")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Where it listens, on 127.0.0.1.",
)
@click.option("--documents", metavar="FOLDER", help="Ingest this folder instead of the samples.")
def start(port: int, documents: str | None) -> None:
    """Migrate, make a project and a key, serve, and run the example pipeline; Ctrl-C stops all."""
    from app.cli import supervisor  # what it needs, no server does

    raise SystemExit(supervisor.run(port, documents))
