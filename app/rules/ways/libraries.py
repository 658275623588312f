"""Ways for libraries that read documents: what runs them is called through the reporter."""

from app.rules.ways.way import Block, Way, install

WAYS = (
    Way(
        "langchain",
        "LangChain",
        "Each source document of `index` and `aindex` is a job; its chunks are those that were"
        " written, or were there already.",
        (
            install("langchain-core"),
            Block(
                "Import `index` from here; `InMemoryDocumentIndex`, which warns that it is beta,"
                " stands for your vector store",
                "python",
                """\
from jobwall_reporter.adapters.langchain import index
from langchain_core.documents import Document
from langchain_core.indexing import InMemoryRecordManager
from langchain_core.indexing.in_memory import InMemoryDocumentIndex

records, store = InMemoryRecordManager("documents"), InMemoryDocumentIndex()
records.create_schema()
docs = [Document(f"Part {n}", metadata={"source": "lease.pdf"}) for n in range(6)]
index(docs, records, store, source_id_key="source", key_encoder="sha256")""",
            ),
        ),
    ),
    Way(
        "llama-index",
        "LlamaIndex",
        "Each document of a run of an `IngestionPipeline` is a job; its chunks are the nodes that"
        " were made of it.",
        (
            install("llama-index-core"),
            Block(
                "In the place of `pipeline.run`",
                "python",
                """\
from jobwall_reporter.adapters.llama_index import run
from llama_index.core import Document
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter

pipeline = IngestionPipeline(transformations=[SentenceSplitter(chunk_size=32, chunk_overlap=0)])
run(pipeline, documents=[Document(text="A word or two. " * 60, id_="lease.pdf")])""",
            ),
        ),
    ),
    Way(
        "haystack",
        "Haystack",
        "Each run of a pipeline that indexes is a job; its chunks are what its writers wrote.",
        (
            install("haystack-ai"),
            Block(
                "In the place of `pipeline.run`",
                "python",
                """\
from haystack import Document, Pipeline
from haystack.components.writers import DocumentWriter
from haystack.document_stores.in_memory import InMemoryDocumentStore
from jobwall_reporter.adapters.haystack import run

pipeline = Pipeline()
pipeline.add_component("writer", DocumentWriter(InMemoryDocumentStore()))
data = {"writer": {"documents": [Document(content="A word or two.")]}}
run(pipeline, data, document="lease.pdf")""",
            ),
        ),
    ),
    Way(
        "lightrag",
        "LightRAG",
        "Each document that is inserted is a job: it waits, it is processed, it has ended.",
        (
            install("lightrag-hku"),
            Block(
                "Once, where your `rag` is made, here in `ingest.py`",
                "python",
                """\
from jobwall_reporter.adapters.lightrag import report_documents


async def ingest(rag, path):
    await rag.initialize_storages()
    report_documents(rag)
    await rag.ainsert(open(path).read(), file_paths=path)""",
                "ingest.py",
            ),
        ),
    ),
    Way(
        "docling",
        "Docling",
        "Each source of a batch conversion is a job; its chunks are pages.",
        (
            install("docling"),
            Block(
                "In the place of `converter.convert_all`",
                "python",
                """\
from docling.document_converter import DocumentConverter
from jobwall_reporter.adapters.docling import convert_all

for result in convert_all(DocumentConverter(), ["lease.md"], raises_on_error=False):
    print(result.status)""",
            ),
        ),
    ),
)
