"""`deep_*`: pages anywhere in the list, over its first page."""

import json
import random
from statistics import median

from bench.access import key_header
from bench.bars import Progress, bar
from bench.databases import MAIN, Settings
from bench.measure import Figures, Run, percentile
from bench.server import CACHE_OFF, Client, serve

PAGES = 1500
EVERY = 3  # deep pages for each first page, in turns
LIMIT = 50
SEED = 2026  # the same offsets in every run


def measure(run: Run) -> Figures:
    """The whole list, the failed ones and a history with a burst, on both engines."""
    figures: Figures = {}
    for engine, make in (("sqlite", run.databases.sqlite), ("postgres", run.databases.postgres)):
        for suffix, burst, query in (
            ("", False, ""),
            ("_failed", False, "&status=failed"),
            ("_burst", True, ""),
        ):
            settings = make(run.size, burst=burst)
            run.databases.warm()
            with bar(f"Deep pages, {engine}{suffix.replace('_', ', ')}") as progress:
                p50, p99, noise = deep_over_first(settings, query, progress)
            figures[f"deep_p50_{engine}{suffix}"] = p50
            figures[f"deep_p99_{engine}{suffix}"] = p99
            figures[f"first_p99_{engine}{suffix}"] = noise
    return figures


def deep_over_first(
    settings: Settings, query: str, progress: Progress
) -> tuple[float, float, float]:
    """Median and 99th percentile of random offsets, and the latter of the first page itself.

    All over the first page's median.
    """
    chance = random.Random(SEED)
    path = f"/api/v1/projects/{MAIN}/jobs?limit={LIMIT}{query}&offset="
    with serve("wsgi:app", {**settings, **CACHE_OFF}) as server:
        client = Client(server, key_header(settings))
        total = json.loads(client.get(f"{path}0"))["total"]
        for _ in range(100):
            client.get(f"{path}{chance.randrange(total)}")
        first, deep = [], []
        for number in range(PAGES):
            if number % EVERY == 0:
                progress("", number / PAGES)
                first.append(client.time(f"{path}0"))
            deep.append(client.time(f"{path}{chance.randrange(max(1, total - LIMIT))}"))
    base = median(first)
    return median(deep) / base, percentile(deep, 99) / base, percentile(first, 99) / base
