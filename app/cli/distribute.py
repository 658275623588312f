"""`jobwall distribute`: the tables over the nodes of a Citus, in place."""

import sys

import click
from flask.cli import with_appcontext

from app.cli.params import clear_errors
from app.cli.progress import bar_of
from app.rules.words import plural
from app.store import distributing
from app.store.database import reading, writing


@click.command("distribute")
@click.option("--print", "only_print", is_flag=True, help="Print the statements, and run none.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where nobody can be asked.")
@with_appcontext
def distribute(only_print: bool, yes: bool) -> None:
    """Lay the tables of PostgreSQL out over the nodes of a Citus, by project.

    All jobs of a project are on one node then, and the statements of each project are run by its
    node. Keys, sessions and screens stay where they are. It is one transaction: it is done whole or
    not at all, and reports are refused (503, to be sent again) while the tables are copied. What is
    laid out already stays; run it again after `jobwall db upgrade` has made new tables. A way back
    is to copy the projects into another PostgreSQL (`jobwall mirror`).

    \b
      jobwall distribute --print
      jobwall distribute
    """
    if not (only_print or yes or sys.stdin.isatty()):
        raise click.UsageError("nobody can be asked here: give --yes, or --print to look first")
    with clear_errors(), reading() as connection:
        if wrong := distributing.obstacles(connection):
            raise click.ClickException("\n       ".join(wrong))
        plan = distributing.layout(connection)
    if not plan.tables:
        click.echo("every table is laid out already")
        return
    if only_print:
        inner = [statement for statement, _ in distributing.statements(plan)]
        for line in ("BEGIN", *inner, "COMMIT"):
            click.echo(f"{line};")
        return
    size = sum(of for _, of in plan.tables)
    what = f"{plural(len(plan.tables), 'table')} with {size / 1e6:,.0f} MB"
    where = plural(len(plan.nodes), "node")
    if not yes:
        click.confirm(
            f"Lay {what} out over {where} ({', '.join(plan.nodes)})?", abort=True, err=True
        )
    with clear_errors(), bar_of("distribute") as progress, writing() as connection:
        distributing.distribute(connection, plan, progress)
    click.echo(f"laid out {what} over {where}")
