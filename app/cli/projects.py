"""`jobwall projects`: whose jobs belong together."""

from typing import Any

import click
from flask.cli import AppGroup

from app.cli.params import Name, Patterns, Span, Template, clear_errors
from app.clock import now
from app.ledger.projects import (
    SILENT_AFTER,
    WAIT_AFTER,
    TakenError,
    TakenNamespaceError,
    change_project,
    create_project,
    id_from,
)
from app.ledger.sums import UnknownProjectError
from app.models.project import MODES
from app.queries.namespaces import list_patterns
from app.queries.projects import list_projects
from app.rules.fields import ID_RULE, IDENTIFIER
from app.rules.legible import legible
from app.rules.project import Project
from app.rules.times import format_time
from app.store.database import reading

group = AppGroup("projects", help="Projects: whose jobs belong together.")


def named_projects(project_id: str | None) -> list[Project]:
    """The project with this id, or (None) all; ends with a sentence where there is none."""
    with clear_errors(), reading() as connection:
        known = list_projects(connection, project_id)
    if project_id is not None and not known:
        raise click.ClickException(f"there is no project {project_id!r}")
    return known


@group.command("create")
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
    "--wait-after",
    type=Span(),
    default=WAIT_AFTER,
    metavar="SPAN",
    help="Jobs that wait are starved where none started for this long.  [default: 15m]",
)
@click.option(
    "--expect-every",
    type=Span(),
    metavar="SPAN",
    help="The project is late where no job came for this long.  [default: as they usually come]",
)
def create(name: str, project_id: str | None, mode: str, **spans: Any) -> None:
    """Make a project, and print its id."""
    made = project_id or id_from(name)
    if made is None or not IDENTIFIER.fullmatch(made):
        raise click.UsageError(
            f"{made or name!r} cannot be a project's id ({ID_RULE}); give one with --id"
        )
    with clear_errors():
        try:
            create_project(made, name=name, mode=mode, now=now(), **spans)
        except TakenError:
            raise click.ClickException(f"there is a project {made!r} already") from None
    click.echo(made)


@group.command("set")
@click.argument("project_id")
@click.option("--name", type=Name(), help="What people call it.")
@click.option(
    "--silent-after",
    type=Span(),
    metavar="SPAN",
    help="A running job silent for this long is stalled.",
)
@click.option(
    "--wait-after",
    type=Span(),
    metavar="SPAN",
    help="Jobs that wait are starved where none started for this long.",
)
@click.option(
    "--expect-every",
    type=Span(),
    metavar="SPAN",
    help="The project is late where no job came for this long.",
)
@click.option(
    "--expect-nothing", is_flag=True, help="Late only where jobs usually came at this time."
)
@click.option(
    "--source-link",
    type=Template(),
    metavar="URL",
    help="Where a job's document is: an address with {source_doc_id}, or {source_doc_id} alone.",
)
@click.option(
    "--logs-link",
    type=Template(),
    metavar="URL",
    help="Where a job's logs are, such as 'https://logs.example/?q={job_id}'.",
)
@click.option("--rerun-link", type=Template(), metavar="URL", help="Where a job can be run again.")
@click.option(
    "--namespaces",
    type=Patterns(),
    metavar="PATTERNS",
    help="Runs of these namespaces of OpenLineage are its, such as 'airflow-prod, spark-*'.",
)
def change(
    project_id: str,
    *,
    expect_nothing: bool,
    namespaces: list[str] | None,
    **given: str | int | None,
) -> None:
    """Change what is known of a project; what is not named stays.

    Links are shown on the page of every job, filled with its {job_id}, {source_doc_id},
    {project_id}, {attempt} and {status}. An empty one ('') takes a link away, and so it does all
    namespaces.
    """
    values = {name: value or None for name, value in given.items() if value is not None}
    if expect_nothing:
        values["expect_every"] = None
    if not values and namespaces is None:
        raise click.UsageError("say what should change; --help lists what can")
    with clear_errors():
        try:
            change_project(project_id, values, namespaces)
        except UnknownProjectError:
            raise click.ClickException(f"there is no project {project_id!r}") from None
        except TakenNamespaceError as taken:
            raise click.ClickException(f"{taken.args[0]!r} is another project's already") from None
    changed = sorted([*values, *([] if namespaces is None else ["namespaces"])])
    click.echo(f"{project_id}: changed {', '.join(changed).replace('_', ' ')}")


@group.command("list")
def list_all() -> None:
    """List the projects: id, mode, since when, name."""
    with clear_errors(), reading() as connection:
        for one in list_projects(connection):
            since = format_time(one.created_at)[:10]
            click.echo(f"{one.project_id:<32} {one.mode:<12} {since} {legible(one.name)}")


@group.command("namespaces")
def list_namespaces() -> None:
    """List whose the runs of which namespaces of OpenLineage are: pattern, project."""
    with clear_errors(), reading() as connection:
        for pattern, project_id in list_patterns(connection):
            click.echo(f"{legible(pattern):<32} {project_id}")
