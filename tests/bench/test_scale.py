"""The simulation of many dashboards: it follows the board's rules, and is the same each time."""

from dataclasses import replace

import pytest

from app.web.live import PACE
from bench.scale.simulation import Board, Cost, Costs, Load, Seen

COSTS = Costs(
    unchanged=Cost(0.001, 0.0005),
    kept=Cost(0.002, 0.0005),
    made=Cost(0.02, 0.01),
    report=Cost(0.004, 0.002),
    look_row=Cost(0.000_004, 0.000_002),
    page_bytes=100_000,
)
LOAD = Load(
    projects=200, dashboards=400, reports=20, hosts=2, processes=4, cache_bytes=200 * 100_000
)


def seen(load: Load = LOAD) -> Seen:
    return Board(load, COSTS).run(60, 10)


def test_it_is_the_same_each_time() -> None:
    assert seen() == seen()


def test_every_poll_is_told_one_thing() -> None:
    found = seen()
    assert found.polls == found.unchanged + found.kept + found.made
    assert found.asked >= found.polls - LOAD.dashboards
    assert found.reports == pytest.approx(60 * LOAD.reports, rel=0.2)


def test_where_nothing_is_reported_a_page_is_made_once_a_minute_in_each_process() -> None:
    found = seen(replace(LOAD, reports=0.0, dashboards=4000))
    everywhere = LOAD.projects * LOAD.processes
    assert 0.97 * everywhere <= found.made <= everywhere, "some have no dashboard in a process"
    assert found.kept == 4000 - found.made, "to all others it is given"
    assert found.delays == []
    polls = 60 / (4 + PACE / 1000) * 4000
    assert found.polls == pytest.approx(polls, rel=0.1)


def test_a_report_is_on_the_page_with_the_next_look_or_poll() -> None:
    found = seen()
    assert found.delays
    assert max(found.delays) <= PACE / 1000 + 0.5


def test_what_a_process_cannot_keep_it_makes_again() -> None:
    small = replace(LOAD, dashboards=4000, reports=0.0, cache_bytes=10 * 100_000)
    assert seen(small).made > 2 * LOAD.projects * LOAD.processes


def test_a_look_costs_by_the_projects_and_the_processes() -> None:
    one, many = seen(), seen(replace(LOAD, processes=8))
    assert many.looks == 2 * one.looks
    free = replace(COSTS, unchanged=Cost(), kept=Cost(), made=Cost(), report=Cost())
    assert one.cost(free, 200).app == pytest.approx(one.looks * 200 * 0.000_004)
