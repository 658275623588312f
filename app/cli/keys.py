"""`jobwall keys` and `jobwall sign-in-link`: what programs and people sign in with."""

import click
from flask.cli import AppGroup, with_appcontext

from app.access import keys, sessions
from app.access.scopes import SCOPE_BY_WORD
from app.cli.params import Expiry, Name, board_url, clear_errors
from app.clock import now
from app.queries.projects import get_project
from app.rules.legible import legible
from app.rules.times import format_time
from app.store.database import reading, writing

group = AppGroup("keys", help="API keys: what programs and people sign in with.")


@group.command("create")
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
def create(name: str, scope: str, project_id: str | None, expires: int | None) -> None:
    """Make a key and print it, alone, on stdout. It is shown this once; keep it well."""
    with clear_errors(), writing() as connection:
        if project_id is not None and get_project(connection, project_id) is None:
            raise click.ClickException(f"there is no project {project_id!r}")
        key = keys.create_key(
            connection,
            name=name,
            scope=SCOPE_BY_WORD[scope],
            project_id=project_id,
            expires_at=expires,
            now=now(),
        ).text
    click.echo(key)


@group.command("list")
def list_all() -> None:
    """List the keys: number, beginning, scope, project, state, name."""
    with clear_errors(), reading() as connection:
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
        scope, name = line.scope.name.lower(), legible(line.name)
        click.echo(
            f"{line.key_id:>4}  {line.hint}…  {scope:<5}  {project:<20}  {state:<18}  {name}"
        )


@group.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def revoke(number: int) -> None:
    """Revoke the key with this NUMBER (see `keys list`), at once and for good."""
    with clear_errors(), writing() as connection:
        if not keys.revoke_keys(connection, now(), key_id=number):
            raise click.ClickException(f"there is no valid key {number}")
    click.echo(f"revoked {number}")


@click.command("sign-in-link")
@board_url
@with_appcontext
def sign_in_link(url: str) -> None:
    """Print a link that signs one browser in, once, within 15 minutes."""
    with clear_errors(), writing() as connection:
        token = sessions.create_link(connection, now())
    click.echo(f"{url}/sign-in#{token}")
