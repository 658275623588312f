"""Prefect: each run of a flow is a job.

```python
from jobwall_reporter.adapters.prefect import report_runs

@flow(retries=2, **report_runs(document=lambda parameters: parameters["path"]))
def ingest(path): …
```

The job has the run's id, and each try is an attempt. Hooks come as it begins and as it ends: what
it made in between they don't know.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from jobwall_reporter.job import Job
from jobwall_reporter.reporter import Reporter

Naming = Callable[[Any], Optional[str]]


def report_runs(*, document: Naming, reporter: Reporter | None = None) -> dict[str, list[Any]]:
    """The hooks of a flow, as its decorator takes them.

    `document` names what a run ingests, of its parameters; a run for which it gives None is not
    reported.
    """
    reporter = reporter or Reporter.default()
    running: dict[Any, tuple[int, Job]] = {}  # what nobody held would give no signs of life

    def job_of(run: Any) -> Job | None:
        name = reporter.named(document, run.parameters)
        if name is None:
            return None
        return reporter.job(name, job_id=str(run.id), attempt=max(1, run.run_count))

    def on_running(_flow: Any, run: Any, _state: Any) -> None:
        if job := job_of(run):
            running[run.id] = run.run_count, job.start()

    def ended(run: Any) -> Job | None:
        attempt, job = running.pop(run.id, (0, None))
        if job is not None and attempt < run.run_count:  # no hook comes between two tries
            job.fail("It was tried again")
            job = None
        job = job or job_of(run)
        return job and job.start(at=run.start_time)

    def on_completion(_flow: Any, run: Any, _state: Any) -> None:
        if job := ended(run):
            job.complete(at=run.end_time)

    def on_failure(_flow: Any, run: Any, state: Any) -> None:
        if job := ended(run):
            error = state.data if isinstance(state.data, BaseException) else state.message
            job.fail(error or state.name, at=run.end_time)

    return {
        "on_running": [on_running],
        "on_completion": [on_completion],
        "on_failure": [on_failure],
        "on_crashed": [on_failure],
        "on_cancellation": [on_failure],
    }
