"""`jobwall demo`: the board with the example pipeline, which is what `make run` starts."""

from importlib.util import find_spec
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.config import PORT

NEEDED = ("pypdf", "requests", "semchunk", "yake")  # the extra `examples`


@click.command("demo")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    envvar=PORT.name,
    default=int(PORT.default),
    help="Where it listens, on 127.0.0.1.",
)
@click.option(
    "--documents",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="FOLDER",
    help="Ingest this folder instead of the samples.",
)
@with_appcontext
def demo(port: int, documents: Path | None) -> None:
    """Serve the board while an example pipeline ingests documents.

    It makes a project, prints a sign-in link and an API key, and keeps what it stored for the next
    time. Ctrl-C stops both.
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise click.ClickException(f"The pipeline needs more: pip install {' '.join(missing)}")
    from app.cli import supervisor  # what it needs, no server does

    raise SystemExit(supervisor.run(port, documents))
