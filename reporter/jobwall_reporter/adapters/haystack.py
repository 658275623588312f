"""Haystack: each run of a pipeline that indexes is a job.

```python
from jobwall_reporter.adapters.haystack import run

run(pipeline, {"converter": {"sources": ["lease.pdf"]}}, document="lease.pdf")
```

The chunks are the documents that its writers have written.
"""

from __future__ import annotations

from typing import Any

from haystack import Pipeline

from jobwall_reporter.reporter import Reporter


def run(
    pipeline: Pipeline,
    data: dict[str, Any],
    *,
    document: str,
    reporter: Reporter | None = None,
    **named: Any,
) -> dict[str, Any]:
    """`pipeline.run`, reported as a job for this document; gives and raises what that does.

    Components may tell more of it: there `jobwall_reporter.current()` is the job.
    """
    with (reporter or Reporter.default()).job(document) as job:
        outputs: dict[str, Any] = pipeline.run(data, **named)
        written = [
            output["documents_written"]
            for output in outputs.values()
            if isinstance(output, dict) and "documents_written" in output
        ]
        if written:
            job.update(chunks=sum(written), of=sum(written))
        return outputs
