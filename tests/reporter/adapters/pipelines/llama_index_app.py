"""Two runs of an ingestion pipeline of LlamaIndex: one that is good, one that is not."""

from jobwall_reporter.adapters.llama_index import run
from llama_index.core import Document
from llama_index.core.ingestion import IngestionPipeline
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.schema import TransformComponent


class Failing(TransformComponent):
    """A model that does not answer."""

    def __call__(self, nodes, **_):
        """Raise."""
        raise TimeoutError("the model timed out")


splitter = SentenceSplitter(chunk_size=32, chunk_overlap=0)
texts = {"a.txt": "A word or two of it. " * 60, "b.txt": "Short."}
documents = [Document(text=text, metadata={"file_path": name}) for name, text in texts.items()]

if __name__ == "__main__":
    nodes = run(IngestionPipeline(transformations=[splitter]), documents=documents)
    assert len(nodes) > 5
    bad = [Document(text="Words.", id_="c.txt")]
    try:
        run(IngestionPipeline(transformations=[splitter, Failing()]), documents=bad)
    except TimeoutError:
        pass
    else:
        raise AssertionError("it is swallowed")
