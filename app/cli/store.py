"""`jobwall backup` and `jobwall restore`: a SQLite store in a file of its own, and back."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.cli.progress import bar_of
from app.store import backups

FILE = click.Path(path_type=Path)


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except backups.BackupError as error:
        raise click.ClickException(str(error)) from None


@click.command("backup")
@click.argument("file", type=FILE)
@click.option("--force", is_flag=True, help="Write over a FILE that exists.")
@with_appcontext
def backup(file: Path, force: bool) -> None:
    """Write the whole SQLite store into FILE, as it is at one moment.

    The board may be in use: nobody waits for it. FILE appears when it is complete and checked,
    readable by its owner alone. It holds projects, jobs and the hashes of keys, but not the
    secret key in the instance folder: keep `secret_key` elsewhere. On PostgreSQL use pg_dump.
    """
    with _in_words(), bar_of("backup") as progress:
        contents = backups.back_up(file, force=force, progress=progress)
    click.echo(f"{file}: {_summary(contents)}")


@click.command("restore")
@click.argument("file", type=FILE)
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@with_appcontext
def restore(file: Path, yes: bool) -> None:
    """Put the store in FILE, which `jobwall backup` wrote, in the place of the one in use.

    The board may keep running: it shows the old store until the new one is complete. The former
    store is kept beside it, so that restoring can be undone by restoring that file. Keys and
    sessions are those of FILE too: what was revoked since is valid again. On PostgreSQL use
    pg_restore.
    """
    if not (yes or sys.stdin.isatty()):
        raise click.UsageError("nobody can be asked here: give --yes")
    with _in_words():
        store = backups.store_path()
        contents = backups.inspect(file)
    if not yes:
        click.echo(f"{file}: {_summary(contents)}", err=True)
        click.confirm(f"Put it in the place of {store}?", abort=True, err=True)
    with _in_words(), bar_of("restore") as progress:
        former = backups.restore(file, progress, partial(click.echo, err=True))
    click.echo(f"restored {_summary(contents)}")
    if former is not None:
        click.echo(f"undo with: jobwall restore {former}")
    click.echo("keys revoked since that backup are valid again; see `jobwall keys list`")
    if not contents.current:
        click.echo("its tables are of an older version: run `jobwall db upgrade` now")


def _summary(contents: backups.Contents) -> str:
    return f"{contents.projects:,} projects, {contents.jobs:,} jobs, revision {contents.revision}"
