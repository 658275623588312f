"""Dagster: each op of a job that ran is a job on the board, once it has ended.

```python
from jobwall_reporter.adapters.dagster import report_ops

@job(hooks=report_ops(document=lambda context: context.op_config["path"]))
def ingest(): …
```

Dagster's hooks come as an op ends; when it started is read from its own log. An op that is retried
within its run has one job, which says how it ended.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from dagster import failure_hook, success_hook

from jobwall_reporter.reporter import Reporter

PATIENCE = 2.0  # seconds that the process of an op waits for the board: it may leave by os._exit

Naming = Callable[[Any], Optional[str]]


def report_ops(*, document: Naming | None = None, reporter: Reporter | None = None) -> set[Any]:
    """The hooks of a job, as its decorator and `with_hooks` take them.

    `document` names what an op has ingested, of the context of its hook: the partition of the run,
    else the op itself, where it is not given. An op for which it gives None is not reported.
    """
    reporter = reporter or Reporter.default()
    naming = document or _name

    def tell(context: Any, error: BaseException | None) -> None:
        name = reporter.named(naming, context)
        if name is None:
            return
        job = reporter.job(name, job_id=f"{context.run_id}.{context.step_key}"[:250])
        [stats] = context.instance.get_run_step_stats(context.run_id, [context.step_key]) or [None]
        job.start(at=stats and stats.start_time)
        job.complete() if error is None else job.fail(error)
        reporter.flush(PATIENCE)

    def completed(context: Any) -> None:
        tell(context, None)

    def failed(context: Any) -> None:
        tell(context, context.op_exception or RuntimeError("The op failed"))

    return {
        success_hook(name="jobwall_completed")(completed),
        failure_hook(name="jobwall_failed")(failed),
    }


def _name(context: Any) -> str:
    run = context.instance.get_run_by_id(context.run_id)
    partition = run.tags.get("dagster/partition") if run else None
    return str(partition or context.op.name)
