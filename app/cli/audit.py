"""`jobwall verify` and `jobwall rebuild`: whether every count is what the jobs say."""

from collections.abc import Callable
from functools import partial

import click
from flask.cli import with_appcontext

from app.cli.params import clear_errors
from app.cli.progress import bar_of
from app.cli.projects import named_projects
from app.clock import now
from app.ledger import audit, mending
from app.ledger.finding import Finding
from app.rules.legible import legible
from app.store.database import reading

Task = Callable[[str, audit.Progress], list[Finding]]


def _verify(project_id: str, progress: audit.Progress) -> list[Finding]:
    with reading() as connection:
        return audit.verify(connection, project_id, progress)


def _audit(project_id: str | None, task: Task) -> int:
    """Run a task over the projects with a progress bar each; gives how many findings it printed."""
    found = 0
    for one in (each.project_id for each in named_projects(project_id)):
        with bar_of(one) as progress, clear_errors():
            findings = task(one, progress)
        for finding in findings:
            click.echo(f"{one}: {legible(str(finding))}")
        found += len(findings)
    return found


@click.command("verify")
@click.option("--project", "project_id", help="Only this one.  [default: all]")
@with_appcontext
def verify(project_id: str | None) -> None:
    """Recount every count from the jobs, and say what differs (then the exit code is 1)."""
    found = _audit(project_id, _verify)
    click.echo(f"{found} differences; `jobwall rebuild` mends them" if found else "clean")
    if found:
        raise SystemExit(1)


@click.command("rebuild")
@click.option("--project", "project_id", help="Only this one.  [default: all]")
@click.option(
    "--clock-was-ahead",
    is_flag=True,
    help="The clock of this machine was ahead and is right again: what was received in the future"
    " was received now.",
)
@with_appcontext
def rebuild(project_id: str | None, clock_was_ahead: bool) -> None:
    """Mend the counts from the jobs, and say what was wrong.

    The board may be in use: it mends in short steps, between which others report. It may be stopped
    at any time and run again.
    """
    clock = now if clock_was_ahead else None
    found = _audit(project_id, partial(mending.rebuild, clock=clock))
    click.echo(f"mended {found} differences" if found else "nothing to mend")
