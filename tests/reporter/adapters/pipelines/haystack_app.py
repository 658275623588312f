"""Two runs of an indexing pipeline of Haystack: one that is good, one that is not."""

from haystack import Pipeline
from haystack.components.converters import TextFileToDocument
from haystack.components.preprocessors import DocumentSplitter
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from haystack.document_stores.types import DuplicatePolicy
from jobwall_reporter.adapters.haystack import run

pipeline = Pipeline()
pipeline.add_component("converter", TextFileToDocument())
pipeline.add_component("splitter", DocumentSplitter(split_by="word", split_length=10))
pipeline.add_component("writer", DocumentWriter(InMemoryDocumentStore(), DuplicatePolicy.FAIL))
pipeline.connect("converter", "splitter")
pipeline.connect("splitter", "writer")

if __name__ == "__main__":
    with open("a.txt", "w") as text:
        text.write("a word of it " * 20)
    sources = {"converter": {"sources": ["a.txt"]}}
    assert run(pipeline, sources, document="a.txt")["writer"]["documents_written"] == 8
    try:
        run(pipeline, sources, document="twice.txt")
    except Exception:
        pass
    else:
        raise AssertionError("it is swallowed")
