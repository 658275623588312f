"""`jobwall mirror` and `jobwall sources`: jobs that another board or service lists, here too."""

import logging
import os
import signal
import sys
import threading
from typing import TextIO

import click
from flask.cli import AppGroup, ScriptInfo, with_appcontext

from app import config
from app.access.sealed import seal
from app.cli.params import clear_errors, typed
from app.cli.projects import named_projects
from app.clock import now
from app.ledger.projects import NAME, TakenError, create_project
from app.ledger.sources import UnknownSourceError, change_source, create_source, remove_source
from app.mirror.addresses import AddressError, read_address
from app.mirror.running import Mirror
from app.mirror.upstream import Upstream, UpstreamError
from app.models.project import MODES
from app.queries.projects import list_projects
from app.queries.sources import SourceLine, list_sources
from app.rules.fields import ID_RULE, IDENTIFIER
from app.rules.sources import here_up_to, state_of
from app.rules.times import SECOND
from app.rules.words import duration
from app.store.alone import alone
from app.store.database import BusyError, db, reading

group = AppGroup("sources", help="Sources: upstreams whose jobs `jobwall mirror` brings here.")


@click.command("mirror")
@with_appcontext
@click.pass_obj
def mirror(info: ScriptInfo) -> None:
    """Follow every source, so that its jobs appear here; one process for all of them.

    Sources are set with `jobwall sources add` or on the page /sources, also while this runs. It may
    be killed at any moment and goes on where it was. Ctrl-C stops it.
    """
    logging.basicConfig(format="%(asctime)s %(message)s")
    stop = threading.Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    allowed = config.mirror_allow()
    with clear_errors(), reading() as connection:
        number = len(list_sources(connection))
    try:
        with alone(db.engine, "mirror"):
            click.echo(f"The mirror follows {number} of its sources; Ctrl-C stops it.")
            if not number:
                click.echo(f"Add one: {typed()} sources add --help")
            Mirror(info.load_app(), allowed).run(stop)
    except BusyError:
        raise click.ClickException("another mirror of this store is at work") from None
    sys.stdout.flush()
    os._exit(0)  # a thread may wait for an upstream; what was read is kept


def _key_from(file: TextIO | None) -> str | None:
    if file is not None:
        return file.read(4096).strip() or None
    if not sys.stdin.isatty():
        raise click.UsageError("nobody can be asked for the key here: give --key-file, or --no-key")
    return (
        str(click.prompt("Its key (ib-…)", hide_input=True, default="", show_default=False)) or None
    )


key_file = click.option(
    "--key-file",
    type=click.File(),
    metavar="FILE",
    help="Where its key is, - for standard input; else you are asked for it.",
)


@group.command("add")
@click.argument("url")
@click.argument("upstream_project")
@click.option(
    "--project",
    "project_id",
    metavar="ID",
    help="The project here, made where it is new.  [default: as it is called there]",
)
@click.option("--mode", type=click.Choice(MODES), help="Of a new project.  [default: as there]")
@key_file
@click.option("--no-key", is_flag=True, help="It asks for none.")
def add(
    url: str,
    upstream_project: str,
    *,
    project_id: str | None,
    mode: str | None,
    key_file: TextIO | None,
    no_key: bool,
) -> None:
    """Follow a project of an upstream: the hosted service, or another Jobwall.

    The upstream is asked once, whether it knows the project and the key. The key is kept encrypted
    under this instance's secret, and never shown.

    \b
      jobwall sources add https://api.example.com contracts
      jobwall sources add https://jobs.example.com contracts --project theirs --key-file - < key
    """
    here = project_id or upstream_project
    if not IDENTIFIER.fullmatch(here):
        raise click.UsageError(
            f"{here!r} cannot be a project's id here ({ID_RULE}): give --project"
        )
    key = None if no_key else _key_from(key_file)
    about = _ask(url, upstream_project, key)
    made = mode or next((one for one in MODES if one == about.get("mode")), MODES[0])
    with clear_errors():
        with reading() as connection:
            known = list_projects(connection, here)
        if not known:
            create_project(here, name=_name(about) or here, mode=made, now=now())
        try:
            create_source(
                here,
                url=url.rstrip("/"),
                upstream_project=upstream_project,
                sealed_key=None if key is None else seal(key),
                now=now(),
            )
        except TakenError:
            raise click.ClickException(f"project {here!r} follows a source already") from None
    click.echo(f"{here} follows {upstream_project} of {url}; `{typed()} mirror` brings its jobs")


def _name(about: dict[str, object]) -> str | None:
    """What the project is called there, where it can be called so here."""
    try:
        return str(NAME.check(about.get("name")))
    except ValueError:
        return None


def _ask(url: str, upstream_project: str, key: str | None) -> dict[str, object]:
    """What an upstream says of a project; ends with a sentence where it says nothing of it."""
    try:
        upstream = Upstream(url, upstream_project, key, config.mirror_allow())
        upstream.list_jobs(limit=1, offset=0)
        body = upstream.find_project().body
    except AddressError as error:
        raise click.UsageError(f"{url!r} {error}") from None
    except UpstreamError as error:
        raise click.ClickException(f"{url}: {error.sentence}") from None
    return body if isinstance(body, dict) else {}


@group.command("list")
def listing() -> None:
    """Every source: how it stands, how far behind it is, and what went wrong last."""
    with clear_errors(), reading() as connection:
        found = list_sources(connection)
    for one in found:
        click.echo(_line(one))


def _line(one: SourceLine) -> str:
    at = now()
    lag = duration((at - here_up_to(one)) // SECOND * SECOND)
    words = f"{one.project_id:<24} {state_of(one, at):<9} {lag:>8} behind  {one.url}"
    return f"{words}  {one.error}" if one.error else words


@group.command("set")
@click.argument("project_id")
@click.option("--url", help="Where the upstream is now.")
@key_file
def change(project_id: str, *, url: str | None, key_file: TextIO | None) -> None:
    """Give a source another key or address; without --url you are asked for the key."""
    values: dict[str, object] = {}
    if url is not None:
        try:
            read_address(url)
        except AddressError as error:
            raise click.UsageError(f"{url!r} {error}") from None
        values["url"] = url.rstrip("/")
    if key_file is not None or url is None:
        key = _key_from(key_file)
        values["sealed_key"] = None if key is None else seal(key)
    _change(project_id, values)
    click.echo(f"{project_id}: changed {' and '.join(sorted(values)).replace('sealed_', '')}")


@group.command("pause")
@click.argument("project_id")
def pause(project_id: str) -> None:
    """Ask an upstream no more, for now; its jobs stay as they are."""
    _change(project_id, {"paused_at": now()})


@group.command("resume")
@click.argument("project_id")
def resume(project_id: str) -> None:
    """Go on with a source that was paused."""
    _change(project_id, {"paused_at": None})


@group.command("remove")
@click.argument("project_id")
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(project_id: str, *, yes: bool) -> None:
    """Follow a source no more. Its jobs stay; those that run there will never end here."""
    named_projects(project_id)
    if not yes:
        click.confirm(f"Follow the source of {project_id} no more?", abort=True, err=True)
    with clear_errors():
        try:
            remove_source(project_id)
        except UnknownSourceError:
            raise click.ClickException(f"project {project_id!r} follows no source") from None


def _change(project_id: str, values: dict[str, object]) -> None:
    named_projects(project_id)
    with clear_errors():
        try:
            change_source(project_id, values)
        except UnknownSourceError:
            raise click.ClickException(f"project {project_id!r} follows no source") from None
