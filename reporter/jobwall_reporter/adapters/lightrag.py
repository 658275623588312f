"""LightRAG: each document that is inserted is a job.

```python
from jobwall_reporter.adapters.lightrag import report_documents

await rag.initialize_storages()
report_documents(rag)
```

What LightRAG writes down of a document is what the board is told: that it waits, that it is being
processed, its chunks, how it ended. The job has the document's id; one that is processed again is
its next attempt.
"""

from __future__ import annotations

from typing import Any

from jobwall_reporter.job import Job
from jobwall_reporter.reporter import Reporter

ENDED = ("processed", "failed")


def report_documents(rag: Any, *, reporter: Reporter | None = None) -> Reporter:
    """Report what this instance inserts from now on; gives the reporter."""
    told = _Told(reporter or Reporter.default())
    storage = rag.doc_status
    plain = storage.upsert

    async def upsert(data: dict[str, Any]) -> Any:
        done = await plain(data)
        for doc_id, fields in data.items():
            told.tell(doc_id, fields)
        return done

    storage.upsert = upsert
    return told.reporter


class _Told:
    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self._open: dict[str, Job] = {}

    def tell(self, doc_id: str, fields: dict[str, Any]) -> None:
        """What was written down of a document."""
        status = getattr(fields.get("status"), "value", fields.get("status"))
        job = self._open.get(doc_id)
        if job is None:
            if status in ENDED:  # written once more: a later count, or another's document
                return
            path = fields.get("file_path")
            name = path if path and path != "unknown_source" else doc_id
            job = self._open[doc_id] = self.reporter.job(str(name), job_id=doc_id)
        chunks = fields.get("chunks_count")
        if status == "pending":
            job.update()
        elif status == "processed":
            job.update(chunks=chunks, of=chunks)
            job.complete()
        elif status == "failed":
            job.fail(str(fields.get("error_msg") or fields.get("error") or "failed"))
        else:
            job.start().update(of=chunks)
        if status in ENDED:
            self._open.pop(doc_id, None)
