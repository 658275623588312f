"""LightRAG with its own storages, and a model that is a function here: it answers, or does not."""

import asyncio
import os
import sys

import numpy as np
from jobwall_reporter.adapters.lightrag import report_documents
from lightrag import LightRAG
from lightrag.utils import EmbeddingFunc, Tokenizer


class Letters:
    """A token for each letter: the usual tokens would be fetched from elsewhere."""

    def encode(self, content: str) -> list[int]:
        """Their numbers."""
        return [ord(letter) for letter in content]

    def decode(self, tokens: list[int]) -> str:
        """The letters of these numbers."""
        return "".join(map(chr, tokens))


async def answer(prompt: str, *_: object, **__: object) -> str:
    """What a model that finds nothing would say; of one document it says nothing at all."""
    if "unreadable" in prompt:
        raise LookupError("there is no such model")
    return "<|COMPLETE|>"


async def embed(texts: list[str]) -> np.ndarray:
    """Vectors, of the length of each text alone."""
    return np.array([[len(text), 1, 2, 3] for text in texts], dtype=float)


def made() -> LightRAG:
    """One of its own, in this folder."""
    return LightRAG(
        working_dir=os.path.join(os.getcwd(), "rag"),
        llm_model_func=answer,
        tokenizer=Tokenizer("letters", Letters()),
        embedding_func=EmbeddingFunc(embedding_dim=4, max_token_size=8192, func=embed),
    )


async def main() -> None:
    """Insert three documents, two of which are good."""
    rag = made()
    await rag.initialize_storages()
    report_documents(rag)
    await rag.ainsert(["Some words of it. " * 20], file_paths=["a.txt"])
    await rag.ainsert(["Other words of it. " * 20], file_paths=["b.txt"])
    await rag.ainsert(["This is unreadable. " * 20], file_paths=["c.txt"])
    await rag.finalize_storages()


if __name__ == "__main__":
    if sys.argv[1:]:
        from ingest import ingest  # as the guide has it

        asyncio.run(ingest(made(), *sys.argv[1:]))
    else:
        asyncio.run(main())
