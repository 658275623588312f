"""The parts of the example pipeline, on real files and a real graph file, without a board."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline import documents, texts
from pipeline.board import parse_retry_after, seconds_to_wait
from pipeline.documents import SAMPLES, Document, default_documents, documents_in
from pipeline.graph import Graph, JobClosedError
from pipeline.graph_file import GraphUnusableError
from pipeline.ingest import Ingest
from pipeline.jobs import INTERRUPTED, Job, Project, job_id_for, utc_now
from pipeline.phrases import CHUNK_WORDS, PhraseFinder, link, split
from pipeline.stop import Stop, StoppedError
from pipeline.texts import UnreadableDocumentError, plain, read_text

from app.rules.documents import is_short

PROJECT = Project("demo", "2026-01-01T00:00:00Z", "kg_vector")


@pytest.fixture
def graph(tmp_path: Path) -> Iterator[Graph]:
    with closing(Graph(tmp_path / "graph.db")) as opened:
        opened.belong_to(PROJECT)
        yield opened


def a_document(name: str = "a.txt", fingerprint: str = "1") -> Document:
    return Document(name, Path(name), fingerprint)


def a_running_job(graph: Graph, document: Document) -> str:
    (job,) = graph.queue([document])
    graph.start(job.job_id)
    return job.job_id


def ingest(graph: Graph, folder: Path, *, with_graph: bool = True) -> list[Job]:
    """Ingest what has changed in the folder; the jobs that it took."""
    changed = graph.changed(documents_in(folder))
    done: list[Job] = []
    work = Ingest(graph, Stop(), pace=0, with_graph=with_graph, on_finished=done.append)
    work.run(changed, workers=2)
    return done


def assert_sums_are_rows(graph: Graph) -> None:
    for table, count in (("nodes", "nodes_created"), ("edges", "edges_created")):
        by_job = dict(
            tuple(row) for row in graph.read(f"SELECT job_id, count(*) FROM {table} GROUP BY 1")
        )
        counts = {job.job_id: getattr(job, count) for job in graph.jobs()}
        assert {job_id: n for job_id, n in counts.items() if n} == by_job


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("locked-agreement.pdf", "The PDF is encrypted and needs a password"),
        ("floor-plan.pdf", "The PDF holds no text (2 pages of images or drawings)"),
        ("broken-download.pdf", "Broken PDF: Stream has ended unexpectedly"),
    ],
)
def test_a_pdf_that_cannot_be_read_says_why(name: str, reason: str) -> None:
    with pytest.raises(UnreadableDocumentError) as caught:
        read_text(SAMPLES / name)
    assert str(caught.value) == reason


@pytest.mark.parametrize("name", ["kg-handbook", "oncall-runbook", "preparing-documents"])
def test_a_good_pdf_gives_its_text(name: str) -> None:
    assert len(read_text(SAMPLES / f"{name}.pdf").split()) > 300


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("latin1.txt", "naïve".encode("latin-1"), "not UTF-8 text: byte 0xef at position 2"),
        ("blank.md", b" \n\n", "holds no text"),
        ("empty.pdf", b"", "The PDF is empty"),
        ("no.pdf", b"hello, this is no PDF at all", "Broken PDF"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnreadableDocumentError, match=reason):
        read_text(tmp_path / name)


def test_a_missing_or_too_large_file_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UnreadableDocumentError, match="No such file"):
        read_text(tmp_path / "gone.txt")
    monkeypatch.setattr(texts, "LARGEST", 3)
    (tmp_path / "large.txt").write_text("four")
    with pytest.raises(UnreadableDocumentError, match="too large"):
        read_text(tmp_path / "large.txt")


def test_plain_text_can_be_stored_and_sent() -> None:
    assert plain("a\0b\ud800c\N{GRINNING FACE}") == "a b?c\N{GRINNING FACE}"


def test_of_package_metadata_only_the_description_is_read(tmp_path: Path) -> None:
    (tmp_path / "METADATA").write_text("Name: x\nSummary: Short.\nRequires-Dist: y\n\nLong text.")
    assert read_text(tmp_path / "METADATA") == "Short.\n\nLong text."


def test_the_default_documents_are_many_bounded_and_have_portable_ids() -> None:
    found = default_documents()
    samples = [document for document in found if document.path.parent == SAMPLES]
    assert len(samples) == 6
    assert 20 < len(found) - len(samples) <= documents.MOST
    assert all(1_000 <= d.path.stat().st_size <= 64_000 for d in found if d not in samples)
    ids = [document.source_doc_id for document in found]
    assert len(set(ids)) == len(ids)
    assert "documents/kg-handbook.pdf" in ids
    assert any(name.endswith(".dist-info/METADATA") for name in ids)
    assert not any(name.startswith("/") for name in ids)


def test_own_documents_are_found_below_the_folder_without_hidden_and_other_files(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "papers"
    for name in ("a.PDF", "sub/b.md", "README", ".git/c.txt", "d.py", ".hidden.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    ids = [document.source_doc_id for document in documents_in(folder)]
    assert ids == ["papers/a.PDF", "papers/README", "papers/sub/b.md"]


def test_no_chunk_is_longer_than_it_may_be_and_no_word_is_lost() -> None:
    text = read_text(SAMPLES / "kg-handbook.pdf")
    chunks = split(text)
    assert len(chunks) > 1
    assert all(0 < len(chunk.split()) <= CHUNK_WORDS for chunk in chunks)
    assert " ".join(chunks).split() == text.split()
    assert max(map(len, split("x" * 20_000))) <= 10 * CHUNK_WORDS + 9


def test_phrases_are_linked_only_where_they_share_a_sentence() -> None:
    chunk = "A knowledge graph has nodes.\nAn edge\njoins two nodes. A chunk is text."
    links = link(chunk, ["nodes", "edge", "chunk", "knowledge graph", "graph", "ode"])
    assert links == [("graph", "nodes"), ("knowledge graph", "nodes"), ("edge", "nodes")]


def test_the_same_text_gives_the_same_phrases() -> None:
    (chunk,) = split(read_text(SAMPLES / "preparing-documents.pdf"))
    phrases = PhraseFinder().find(chunk)
    assert phrases == PhraseFinder().find(chunk)
    assert phrases == [phrase.casefold() for phrase in dict.fromkeys(phrases)]


def test_the_sums_over_the_jobs_are_the_rows_of_the_graph(graph: Graph) -> None:
    done = ingest(graph, SAMPLES)
    totals = graph.totals()
    assert (totals.documents, totals.completed, totals.failed) == (6, 3, 3)
    assert totals.chunks == sum(job.chunks_processed for job in done) > 0
    assert totals.nodes == sum(job.nodes_created for job in done) > 50
    assert totals.edges == sum(job.edges_created for job in done) > 50
    assert_sums_are_rows(graph)


def test_finished_documents_are_skipped_until_they_change(graph: Graph, tmp_path: Path) -> None:
    folder = tmp_path / "notes"
    folder.mkdir()
    note, bad = folder / "note.txt", folder / "bad.pdf"
    note.write_text("A knowledge graph stores facts as nodes and edges.")
    bad.write_text("no PDF")
    first = {job.source_doc_id: job for job in ingest(graph, folder)}
    assert ingest(graph, folder) == []

    note.write_text(note.read_text() + " A vector index finds similar passages of a document.")
    (second,) = ingest(graph, folder)
    assert second.job_id != first["notes/note.txt"].job_id
    assert second.nodes_created > 0
    assert first["notes/note.txt"] in graph.jobs(), "the first job keeps its counts"
    assert graph.totals().documents == 2
    assert_sums_are_rows(graph)


def test_what_the_graph_knows_already_is_not_counted_again(graph: Graph) -> None:
    first, second = (a_running_job(graph, a_document(name)) for name in ("a.txt", "b.txt"))
    graph.add_chunk(first, ["edge", "node"], [("edge", "node")])
    graph.add_chunk(second, ["chunk", "edge", "node"], [("chunk", "edge"), ("edge", "node")])
    graph.add_chunk(second, [], [])
    jobs = {job.job_id: job for job in graph.jobs()}
    assert (jobs[first].nodes_created, jobs[first].edges_created) == (2, 1)
    assert (jobs[second].nodes_created, jobs[second].edges_created) == (1, 1)
    assert jobs[second].chunks_processed == 2


def test_a_vector_only_project_gets_chunks_but_no_nodes(graph: Graph) -> None:
    assert not replace(PROJECT, mode="vector_only").has_graph
    ingest(graph, SAMPLES, with_graph=False)
    totals = graph.totals()
    assert totals.chunks > 0
    assert (totals.nodes, totals.edges) == (0, 0)


def test_an_interrupted_job_keeps_its_counts_takes_no_more_and_is_done_anew(graph: Graph) -> None:
    document = a_document()
    started = a_running_job(graph, document)
    graph.queue([a_document("waiting.txt")])
    graph.add_chunk(started, ["edge"], [])
    assert len(graph.interrupt_open_jobs(at=utc_now())) == 2
    with pytest.raises(JobClosedError):
        graph.add_chunk(started, ["node"], [])
    for job in graph.jobs():
        assert (job.status, job.error_message) == ("failed", INTERRUPTED)
        assert job.started_at is not None
        assert job.completed_at is not None
        assert job.started_at <= job.completed_at
    assert graph.totals().nodes == 1
    assert graph.changed([document]) == [document]
    (again,) = graph.queue([document])
    assert again.job_id != started


def test_after_a_kill_open_jobs_end_when_they_were_last_alive(graph: Graph) -> None:
    job_id = a_running_job(graph, a_document())
    graph.add_chunk(job_id, ["edge"], [])
    alive = graph.job(job_id).updated_at
    graph.interrupt_open_jobs()
    assert graph.job(job_id).completed_at == alive


def test_every_change_is_told_once_it_is_written(graph: Graph) -> None:
    told: list[Job] = []
    graph.on_change = told.extend
    job_id = a_running_job(graph, a_document())
    graph.expect(job_id, 4)
    graph.add_chunk(job_id, ["edge"], [])
    assert graph.finish(job_id) == told[-1]
    assert [job.status for job in told] == ["pending", "running", "running", "running", "completed"]
    assert [job.chunks_processed for job in told] == [0, 0, 0, 1, 1]
    assert graph.unreported() == [told[-1]]
    graph.acknowledge()
    assert graph.unreported() == []


@pytest.mark.parametrize("name", ["flask-3.1.3.dist-info/METADATA", "日本語.pdf", "-" * 1024])
def test_job_ids_are_stable_and_of_the_form_that_the_api_takes(name: str) -> None:
    job_id = job_id_for("0a1b2c3d", name, "f" * 64, 12)
    assert job_id == job_id_for("0a1b2c3d", name, "f" * 64, 12)
    assert job_id != job_id_for("0a1b2c3d", name, "f" * 64, 13)
    assert job_id.isascii()
    assert job_id[0].isalnum()
    assert len(job_id) <= 128


@pytest.mark.parametrize("letter", ["x", "ä", "長"])
def test_of_a_long_path_the_end_is_the_id_that_the_board_takes(tmp_path: Path, letter: str) -> None:
    folder = tmp_path.joinpath(*[letter * 80] * 14)
    folder.mkdir(parents=True)
    (folder / "end.txt").write_text("words")
    [document] = documents_in(tmp_path / (letter * 80))
    assert document.source_doc_id.endswith(f"{letter}/end.txt")
    assert is_short(document.source_doc_id)
    assert not is_short(f"{letter * 5}{document.source_doc_id}")


def test_a_graph_file_serves_one_process_at_a_time(graph: Graph) -> None:
    with pytest.raises(GraphUnusableError, match="Another run is using"):
        Graph(graph.path)


def test_a_graph_file_belongs_to_one_project_for_ever(graph: Graph) -> None:
    graph.belong_to(PROJECT)
    for other in (replace(PROJECT, project_id="b"), replace(PROJECT, created_at="2026-01-02")):
        with pytest.raises(GraphUnusableError, match="belongs to the project demo"):
            graph.belong_to(other)


def test_a_file_that_is_no_graph_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes, and they are longer than the header of a database file." * 9)
    before = path.read_bytes()
    with pytest.raises(GraphUnusableError, match="no usable graph file"):
        Graph(path)
    assert path.read_bytes() == before


def test_stopping_ends_every_wait_at_once() -> None:
    stop = Stop()
    threading.Timer(0.1, stop.because_of, [ValueError("disk full")]).start()
    began = time.monotonic()
    with pytest.raises(StoppedError):
        stop.sleep(30)
    with pytest.raises(ValueError, match="disk full"):
        stop.wait_for([])
    assert time.monotonic() - began < 5


def test_the_board_says_how_long_to_wait() -> None:
    assert seconds_to_wait(0, parse_retry_after("7")) == 7
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert parse_retry_after("soon") is None
    assert parse_retry_after(None) is None
    assert 0.5 <= seconds_to_wait(0, None) <= 1
    assert 15 <= seconds_to_wait(5000, None) <= 30
