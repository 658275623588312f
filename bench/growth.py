"""`growth_*`: what people look at with a long history, over the same with 1,000 jobs."""

from statistics import median

from bench.access import key_header, session_headers
from bench.bars import bar
from bench.databases import MAIN, SMALL
from bench.measure import Figures, Run
from bench.server import CACHE_OFF, Client, serve

ROUNDS = 150
JOBS = f"/api/v1/projects/{MAIN}/jobs"
PAGES = {
    "growth_first_page": f"{JOBS}?limit=50",
    "growth_total": f"{JOBS}?limit=1",  # little but the total
    "growth_overview": "/",
    "growth_wall": "/wall/board",
}


def measure(run: Run) -> Figures:
    """Four pages through HTTP, on SQLite, cache off: two servers side by side, in turns."""
    small, large = run.databases.sqlite(SMALL), run.databases.sqlite(run.size)
    with (
        serve("wsgi:app", {**small, **CACHE_OFF}) as small_server,
        serve("wsgi:app", {**large, **CACHE_OFF}) as large_server,
        bar(f"Growth from {SMALL:,} to {run.size:,} jobs") as progress,
    ):
        clients = [
            Client(server, key_header(settings) | session_headers(settings, 1)[0])
            for settings, server in ((small, small_server), (large, large_server))
        ]
        figures = {}
        for done, (name, path) in enumerate(PAGES.items()):
            progress(name, done / len(PAGES))
            times = [[client.time(path) for client in clients] for _ in range(ROUNDS)]
            before, after = (median(column) for column in zip(*times, strict=True))
            figures[name] = after / before
    return figures
