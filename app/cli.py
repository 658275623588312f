"""`flask` commands: projects, keys, signing in, the audit, and starting everything."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import click
from flask import Flask
from flask.cli import AppGroup
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError, ProgrammingError

from app import supervisor
from app.access import keys, sessions
from app.access.scopes import SCOPE_BY_WORD
from app.database import reading, writing
from app.ledger import audit
from app.ledger.fields import IDENTIFIER
from app.ledger.projects import NAME, SILENT_AFTER, TakenError, create_project
from app.models.project import MODES
from app.queries.projects import get_project, list_projects
from app.times import DAY, HOUR, MINUTE, SECOND, format_time, now, parse_time

UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}

projects = AppGroup("projects", help="Projects: whose jobs belong together.")
api_keys = AppGroup("keys", help="API keys: what programs and people sign in with.")


class Span(click.ParamType[int]):
    """A span such as 15m, 6h or 90d, in µs."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The span in µs; fails with a sentence."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([1-9][0-9]{0,5})([smhd])", value)
        if match is None:
            self.fail(f"{value!r} is not a span such as 15m, 6h or 90d", param, ctx)
        return int(match[1]) * UNITS[match[2]]


class Expiry(Span):
    """A span from now, or a time, in µs since 1970."""

    name = "when"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The moment in µs; fails with a sentence."""
        if isinstance(value, str) and "T" in value:
            try:
                moment = parse_time(value)
            except ValueError as error:
                self.fail(f"{value!r} {error}", param, ctx)
            if moment <= now():
                self.fail(f"{value!r} has passed already", param, ctx)
            return moment
        return now() + super().convert(value, param, ctx)


@contextmanager
def _plainly() -> Iterator[None]:
    """Say what is wrong with the database in one line."""
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        reason = str(error.orig).partition("\n")[0]
        raise click.ClickException(
            f"The database is not ready ({reason}). `flask db upgrade` makes its tables."
        ) from None


class Name(click.ParamType[str]):
    """Text of 1 to 200 readable characters."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The same text; fails with a sentence."""
        try:
            return str(NAME.check(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)


@projects.command("create")
@click.argument("name", type=Name())
@click.option("--id", "project_id", help="Its id in URLs; made from the name where absent.")
@click.option(
    "--mode",
    type=click.Choice(MODES),
    default="kg_vector",
    show_default=True,
    help="Whether its jobs make a graph; fixed for good.",
)
@click.option(
    "--silent-after",
    type=Span(),
    default=SILENT_AFTER,
    metavar="SPAN",
    help="A running job silent for this long is stalled.  [default: 15m]",
)
@click.option(
    "--expect-every",
    type=Span(),
    metavar="SPAN",
    help="The project is late where no job came for this long.  [default: never]",
)
def projects_create(
    name: str, project_id: str | None, mode: str, silent_after: int, expect_every: int | None
) -> None:
    """Make a project, and print its id."""
    made = project_id or re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._").lower()[:64]
    if not IDENTIFIER.fullmatch(made):
        hint = "a letter or digit, then letters, digits or . _ : -, at most 128"
        raise click.UsageError(f"{made!r} cannot be a project's id ({hint}); give one with --id")
    with _plainly():
        try:
            create_project(
                made,
                name=name,
                mode=mode,
                now=now(),
                silent_after=silent_after,
                expect_every=expect_every,
            )
        except TakenError:
            raise click.ClickException(f"there is a project {made!r} already") from None
    click.echo(made)


@projects.command("list")
def projects_list() -> None:
    """List the projects: id, mode, since when, name."""
    with _plainly(), reading() as connection:
        for one in list_projects(connection):
            since = format_time(one.created_at)[:10]
            click.echo(f"{one.project_id:<32} {one.mode:<12} {since} {one.name}")


@api_keys.command("create")
@click.option("--name", type=Name(), required=True, help="Whose it is, or what it is for.")
@click.option(
    "--scope",
    type=click.Choice(list(SCOPE_BY_WORD)),
    default="read",
    show_default=True,
    help="read < write (report jobs) < admin.",
)
@click.option("--project", "project_id", help="The one project that it opens.  [default: all]")
@click.option("--expires", type=Expiry(), metavar="WHEN", help="90d, or a time.  [default: never]")
def keys_create(name: str, scope: str, project_id: str | None, expires: int | None) -> None:
    """Make a key and print it, alone, on stdout. It is shown this once; keep it well."""
    with _plainly(), writing() as connection:
        if project_id is not None and get_project(connection, project_id) is None:
            raise click.ClickException(f"there is no project {project_id!r}")
        key = keys.create_key(
            connection,
            name=name,
            scope=SCOPE_BY_WORD[scope],
            project_id=project_id,
            expires_at=expires,
            now=now(),
        )
    click.echo(key)


@api_keys.command("list")
def keys_list() -> None:
    """List the keys: number, beginning, scope, project, state, name."""
    with _plainly(), reading() as connection:
        lines = keys.list_keys(connection)
    for line in lines:
        if line.revoked_at is not None:
            state = f"revoked {format_time(line.revoked_at)[:10]}"
        elif line.expires_at is not None:
            word = "expired" if line.expires_at <= now() else "until"
            state = f"{word} {format_time(line.expires_at)[:10]}"
        else:
            state = "valid"
        project = line.project_id or "all projects"
        scope = line.scope.name.lower()
        click.echo(
            f"{line.key_id:>4}  {line.hint}…  {scope:<5}  {project:<20}  {state:<18}  {line.name}"
        )


@api_keys.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def keys_revoke(number: int) -> None:
    """Revoke the key with this NUMBER (see `keys list`), at once and for good."""
    with _plainly(), writing() as connection:
        if not keys.revoke_keys(connection, now(), key_id=number):
            raise click.ClickException(f"there is no valid key {number}")
    click.echo(f"revoked {number}")


@click.command("sign-in-link")
@click.option(
    "--url", default="http://127.0.0.1:8000", show_default=True, help="Where the board is served."
)
def sign_in_link(url: str) -> None:
    """Print a link that signs one browser in, once, within 15 minutes."""
    with _plainly(), writing() as connection:
        token = sessions.create_link(connection, now())
    click.echo(f"{url.rstrip('/')}/sign-in#{token}")


Task = Callable[[Connection, str, audit.Progress], list[audit.Finding]]


def _audit(
    project_id: str | None,
    task: Task,
    transaction: Callable[[], AbstractContextManager[Connection]],
) -> int:
    """Run a task over the projects with a progress bar each; gives how many findings it printed."""
    with _plainly(), reading() as connection:
        known = [one.project_id for one in list_projects(connection, project_id)]
    if project_id is not None and not known:
        raise click.ClickException(f"there is no project {project_id!r}")
    found = 0
    for one in known:
        bar: Any = click.progressbar(length=1, label=one, file=sys.stderr)
        with bar, _plainly(), transaction() as connection:
            findings = task(connection, one, _shown_on(bar))
        for finding in findings:
            click.echo(f"{one}: {finding}")
        found += len(findings)
    return found


def _shown_on(bar: Any) -> audit.Progress:
    """What moves a progress bar."""

    def progress(done: int, total: int) -> None:
        bar.length = max(total, 1)
        bar.update(done - bar.pos)

    return progress


@click.command("verify")
@click.option("--project", "project_id", help="Only this one.  [default: all]")
def verify(project_id: str | None) -> None:
    """Recount every count from the jobs, and say what differs (then the exit code is 1)."""
    found = _audit(project_id, audit.verify, reading)
    click.echo(f"{found} differences; `flask rebuild` mends them" if found else "clean")
    if found:
        raise SystemExit(1)


@click.command("rebuild")
@click.option("--project", "project_id", help="Only this one.  [default: all]")
def rebuild(project_id: str | None) -> None:
    """Write the counts anew from the jobs, and say what was wrong."""
    found = _audit(project_id, audit.rebuild, writing)
    click.echo(f"mended {found} differences" if found else "nothing to mend")


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
    raise SystemExit(supervisor.run(port, documents))


def init_app(app: Flask) -> None:
    """Add the commands to `flask`."""
    for command in (projects, api_keys, sign_in_link, verify, rebuild, start):
        app.cli.add_command(command)
