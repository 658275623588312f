"""`jobwall prune`: jobs that ended long ago go, in short steps, while the board is in use."""

import signal
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from types import FrameType

import click
from flask.cli import with_appcontext

from app.cli.params import Span, clear_errors
from app.cli.progress import bar_of
from app.cli.projects import named_projects
from app.clock import now
from app.ledger.removal import remove_jobs
from app.ledger.sums import UnknownProjectError
from app.queries.depth import count_before
from app.rules.status import STATUS_BY_WORD, JobStatus
from app.rules.times import format_time
from app.store.database import reading

ENDED = [word for word, status in STATUS_BY_WORD.items() if status.terminal]
INTERRUPTED = 130  # the exit code of what Ctrl-C ended


@click.command("prune")
@click.option(
    "--older-than",
    type=Span(),
    required=True,
    metavar="SPAN",
    help="Created longer ago than this: 90d, 36h.",
)
@click.option("--project", "project_id", help="Only this one.  [default: all]")
@click.option(
    "--status",
    "words",
    type=click.Choice(ENDED),
    multiple=True,
    help="Only jobs that ended so; may be repeated.  [default: both]",
)
@click.option("--dry-run", is_flag=True, help="Say how many jobs would go, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@with_appcontext
def prune(
    older_than: int, project_id: str | None, words: tuple[str, ...], dry_run: bool, yes: bool
) -> None:
    """Remove jobs that ended, by the time they were created.

    Jobs that wait or run stay, however old. It works in batches of 200 while people read and
    pipelines report; every count is exact after each batch, so it may be stopped at any time with
    Ctrl-C and run again. A removed job that is reported once more counts as a new one. A SQLite
    file keeps its size, and fills the room that was freed.

    \b
      jobwall prune --older-than 90d --dry-run
      jobwall prune --older-than 30d --status completed --project contracts
      jobwall prune --older-than 90d --yes          (in a cron job)
    """
    if not (dry_run or yes or sys.stdin.isatty()):
        raise click.UsageError("nobody can be asked here: give --yes, or --dry-run to look first")
    before = now() - older_than
    words = tuple(word for word in ENDED if word in words) or tuple(ENDED)
    known = [one.project_id for one in named_projects(project_id)]
    with clear_errors(), reading() as connection:
        counted = {one: count_before(connection, one, before) for one in known}
    wanted = {one: {word: numbers[word] for word in words} for one, numbers in counted.items()}
    counts = {one: numbers for one, numbers in wanted.items() if sum(numbers.values())}
    total = sum(sum(numbers.values()) for numbers in counts.values())
    for one, numbers in counts.items():
        click.echo(f"{one:<32}" + "".join(f" {numbers[word]:>12,} {word}" for word in words))
    if not total:
        click.echo("nothing to remove")
        return
    if dry_run:
        click.echo(f"{total:,} jobs would be removed")
        return
    question = f"Remove these {total:,} jobs, created before {format_time(before)}, for good?"
    if not yes:
        click.confirm(question, abort=True, err=True)
    with _noted_interrupt() as interrupted:
        removed = 0
        statuses = [STATUS_BY_WORD[word] for word in words]
        for one, numbers in counts.items():
            if not interrupted():
                expected = sum(numbers.values())
                removed += _prune(one, statuses, before, expected, interrupted)
        if interrupted():
            click.echo(f"stopped after {removed:,} of {total:,} jobs; run it again to go on")
            raise SystemExit(INTERRUPTED)


def _prune(
    project_id: str,
    statuses: Collection[JobStatus],
    before: int,
    expected: int,
    interrupted: Callable[[], bool],
) -> int:
    """Remove a project's jobs batch by batch, and say how many; the last batch removes none."""
    removed = 0
    with bar_of(project_id) as progress, clear_errors():
        batch = 1
        while batch and not interrupted():
            try:
                batch = remove_jobs(project_id, statuses=statuses, before=before)
            except UnknownProjectError:
                batch = 0  # it was deleted meanwhile, and its jobs with it
            removed += batch
            progress(min(removed, expected), expected)
    click.echo(f"{project_id}: removed {removed:,}")
    return removed


@contextmanager
def _noted_interrupt() -> Iterator[Callable[[], bool]]:
    """Whether Ctrl-C came: the first one lets the batch end, a second one breaks it off."""
    asked = False

    def note(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        asked = True
        signal.signal(signal.SIGINT, former)

    former = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, former)
