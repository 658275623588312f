"""`python -m bench`: measure, print the table, write the results."""

from pathlib import Path

import click

from bench import (
    causes,
    cpu,
    crowd,
    deep,
    growth,
    install,
    many,
    naive,
    pixels,
    reporter,
    stored,
    wide,
    writes,
)
from bench.databases import databases
from bench.machine import describe
from bench.measure import Figures, Group, Run
from bench.report import renew, save, table

GROUPS: dict[str, Group] = {
    "causes": causes.measure,
    "cpu": cpu.measure,
    "naive": naive.measure,
    "deep": deep.measure,
    "growth": growth.measure,
    "wall": wide.measure,
    "projects": many.measure,
    "write": writes.measure,
    "stored": stored.measure,
    "crowd": crowd.measure,
    "pixels": pixels.measure,
    "reporter": reporter.measure,
    "install": install.measure,
}
RESULTS = Path(__file__).parent / "results.json"
README = RESULTS.parent.parent / "README.md"


def chosen(_context: click.Context, _option: click.Parameter, value: str | None) -> list[str]:
    """The groups of `--only`, in their usual order."""
    names = [name.strip() for name in value.split(",")] if value else list(GROUPS)
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        raise click.BadParameter(f"no group {', '.join(unknown)}; there are {', '.join(GROUPS)}")
    return [name for name in GROUPS if name in names]


@click.command()
@click.option(
    "--size",
    type=click.IntRange(2000),
    default=1_000_000,
    show_default=True,
    help="Jobs in the largest history.",
)
@click.option(
    "--only",
    "groups",
    callback=chosen,
    metavar="GROUP,…",
    help=f"Measure these alone ({', '.join(GROUPS)}); the table is printed and nothing written.",
)
@click.option(
    "--keep",
    type=click.Path(file_okay=False, path_type=Path),
    help="Leave the databases in this folder, and use those of an earlier run. Loaded on another "
    "day they have no last 24 hours: fine for all but growth and wall.  [default: a temporary one]",
)
@click.option(
    "--seconds",
    type=click.IntRange(5, 600),
    default=25,
    show_default=True,
    help="How long the crowd is counted.",
)
def main(size: int, groups: list[str], keep: Path | None, seconds: int) -> None:
    """Measure the board against plain ways to do the same, side by side.

    README.md in this folder says what each line means. Nothing passes or fails. A full run
    writes results.json beside it, and its figures into the README of the repository. Leave the
    machine alone meanwhile.
    """
    figures: Figures = {"size": size}
    try:
        with databases(keep) as made:
            for name in groups:
                figures |= GROUPS[name](Run(made, size, seconds))
    finally:  # where a group fails, or is interrupted, what the others took long for is not lost
        click.echo(f"\n{describe()}; SIZE {size:,}\n")
        click.echo(table(figures))
    if groups == list(GROUPS):
        README.write_text(renew(README.read_text(), save(RESULTS, figures, describe())))
        click.echo("\nwritten to bench/results.json and README.md")


if __name__ == "__main__":
    main()
