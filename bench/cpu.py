"""`cpu_*`: what a list of 50 costs the server, over a view that returns a constant."""

from collections.abc import Callable
from contextlib import ExitStack
from statistics import median

from bench.access import key_header
from bench.bars import bar
from bench.databases import MAIN
from bench.measure import Figures, Run
from bench.server import CACHE_OFF, Client, Server, serve, serve_constant

JOBS = 100_000
ROUNDS = 9
REQUESTS = 300  # in a round, of each kind
LIST = f"/api/v1/projects/{MAIN}/jobs?limit=50"


def measure(run: Run) -> Figures:
    """CPU per request: cache off, cached, unchanged, each over the constant."""
    settings = run.databases.sqlite(min(JOBS, run.size))
    key = key_header(settings)
    with ExitStack() as stack, bar("CPU of a list") as progress:
        plain = stack.enter_context(serve("wsgi:app", {**settings, **CACHE_OFF}))
        cached = stack.enter_context(serve("wsgi:app", settings))
        constant = stack.enter_context(serve_constant(Client(plain, key).get(LIST), settings))
        known, fresh, stored = Client(constant), Client(plain, key), Client(cached, key)
        if stored.get(LIST) != known.get(LIST):
            raise RuntimeError("the cached list is another one")
        etag = {"If-None-Match": stored.answered["ETag"]}
        kinds: dict[str, tuple[Server, Callable[[], bytes]]] = {
            "constant": (constant, lambda: known.get(LIST)),
            "cpu_list": (plain, lambda: fresh.get(LIST)),
            "cpu_list_cached": (cached, lambda: stored.get(LIST)),
            "cpu_304": (cached, lambda: stored.get(LIST, 304, **etag)),
        }
        costs: dict[str, list[float]] = {kind: [] for kind in kinds}
        for turn in range(ROUNDS + 1):  # the first only warms up
            for kind, (server, ask) in kinds.items():
                progress(kind, turn / (ROUNDS + 1))
                cost = cpu_of(server, ask, REQUESTS)
                if turn:
                    costs[kind].append(cost)
    base = median(costs.pop("constant"))
    return {kind: median(values) / base for kind, values in costs.items()} | {
        "cpu_constant_ms": base * 1000
    }


def cpu_of(server: Server, ask: Callable[[], object], requests: int) -> float:
    """The server's CPU time (s) per request, of so many."""
    before = server.cpu()
    for _ in range(requests):
        ask()
    return (server.cpu() - before) / requests
