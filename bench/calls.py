"""How long an app itself takes for an answer: it is called, with no server and no socket between.

`python -m bench.calls MODULE:APP PATH` prints the median in seconds; `BENCH_KEY` is the header by
which it gets in. A process of its own, as an app reads its settings where it is imported.
"""

import gc
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from statistics import median
from subprocess import run
from typing import Any

from werkzeug.test import EnvironBuilder, run_wsgi_app

from bench.databases import Settings
from bench.server import ROOT

WARM = 100
CALLS = 300
ENOUGH = 20  # s


def seconds_of(application: str, path: str, settings: Settings, key: dict[str, str]) -> float:
    """The median time (s) of a call of the app with these settings."""
    words = [sys.executable, "-m", "bench.calls", application, path]
    environment = {**os.environ, **settings, "BENCH_KEY": key["Authorization"]}
    printed = run(words, cwd=ROOT, env=environment, check=True, capture_output=True, text=True)
    return float(printed.stdout)


def call_time(app: Callable[..., Any], path: str, key: str) -> float:
    """The median time (s) of a call."""
    headers = [("Authorization", key)]
    environ = EnvironBuilder(path=path, headers=headers).get_environ()

    def call() -> None:
        _, status, _ = run_wsgi_app(app, environ, buffered=True)
        if status != "200 OK":
            raise RuntimeError(f"{path} answered {status}")

    deadline = time.monotonic() + ENOUGH
    times: list[float] = []
    while len(times) < WARM + CALLS and (len(times) < 20 or time.monotonic() < deadline):
        if len(times) == WARM:
            gc.collect()
            gc.freeze()  # as in a worker of the server
        began = time.perf_counter()
        call()
        times.append(time.perf_counter() - began)
    return median(times[WARM:] or times[5:])


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    loaded = getattr(import_module(module), name)
    print(call_time(loaded.wsgi_app, sys.argv[2], os.environ["BENCH_KEY"]))  # noqa: T201
