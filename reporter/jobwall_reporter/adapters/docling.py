"""Docling: a batch conversion as it is, with a job for each source.

```python
from jobwall_reporter.adapters.docling import convert_all

for result in convert_all(converter, paths, raises_on_error=False):
    …
```

Docling reads ahead; a job starts as the one before it has ended. Its chunks are pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from jobwall_reporter.reporter import Reporter

GOOD = ("success", "partial_success")


def convert_all(
    converter: Any, sources: Iterable[Any], *, reporter: Reporter | None = None, **named: Any
) -> Iterator[Any]:
    """`converter.convert_all`, reported; gives and raises what that does."""
    reporter = reporter or Reporter.default()
    listed = list(sources)
    results = iter(converter.convert_all(listed, **named))
    for source in listed:
        job = reporter.start(_name(source))
        try:
            result = next(results)
        except StopIteration:
            job.fail("Docling gave no result")
            return
        except BaseException as error:
            job.fail(error)
            raise
        if getattr(result.status, "value", result.status) in GOOD:
            pages = len(result.pages)
            job.update(chunks=pages, of=pages)
            job.complete()
        else:
            errors = "\n".join(str(one.error_message) for one in result.errors)
            job.fail(errors or f"Docling: {result.status}")
        yield result


def _name(source: Any) -> str:
    """A path or an address, or the name of what a stream is of."""
    return str(getattr(source, "name", source) if hasattr(source, "stream") else source)
