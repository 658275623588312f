"""A pipeline of Celery tasks, as its worker loads it and as a sender imports it."""

import os
import signal
import time
from pathlib import Path

from celery import Celery
from jobwall_reporter import current
from jobwall_reporter.adapters.celery import report_tasks

FOLDER = Path.cwd()
for name in ("queue", "control"):
    (FOLDER / name).mkdir(exist_ok=True)

app = Celery("ingest", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": f"{FOLDER}/queue",
        "data_folder_out": f"{FOLDER}/queue",
        "control_folder": f"{FOLDER}/control",
    },
    worker_prefetch_multiplier=1,
)
report_tasks(document=lambda task, args, kwargs: args[0] if args else None)


@app.task
def ingest(path: str) -> None:
    """All goes well."""
    current().add(chunks=2, nodes=3)


@app.task(bind=True, max_retries=2, default_retry_delay=0)
def flaky(self, path: str) -> None:
    """The third try succeeds."""
    current().add(chunks=1)
    if self.request.retries < 2:
        raise self.retry(exc=TimeoutError("the model timed out"))


@app.task
def broken(path: str) -> None:
    """It cannot be read."""
    raise ValueError(f"{path} is no PDF")


@app.task(time_limit=1)
def hanging(path: str) -> None:
    """It hangs."""
    time.sleep(60)


@app.task
def dying(path: str) -> None:
    """The process is killed, by whoever needs its memory."""
    current().add(chunks=7)
    time.sleep(1.5)
    os.kill(os.getpid(), signal.SIGKILL)


@app.task
def housekeeping() -> None:
    """It ingests nothing."""


def send() -> None:
    """Send some of each."""
    ingest.delay("a.pdf")
    flaky.delay("b.pdf")
    broken.delay("c.pdf")
    hanging.delay("d.pdf")
    dying.delay("e.pdf")
    ingest.apply_async(("f.pdf",), expires=-1)
    housekeeping.delay()
