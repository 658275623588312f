"""An index of LangChain's: twice the same, then one that a vector store does not take."""

import asyncio
from collections.abc import Iterator
from typing import Any

from jobwall_reporter.adapters.langchain import aindex, index
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.indexing import InMemoryRecordManager
from langchain_core.vectorstores import InMemoryVectorStore


class Lengths(Embeddings):
    """Vectors of the length of each text."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One for each."""
        return [[float(len(text)), 1.0] for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """One."""
        return self.embed_documents([text])[0]


records = InMemoryRecordManager("test")
records.create_schema()
store = InMemoryVectorStore(Lengths())


class Full(InMemoryVectorStore):
    """It takes nothing of one document."""

    def add_documents(self, documents: list[Document], *args: Any, **named: Any) -> list[str]:
        """Add them, or not."""
        if any(one.metadata["source"] == "full.pdf" for one in documents):
            raise OSError("the disk is full")
        return super().add_documents(documents, *args, **named)


def chunks(**sources: int) -> Iterator[Document]:
    """So many chunks of each."""
    for name, number in sources.items():
        for n in range(number):
            yield Document(f"{name} {n}", metadata={"source": f"{name}.pdf"})


def same(source: Iterator[Document], **more: Any) -> dict[str, int]:
    """Index chunks."""
    named = {"cleanup": "incremental", "source_id_key": "source", "batch_size": 4}
    named |= {"key_encoder": "sha256"} | more
    return index(source, records, named.pop("store", store), **named)


if __name__ == "__main__":
    assert same(chunks(a=6, b=1, c=5))["num_added"] == 12
    assert same(chunks(again=2))["num_added"] == 2
    asyncio.run(aindex(chunks(asynchronous=5), records, store, batch_size=2))
    try:
        same(chunks(before=6, full=2, after=9), store=Full(Lengths()))
    except OSError:
        pass
    else:
        raise AssertionError("it is swallowed")
