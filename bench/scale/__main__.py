"""`python -m bench.scale`: how far a board goes on several hosts, from what things cost here."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import median

import click

from bench.bars import bar
from bench.databases import databases
from bench.machine import describe
from bench.measure import percentile
from bench.scale.costs import measure
from bench.scale.simulation import Board, Costs, Load, Seen

WARM_UP = 10.0  # s: every dashboard has its page
SECONDS = 60.0  # with one turn of a minute among them


@click.command()
@click.option("--projects", type=click.IntRange(10), default=100_000, show_default=True)
@click.option("--dashboards", type=click.IntRange(1), default=100_000, show_default=True)
@click.option("--reports", type=float, default=3_000.0, show_default=True, help="In a second.")
@click.option("--hosts", type=click.IntRange(1), default=3, show_default=True)
@click.option("--cores", type=click.IntRange(1), default=16, show_default=True, help="Of a host.")
def main(projects: int, dashboards: int, reports: float, hosts: int, cores: int) -> None:
    """Simulate dashboards that are open on a board of several hosts, and print what that costs.

    First it measures what a poll, a page, a report and a look cost on this machine, in CPU of the
    board and of PostgreSQL. Then it lets a simulated minute pass, once as asked for and once with
    nothing reported. It knows no queues and no network: what it says holds while no core is full.
    """
    load = Load(projects, dashboards, reports, hosts, hosts * cores)
    with databases(None) as made:
        costs = measure(made)
    seen, idle = (_simulated(one, costs) for one in (load, replace(load, reports=0.0)))
    click.echo(f"\n{describe()}\n")
    click.echo("\n".join([*_of_costs(costs), "", *_of(load, costs, seen)]))
    app, database = idle.cost(costs, projects)
    click.echo(
        f"with nothing reported: {app / SECONDS:,.1f} cores of the board,"
        f" {database / SECONDS:,.1f} of PostgreSQL"
    )


def _simulated(load: Load, costs: Costs) -> Seen:
    with bar(f"{load.reports:,.0f} reports a second") as progress:
        ends = WARM_UP + SECONDS
        seen = Board(load, costs).run(
            SECONDS, WARM_UP, lambda at: progress(f"{at:.0f} s of {ends:.0f}", at / ends)
        )
        progress("done", 1)
    return seen


def _of_costs(costs: Costs) -> Iterator[str]:
    yield f"{'one costs, ms of CPU':<34}{'board':>10}{'PostgreSQL':>12}"
    for name in ("unchanged", "kept", "made", "report"):
        app, database = getattr(costs, name)
        yield f"{f'  {name}':<34}{app * 1000:>10.3f}{database * 1000:>12.3f}"
    app, database = costs.look_row
    yield f"{'  a thousand rows of a look':<34}{app * 1e6:>10.3f}{database * 1e6:>12.3f}"


def _of(load: Load, costs: Costs, seen: Seen) -> Iterator[str]:
    yield (
        f"{load.projects:,} projects, {load.dashboards:,} dashboards, {load.reports:,.0f} reports a"
        f" second; {load.hosts} hosts with {load.processes // load.hosts} processes each"
    )
    numbers = {
        "polls": seen.polls,
        "  told that nothing changed": seen.unchanged,
        "  given a page that was kept": seen.kept,
        "  given a page that was made": seen.made,
        "reports": seen.reports,
        "looks at all versions": seen.looks,
        "statements": seen.statements,
    }
    for name, number in numbers.items():
        yield f"{name:<34}{number / seen.seconds:>10,.0f} a second"
    app, database = seen.cost(costs, load.projects)
    looks = costs.look_row.times(seen.looks * load.projects)
    yield f"{'CPU of the board':<34}{app / seen.seconds:>10,.1f} cores of {load.processes}"
    yield f"{'  of that, looks':<34}{looks.app / seen.seconds:>10,.1f}"
    yield f"{'CPU of PostgreSQL':<34}{database / seen.seconds:>10,.1f} cores"
    yield f"{'  of that, looks':<34}{looks.database / seen.seconds:>10,.1f}"
    if seen.delays:
        yield f"{'from a report to its page, s':<34}{median(seen.delays):>10,.2f} in the middle"
        yield f"{'':<34}{percentile(seen.delays, 99):>10,.2f} of 99 in 100"


if __name__ == "__main__":
    main()
