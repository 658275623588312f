"""RQ: every job of a queue is a job.

```python
from jobwall_reporter.adapters.rq import ReportedJob

class IngestJob(ReportedJob):
    @staticmethod
    def document(function, args, kwargs):
        return args[0]
```

Name that class where jobs are made and where they run: `Queue(job_class=IngestJob)`, and
`rq worker --job-class ingest.IngestJob`. A job that is tried again has the same id, and its attempt
rises. In the function `jobwall_reporter.current()` is the job. What kills a work horse from outside
kills its word too: such a job stalls.
"""

from __future__ import annotations

from typing import Any

import rq.job

from jobwall_reporter.reporter import Reporter

PATIENCE = 2.0  # seconds that a work horse waits for the board: it leaves by os._exit


class ReportedJob(rq.job.Job):  # type: ignore[misc]  # where it is not installed
    """An RQ job that reports itself, to the board that the environment names."""

    @staticmethod
    def document(function: str, args: Any, kwargs: Any) -> str | None:  # noqa: ARG004
        """What a call of this function ingests; None: it is not reported."""
        return str(args[0]) if args else None

    def perform(self) -> Any:
        """Run it; gives and raises what that does."""
        reporter = Reporter.default()
        name = reporter.named(self.document, self.func_name, self.args, self.kwargs)
        if name is None:
            return super().perform()
        try:
            with reporter.job(name, job_id=self.id):
                return super().perform()
        finally:
            reporter.flush(PATIENCE)
