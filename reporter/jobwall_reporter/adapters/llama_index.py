"""LlamaIndex: a run of an `IngestionPipeline`, with a job for each of its documents.

```python
from jobwall_reporter.adapters.llama_index import run

nodes = run(pipeline, documents=documents, show_progress=True)
```

A pipeline takes all documents of a run through one step, then through the next. So their jobs begin
and end together, and fail together; for a job that ends by itself run the pipeline for each
document. The chunks of a document are the nodes that were made of it: none where it was known.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Optional

from llama_index.core.ingestion import IngestionPipeline

from jobwall_reporter.job import Job
from jobwall_reporter.reporter import Reporter

Naming = Callable[[Any], Optional[str]]


def run(
    pipeline: IngestionPipeline,
    *,
    documents: Any,
    document: Naming | None = None,
    reporter: Reporter | None = None,
    **named: Any,
) -> Any:
    """`pipeline.run`, reported; gives and raises what that does.

    `document` names a document, by its `file_path` or its id where it is not given.
    """
    run = _Run(documents, document, reporter)
    with run:
        return run.made(pipeline.run(documents=documents, **named))


async def arun(
    pipeline: IngestionPipeline,
    *,
    documents: Any,
    document: Naming | None = None,
    reporter: Reporter | None = None,
    **named: Any,
) -> Any:
    """`pipeline.arun`, reported; gives and raises what that does."""
    run = _Run(documents, document, reporter)
    with run:
        return run.made(await pipeline.arun(documents=documents, **named))


class _Run:
    def __init__(self, documents: Any, naming: Naming | None, reporter: Reporter | None) -> None:
        reporter = reporter or Reporter.default()
        self._jobs: dict[str, Job] = {}
        for one in documents:
            name = reporter.named(naming or _name, one)
            if name is not None:
                self._jobs[one.id_] = reporter.job(name)

    def made(self, nodes: Any) -> Any:
        """Count the nodes by the document that they are of."""
        counts = Counter(node.ref_doc_id for node in nodes)
        for doc_id, job in self._jobs.items():
            job.update(chunks=counts[doc_id], of=counts[doc_id])
        return nodes

    def __enter__(self) -> None:
        for job in self._jobs.values():
            job.start()

    def __exit__(self, _kind: Any, error: BaseException | None, _traceback: Any) -> None:
        for job in self._jobs.values():
            job.complete() if error is None else job.fail(error)


def _name(document: Any) -> str:
    return str(document.metadata.get("file_path") or document.id_)
