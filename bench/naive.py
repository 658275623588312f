"""`naive_*`: the time of the same list written the usual way, over ours."""

import json
from contextlib import ExitStack
from statistics import median

from bench.access import key_header
from bench.bars import bar
from bench.calls import seconds_of
from bench.databases import MAIN
from bench.measure import Figures, Run
from bench.server import CACHE_OFF, Client, serve, serve_constant

JOBS = 100_000
ROUNDS = 60
LIST = f"/api/v1/projects/{MAIN}/jobs?limit=50"


def measure(run: Run) -> Figures:
    """The first page at 100,000 jobs and at the run's size, cache off."""
    return times_slower(run, JOBS, "100k") | times_slower(run, run.size, "size")


def times_slower(run: Run, size: int, suffix: str) -> Figures:
    """How many times longer the usual way takes: than ours, and than a constant; and by itself."""
    settings = run.databases.sqlite(size)
    ours = {**settings, **CACHE_OFF}
    key = key_header(settings)
    with ExitStack() as stack, bar(f"The usual way, {size:,} jobs") as progress:
        mine = Client(stack.enter_context(serve("wsgi:app", ours)), key)
        usual = Client(stack.enter_context(serve("bench.usual:app", settings)), key)
        body = mine.get(LIST)
        if json.loads(body) != json.loads(usual.get(LIST)):
            raise RuntimeError("the usual list is another one")
        constant = Client(stack.enter_context(serve_constant(body, ours)))
        clients = (mine, usual, constant)
        times: list[list[float]] = [[] for _ in clients]
        for turn in range(ROUNDS):
            progress("", turn / ROUNDS)
            for client, taken in zip(clients, times, strict=True):
                taken.append(client.time(LIST))
    my_time, usual_time, constant_time = map(median, times)
    calls = {name: seconds_of(name, LIST, ours, key) for name in ("wsgi:app", "bench.usual:app")}
    return {
        f"naive_list_{suffix}": usual_time / my_time,
        f"naive_most_{suffix}": usual_time / constant_time,
        f"naive_app_{suffix}": calls["bench.usual:app"] / calls["wsgi:app"],
    }
