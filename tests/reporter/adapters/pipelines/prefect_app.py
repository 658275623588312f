"""Flows of Prefect: one that is good, one that is tried again, one that fails."""

from jobwall_reporter.adapters.prefect import report_runs
from prefect import flow

reported = report_runs(document=lambda parameters: parameters.get("path"))
tries: list[str] = []


@flow(**reported)
def ingest(path: str) -> None:
    """All goes well."""


@flow(retries=1, retry_delay_seconds=0, **reported)
def flaky(path: str) -> None:
    """The second try succeeds."""
    tries.append(path)
    if len(tries) < 2:
        raise TimeoutError("the model timed out")


@flow(**reported)
def broken(path: str) -> None:
    """It cannot be read."""
    raise ValueError(f"{path} is no PDF")


@flow(**reported)
def housekeeping() -> None:
    """It ingests nothing."""


if __name__ == "__main__":
    ingest("a.pdf")
    flaky("b.pdf")
    broken("c.pdf", return_state=True)
    housekeeping()
