"""A pipeline of Dramatiq actors, with its broker and its workers in this process."""

import dramatiq
from dramatiq.brokers.stub import StubBroker
from jobwall_reporter import current
from jobwall_reporter.adapters.dramatiq import ReportMessages

broker = StubBroker()
reports = ReportMessages(document=lambda actor, args, kwargs: args[0] if args else None)
broker.add_middleware(reports)
dramatiq.set_broker(broker)
tries: list[str] = []


@dramatiq.actor
def ingest(path: str) -> None:
    """All goes well."""
    current().add(chunks=2, nodes=3)


@dramatiq.actor(max_retries=2, min_backoff=1, max_backoff=1)
def flaky(path: str) -> None:
    """The third try succeeds."""
    tries.append(path)
    current().add(chunks=1)
    if len(tries) < 3:
        raise TimeoutError("the model timed out")


@dramatiq.actor(max_retries=0)
def broken(path: str) -> None:
    """It cannot be read."""
    raise ValueError(f"{path} is no PDF")


@dramatiq.actor(max_retries=0, time_limit=1000)
def hanging(path: str) -> None:
    """It hangs, where it can be interrupted."""
    while True:
        pass


@dramatiq.actor
def housekeeping() -> None:
    """It ingests nothing."""


if __name__ == "__main__":
    ingest.send("a.pdf")
    flaky.send("b.pdf")
    broken.send("c.pdf")
    hanging.send("d.pdf")
    housekeeping.send()
    broker.emit_after("process_boot")  # as the command of Dramatiq does
    worker = dramatiq.Worker(broker, worker_timeout=100)
    worker.start()
    broker.join("default", fail_fast=False)
    worker.join()
    worker.stop()
