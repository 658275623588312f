"""A project whose jobs make chunks alone: nothing there speaks of nodes and edges."""

import re

import pytest

from app.clock import now
from app.ledger.projects import create_project
from tests.kit.api import Api
from tests.kit.databases import sqlite_only

pytestmark = sqlite_only  # what is shown does not depend on the engine
GRAPH = re.compile(r"\b(nodes?|edges?)\b", re.I)


@pytest.fixture
def vectors(api: Api) -> Api:
    create_project("vec", name="Vectors", mode="vector_only", now=now())
    api.project = "vec"
    api.sign_in()
    for attempt in (1, 2):
        made = {"status": "completed", "chunks_processed": 12, "nodes_created": 3}
        api.post({"job_id": "j1", "source_doc_id": "a.pdf", "attempt": attempt, **made})
    return api


def seen(api: Api, path: str) -> str:
    """The live part of a page, without the JSON for programs and what only classes name."""
    page = api.client.get(path).text.split('id="live"')[1]
    page = re.sub(r'<details class="sheet raw".*?</details>', "", page, flags=re.S)
    return re.sub(r"<[^>]*>", " ", page)


@pytest.mark.parametrize(
    "path",
    ["", "?status=all", "/jobs/j1", "/document?id=a.pdf"],
)
def test_no_page_of_it_speaks_of_a_graph(vectors: Api, path: str) -> None:
    page = seen(vectors, f"/projects/vec{path}")
    assert GRAPH.findall(page) == []
    assert "12\N{NO-BREAK SPACE}chunks" in page


def test_a_tab_that_the_address_opens_stays(vectors: Api) -> None:
    assert "No nodes" in seen(vectors, "/projects/vec?empty=1")


def test_where_a_graph_is_made_all_of_it_is_there(api: Api) -> None:
    api.sign_in()
    api.post({"job_id": "j1", "source_doc_id": "a.pdf", "status": "completed", "nodes_created": 3})
    page = seen(api, "/projects/p1")
    assert "No nodes" in page
    assert "3\N{NO-BREAK SPACE}nodes" in page
