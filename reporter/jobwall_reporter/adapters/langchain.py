"""LangChain: `index` and `aindex` as they are, with a job for each source document.

```python
from jobwall_reporter.adapters.langchain import index

index(docs, record_manager, vector_store, cleanup="incremental", source_id_key="source")
```

A source is what `source_id_key` names, `metadata["source"]` by default; its chunks are those that
came through, new or known. LangChain writes them batch by batch: what fails with a batch are the
sources that have a chunk in it. The chunks of a source should follow each other, as loaders and
splitters give them; where they come apart, it has a job for each time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Callable

from langchain_core import indexing

from jobwall_reporter.job import Job
from jobwall_reporter.reporter import Reporter


def index(docs_source: Any, *args: Any, reporter: Reporter | None = None, **named: Any) -> Any:
    """`langchain_core.indexing.index`, reported; gives and raises what that does."""
    sources = _Sources(reporter or Reporter.default(), named)
    docs = docs_source.lazy_load() if hasattr(docs_source, "lazy_load") else docs_source
    with sources:
        return indexing.index(sources.through(docs), *args, **named)


async def aindex(
    docs_source: Any, *args: Any, reporter: Reporter | None = None, **named: Any
) -> Any:
    """`langchain_core.indexing.aindex`, reported; gives and raises what that does."""
    sources = _Sources(reporter or Reporter.default(), named)
    docs = docs_source.alazy_load() if hasattr(docs_source, "alazy_load") else docs_source
    with sources:
        return await indexing.aindex(sources.athrough(docs), *args, **named)


class _Sources:
    """The sources whose chunks come through: which are done, and which are at hand."""

    def __init__(self, reporter: Reporter, named: dict[str, Any]) -> None:
        self._reporter = reporter
        self._size: int = named.get("batch_size", 100)
        self._key: str | Callable[[Any], str] = named.get("source_id_key") or "source"
        self._open: dict[str, Job] = {}
        self._batch: Counter[str] = Counter()
        """Chunks that are not known to be written, by source."""

    def through(self, docs: Iterable[Any]) -> Iterator[Any]:
        """The same chunks, and word of those that are written."""
        remaining = iter(docs)
        while batch := list(islice(remaining, self._size)):
            self._comes(batch)
            yield from batch
            self._asked_after(batch)

    async def athrough(self, docs: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
        """The same, of chunks that come either way."""
        batch: list[Any] = []
        async for one in _async(docs):
            batch.append(one)
            if len(batch) == self._size:
                self._comes(batch)
                for chunk in batch:
                    yield chunk
                self._asked_after(batch)
                batch = []
        if batch:
            self._comes(batch)
            for chunk in batch:
                yield chunk

    def _comes(self, batch: Iterable[Any]) -> None:
        """Begin the sources of a batch; those that have no more chunks in it are done."""
        self._batch = Counter(self._name(doc) for doc in batch)
        for name in [name for name in self._open if name not in self._batch]:
            self._open.pop(name).complete()
        for name in self._batch:
            if name not in self._open:
                self._open[name] = self._reporter.start(name)

    def _asked_after(self, batch: Sequence[Any]) -> None:
        """More is asked for: of a whole batch that means that it was written."""
        if len(batch) == self._size:
            self._written()

    def _written(self) -> None:
        for name, chunks in self._batch.items():
            self._open[name].add(chunks=chunks)
        self._batch = Counter()

    def _name(self, doc: Any) -> str:
        key = self._key
        try:
            return str(key(doc) if callable(key) else doc.metadata[key])
        except Exception:  # `index` itself says what is wrong with it
            return "unnamed"

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: Any, error: BaseException | None, _traceback: Any) -> None:
        if error is None:
            self._written()
        for job in self._open.values():
            job.complete() if error is None else job.fail(error)


async def _async(docs: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    if isinstance(docs, AsyncIterable):
        async for one in docs:
            yield one
    else:
        for one in docs:
            yield one
