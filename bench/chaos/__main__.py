"""`python -m bench.chaos`: cause each fault, and print what everybody else had of the board."""

from collections.abc import Sequence
from pathlib import Path

import click

from bench.bars import bar
from bench.chaos.faults import FAULTS, Outcome, cause
from bench.chaos.scene import scene
from bench.databases import databases
from bench.machine import describe

ENGINES = ("sqlite", "postgresql")
HEAD = (
    "fault", "engine", "acknowledged", "lost", "refused", "but stored", "doubtful",
    "list", "page", "healthz", "report", "p99", "its own",
)  # fmt: skip
"""The columns: reports by what became of them; then the longest wait (s) of each kind of request,
the 99th percentile of the reports, and the longest of those who caused the fault."""


def line_of(name: str, engine: str, found: Outcome) -> Sequence[str]:
    """A line of the table."""
    counts = (found.acknowledged, found.lost, found.refused, found.stored, found.doubtful)
    times = [heard.longest for heard in found.heard.values()]
    return (
        name,
        engine,
        *map(str, counts),
        *(f"{one:.2f}" for one in (*times, found.heard["report"].p99)),
        "" if found.own is None else f"{found.own.longest:.2f}",
    )


def table(lines: Sequence[Sequence[str]]) -> str:
    """The lines under their heads, each column as wide as it must be."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if place < 2 else cell.rjust(width)  # words, then numbers
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def chosen(_context: click.Context, _option: click.Parameter, value: str | None) -> list[str]:
    """The faults of `--only`, in their usual order."""
    names = [name.strip() for name in value.split(",")] if value else list(FAULTS)
    if unknown := [name for name in names if name not in FAULTS]:
        raise click.BadParameter(f"no fault {', '.join(unknown)}; there are {', '.join(FAULTS)}")
    return [name for name in FAULTS if name in names]


@click.command()
@click.option("--size", type=click.IntRange(2000), default=200_000, show_default=True)
@click.option("--seconds", type=click.IntRange(1, 600), default=25, show_default=True)
@click.option("--engine", type=click.Choice(ENGINES), multiple=True, default=ENGINES)
@click.option("--only", "faults", callback=chosen, metavar="FAULT,…")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path))
def main(
    size: int, seconds: int, engine: Sequence[str], faults: list[str], keep: Path | None
) -> None:
    """Cause every fault for real, and print what everybody else had of the board meanwhile.

    A history of SIZE jobs, each fault for SECONDS, on both engines; a database is thrown away
    after each. Nothing passes or fails; what may not be is in the columns "lost" and "but stored".
    """
    lines: list[Sequence[str]] = [HEAD]
    todo = [(name, one) for one in engine for name in faults if FAULTS[name][0] in ("both", one)]
    with databases(keep) as made, bar("Causing faults") as progress:
        for number, (name, one) in enumerate(todo):
            progress(f"{name}, {one}", number / len(todo))
            with scene(made, one, size) as there:
                found = cause(there, FAULTS[name][1], seconds)
            lines.append(line_of(name, one, found))
            if found.wrong:
                click.echo(f"\n{name}: {found.wrong}", err=True)
        progress("", 1)
    click.echo(f"\n{describe()}; SIZE {size:,}, {seconds} s each\n")
    click.echo(table(lines))


if __name__ == "__main__":
    main()
