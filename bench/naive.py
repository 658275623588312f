"""`naive_*`: the time of the same list written the usual way, over ours."""

import json
from statistics import median

from bench.access import key_header
from bench.bars import bar
from bench.databases import MAIN
from bench.measure import Figures, Run
from bench.server import CACHE_OFF, Client, serve

JOBS = 100_000
ROUNDS = 60
LIST = f"/api/v1/projects/{MAIN}/jobs?limit=50"


def measure(run: Run) -> Figures:
    """The first page at 100,000 jobs and at the run's size, both through HTTP, cache off."""
    return {
        "naive_list_100k": times_slower(run, JOBS),
        "naive_list_size": times_slower(run, run.size),
    }


def times_slower(run: Run, size: int) -> float:
    """How many times longer the usual way takes."""
    settings = run.databases.sqlite(size)
    key = key_header(settings)
    with (
        serve("wsgi:app", {**settings, **CACHE_OFF}) as our_server,
        serve("bench.usual:app", settings) as their_server,
        bar(f"The usual way, {size:,} jobs") as progress,
    ):
        ours, theirs = Client(our_server, key), Client(their_server, key)
        if json.loads(ours.get(LIST)) != json.loads(theirs.get(LIST)):
            raise RuntimeError("the usual list is another one")
        our_times, their_times = [], []
        for turn in range(ROUNDS):
            progress("", turn / ROUNDS)
            our_times.append(ours.time(LIST))
            their_times.append(theirs.time(LIST))
    return median(their_times) / median(our_times)
