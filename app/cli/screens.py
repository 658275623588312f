"""`jobwall screens`: televisions that show the wall."""

import click
from flask.cli import AppGroup

from app.access.origin import browser_words
from app.cli.params import Name, board_url, clear_errors
from app.clock import now
from app.rules.legible import legible
from app.rules.times import format_time
from app.rules.words import NBSP, age
from app.screens import store
from app.store.database import reading, writing

group = AppGroup("screens", help="Screens: televisions that show the wall and nothing else.")


@group.command("list")
def list_all() -> None:
    """List the screens: number, state, projects, address, browser, name."""
    at = now()
    with clear_errors(), reading() as connection:
        lines = store.list_screens(connection, at)
    for line in lines:
        ids = None if line.projects is None else [project_id for project_id, _ in line.projects]
        projects = "all projects" if ids is None else ",".join(ids) or "no project"
        browser = browser_words(line.browser) if line.browser is not None else "-"
        click.echo(
            f"{line.screen_id:>4}  {_state(line, at):<18}  {projects:<20}"
            f"  {line.address or '-':<15}  {browser:<22}  {legible(line.name)}"
        )


def _state(line: store.ScreenLine, at: int) -> str:
    if line.revoked_at is not None:
        return f"revoked {format_time(line.revoked_at)[:10]}"
    if line.link_until is not None:
        return f"link until {format_time(line.link_until)[11:16]}"
    if line.last_seen_at is None:
        return "not seen yet"
    return (
        "seen now"
        if line.is_on(at)
        else f"seen {age(at - line.last_seen_at)} ago".replace(NBSP, " ")
    )


@group.command("revoke")
@click.argument("number", type=click.IntRange(1, 2**31 - 1))
def revoke(number: int) -> None:
    """Close the screen with this NUMBER (see `screens list`), at once and for good."""
    with clear_errors(), writing() as connection:
        if not store.revoke_screen(connection, number, now()):
            raise click.ClickException(f"there is no open screen {number}")
    click.echo(f"revoked {number}")


@group.command("link")
@click.option("--name", type=Name(), required=True, help="What people call the screen.")
@click.option("--project", "projects", multiple=True, help="What it shows; repeat.  [default: all]")
@board_url
def link(name: str, projects: tuple[str, ...], url: str) -> None:
    """Print a link that makes one browser a screen, once, within 15 minutes."""
    with clear_errors(), writing() as connection:
        if unknown := store.unknown_projects(connection, projects):
            raise click.ClickException(f"there is no project {unknown[0]!r}")
        token = store.create_link(connection, name=name, projects=projects or None, now=now())
    click.echo(f"{url}/wall#{token}")
