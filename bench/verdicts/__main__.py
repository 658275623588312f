"""`python -m bench.verdicts`: which incidents are found, named rightly, and how soon."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from statistics import median

import click

from app import create_app
from app.cli.migrations import upgrade
from app.config import read
from app.ledger.projects import create_project
from app.ledger.record import record
from app.queries.projects import ProjectLine, list_lines
from app.rules.project import Project
from app.store.database import reading
from bench.bars import bar
from bench.verdicts.incidents import FAULTS, Incident, incidents_of
from bench.verdicts.pipelines import DAY, HOUR, KINDS, WEEK, Kind
from bench.verdicts.replay import Pipeline, micros

MINUTE = 60.0
RECOVERY = 75 * MINUTE  # after an incident: the last hour still holds it
FLICKER = 10 * MINUTE
MONTH = 30.44 * DAY
EVERY = 5  # minutes between two looks at calm projects


@dataclass
class Watched:
    """A project of the replay, and what the board said of it."""

    project: Project
    pipeline: Pipeline
    said: list[tuple[float, list[str]]] = field(default_factory=list)

    def in_sight(self, at: float) -> bool:
        """Whether an incident goes on, or begins at once."""
        incidents = self.pipeline.incidents
        return any(one.start - EVERY * MINUTE <= at < one.end for one in incidents)


@dataclass(frozen=True)
class Result:
    """What became of an incident: minutes until it was said, None where it never was."""

    incident: Incident
    found: bool
    named: bool
    minutes: float | None


@click.command(help=__doc__)
@click.option("--weeks", default=8, show_default=True, help="How long the replay is.")
@click.option("--only", help="One kind of pipeline, such as 'steady'.")
@click.option("--seed", default=1, show_default=True)
@click.option("--verbose", is_flag=True, help="List every incident and every false alarm.")
def main(weeks: int, only: str | None, seed: int, verbose: bool) -> None:
    """Replay the weeks, and print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(read({"INSTANCE": folder}))
        with app.app_context():
            upgrade()
            watched = [_watch(kind, weeks, seed) for kind in KINDS if only in (None, kind.name)]
            _replay(watched, weeks * WEEK)
    _print(watched, weeks * WEEK, verbose=verbose)


def _watch(kind: Kind, weeks: int, seed: int) -> Watched:
    random = Random(f"{seed} {kind.name}")
    name = kind.name.replace(" ", "-")
    project = create_project(name, name=kind.name, mode="kg_vector", now=micros(0))
    incidents = [one for one in incidents_of(kind) if one.end < weeks * WEEK]
    arrivals = kind.arrivals(weeks * WEEK, random)
    return Watched(project, Pipeline(kind, incidents, random, arrivals))


def _replay(watched: list[Watched], until: float) -> None:
    by_id = {one.project.project_id: one for one in watched}
    with bar("Weeks of reports") as progress:
        for minute in range(1, int(until // MINUTE) + 1):
            at = minute * MINUTE
            if minute % EVERY and not any(one.in_sight(at) for one in watched):
                continue
            for one in watched:
                if reports := one.pipeline.step(at):
                    record(one.project, reports, now=micros(at))
            with reading() as connection:
                for line in list_lines(connection, micros(at)):
                    by_id[line.facts.project_id].said.append((at, _states(line)))
            progress(f"day {int(at // DAY)}", at / until)


def _states(line: ProjectLine) -> list[str]:
    """The names of the states in trouble that hold, the one that leads first."""
    states = [line.verdict.state, *(one.state for one in line.beside)]
    return [state.name for state in states if state.trouble]


def _judge(one: Watched) -> Iterator[Result]:
    for incident in one.pipeline.incidents:
        clear = incident.clear_at
        expected = incident.fault.state
        after = [(at, states) for at, states in one.said if incident.start <= at]
        found = next((at for at, states in after if expected in states), None)
        if clear is None or found is None or found > incident.end + RECOVERY:
            yield Result(incident, False, False, None)
            continue
        minutes = max(0.0, found - clear) / 60
        lead = next(states for at, states in after if at == found)[0]
        yield Result(incident, minutes <= incident.fault.within, lead == expected, minutes)


def _false_alarms(one: Watched) -> list[tuple[float, str]]:
    """When and what was said of a project in which nothing was wrong: each spell once."""
    alarms, last, excused = [], -FLICKER - 1, False
    for at, states in one.said:
        near = any(i.start <= at < i.end + RECOVERY for i in one.pipeline.incidents)
        if states:
            if at - last > FLICKER:
                excused = near
                if not near:
                    alarms.append((at, states[0]))
            last = at
            excused = excused or near
    return alarms


def _print(watched: Iterable[Watched], until: float, *, verbose: bool) -> None:
    results = {one.project.name: list(_judge(one)) for one in watched}
    alarms = {one.project.name: _false_alarms(one) for one in watched}
    every = [result for of in results.values() for result in of]
    _row("incident", "staged", "found", "named", "minutes", "at most")
    for fault in FAULTS:
        of = [one for one in every if one.incident.fault is fault]
        minutes = [one.minutes for one in of if one.minutes is not None]
        told = (f"{median(minutes):.1f}", f"{max(minutes):.1f}") if minutes else ("–", "–")
        found, named = sum(one.found for one in of), sum(one.named for one in of)
        _row(fault.name, len(of), found, named, *told)
    right = sum(one.named and one.found for one in every) / max(1, len(every))
    click.echo(f"\nfound in time and named rightly: {right:.1%} of {len(every)}\n")
    for name, spells in alarms.items():
        click.echo(f"{name:<14}{len(spells) / (until / MONTH):>8.2f} false alarms a month")
    if verbose:
        _list(results, alarms)


def _row(*cells: object) -> None:
    click.echo(f"{cells[0]:<14}" + "".join(f"{cell!s:>9}" for cell in cells[1:]))


def _list(
    results: Mapping[str, Iterable[Result]], alarms: Mapping[str, Iterable[tuple[float, str]]]
) -> None:
    for name, of in results.items():
        for one in of:
            incident = one.incident
            when = f"{_when(incident.start)}, clear {_when(incident.clear_at)}"
            minutes = "never said" if one.minutes is None else f"said after {one.minutes:.1f} min"
            how = "" if one.named else ", by another name"
            click.echo(f"{name:<14}{incident.fault.name:<12}{when}, {minutes}{how}")
        for at, state in alarms[name]:
            click.echo(f"{name:<14}false: {state} {_when(at)}")


def _when(at: float | None) -> str:
    if at is None:
        return "never"
    clock = f"{int(at % DAY // HOUR):02}:{int(at % HOUR // MINUTE):02}"
    return f"week {int(at // WEEK)} day {int(at % WEEK // DAY)} {clock}"


if __name__ == "__main__":
    main()
