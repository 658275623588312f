"""The adapters with the libraries themselves: real pipelines, in processes of their own."""

from pathlib import Path
from shutil import which
from typing import Any

import pytest

from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.pipelines import Jobs, Pipeline
from tests.kit.reports import attempt_of

pytestmark = sqlite_only  # what a client does not depend on the engine

PIPELINES = Path(__file__).with_name("pipelines")


@pytest.fixture
def pipeline(live_board: Board, tmp_path: Path) -> Pipeline:
    return Pipeline(live_board, tmp_path, PIPELINES)


def told(jobs: Jobs) -> dict[str, tuple[str, int]]:
    return {name: (job["status"], job["chunks_processed"] or 0) for name, job in jobs.items()}


def attempt(pipeline: Pipeline, job: dict[str, Any]) -> int:
    """Which attempt of a job is the latest."""
    pipeline.board.project = pipeline.project
    return attempt_of(pipeline.board, job["job_id"])


def all_ended(jobs: Jobs) -> bool:
    return all(job["status"] in ("completed", "failed") for job in jobs.values())


def test_celery(pipeline: Pipeline) -> None:
    pipeline.run("celery", "-c", "import celery_app; celery_app.send()")
    waiting = pipeline.jobs()
    assert set(waiting) == {f"{name}.pdf" for name in "abcdef"}
    assert {job["status"] for job in waiting.values()} == {"pending"}
    words = ["-m", "celery", "-A", "celery_app", "worker", "--concurrency", "2"]
    worker = pipeline.start("celery", *words, "--loglevel", "ERROR", "--without-gossip")
    try:
        jobs = pipeline.jobs_once(all_ended)
    finally:
        worker.terminate()
        printed, _ = worker.communicate(timeout=30)
    assert told(jobs) == {
        "a.pdf": ("completed", 2),
        "b.pdf": ("completed", 1),
        "c.pdf": ("failed", 0),
        "d.pdf": ("failed", 0),
        "e.pdf": ("failed", 7),
        "f.pdf": ("failed", 0),
    }, printed
    assert attempt(pipeline, jobs["b.pdf"]) == 3
    for name, message in {
        "c.pdf": "ValueError: c.pdf is no PDF",
        "d.pdf": "TimeLimitExceeded(1,)",
        "e.pdf": "Worker exited prematurely",
        "f.pdf": "Expired",
    }.items():
        assert message in jobs[name]["error_message"]


def test_dramatiq(pipeline: Pipeline) -> None:
    pipeline.run("dramatiq", "-m", "dramatiq_app")
    jobs = pipeline.jobs()
    assert told(jobs) == {
        "a.pdf": ("completed", 2),
        "b.pdf": ("completed", 1),
        "c.pdf": ("failed", 0),
        "d.pdf": ("failed", 0),
    }
    assert attempt(pipeline, jobs["b.pdf"]) == 3
    assert "c.pdf is no PDF" in jobs["c.pdf"]["error_message"]
    assert "TimeLimitExceeded" in jobs["d.pdf"]["error_message"]


def test_langchain(pipeline: Pipeline) -> None:
    pipeline.run("langchain-core", "-m", "langchain_app")
    jobs = pipeline.jobs()
    assert told(jobs) == {
        "a.pdf": ("completed", 6),
        "b.pdf": ("completed", 1),
        "c.pdf": ("completed", 5),
        "again.pdf": ("completed", 2),
        "asynchronous.pdf": ("completed", 5),
        "before.pdf": ("failed", 4),  # its last chunks are of the batch that failed
        "full.pdf": ("failed", 0),
    }
    assert "OSError: the disk is full" in jobs["full.pdf"]["error_message"]


def test_llama_index(pipeline: Pipeline) -> None:
    pipeline.run("llama-index-core", "-m", "llama_index_app")
    jobs = pipeline.jobs()
    states = {name: job["status"] for name, job in jobs.items()}
    assert states == {"a.txt": "completed", "b.txt": "completed", "c.txt": "failed"}
    assert jobs["a.txt"]["chunks_processed"] > 4
    assert jobs["b.txt"]["chunks_processed"] == 1
    assert "the model timed out" in jobs["c.txt"]["error_message"]


def test_haystack(pipeline: Pipeline) -> None:
    pipeline.run("haystack-ai", "-m", "haystack_app")
    jobs = pipeline.jobs()
    assert told(jobs) == {"a.txt": ("completed", 8), "twice.txt": ("failed", 0)}
    assert "already exists" in jobs["twice.txt"]["error_message"]


@pytest.mark.skipif(which("redis-server") is None, reason="there is no redis-server")
def test_rq(pipeline: Pipeline) -> None:
    pipeline.run("rq", "-m", "rq_app")
    jobs = pipeline.jobs()
    assert told(jobs) == {
        "a.pdf": ("completed", 2),
        "b.pdf": ("completed", 0),
        "c.pdf": ("failed", 0),
        "d.pdf": ("failed", 0),
    }
    assert attempt(pipeline, jobs["b.pdf"]) == 2
    assert "c.pdf is no PDF" in jobs["c.pdf"]["error_message"]
    assert "JobTimeoutException" in jobs["d.pdf"]["error_message"]


def test_prefect(pipeline: Pipeline) -> None:
    pipeline.environment |= {
        "PREFECT_HOME": str(pipeline.folder / "prefect"),
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "true",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    pipeline.run("prefect", "-m", "prefect_app")
    jobs = pipeline.jobs()
    states = {name: job["status"] for name, job in jobs.items()}
    assert states == {"a.pdf": "completed", "b.pdf": "completed", "c.pdf": "failed"}
    assert attempt(pipeline, jobs["b.pdf"]) == 2
    assert "c.pdf is no PDF" in jobs["c.pdf"]["error_message"]


def test_dagster(pipeline: Pipeline) -> None:
    pipeline.environment["DAGSTER_HOME"] = str(pipeline.folder)
    pipeline.run("dagster", "-m", "dagster_app")
    jobs = pipeline.jobs()
    states = {name: job["status"] for name, job in jobs.items()}
    assert states == {"a.pdf": "completed", "b.pdf": "failed"}
    assert "b.pdf is no PDF" in jobs["b.pdf"]["error_message"]


def test_lightrag(pipeline: Pipeline) -> None:
    pipeline.run("lightrag-hku", "-m", "lightrag_app")
    jobs = pipeline.jobs()
    assert told(jobs) == {
        "a.txt": ("completed", 1),
        "b.txt": ("completed", 1),
        "c.txt": ("failed", 0),
    }
    assert "there is no such model" in jobs["c.txt"]["error_message"]


def test_docling(pipeline: Pipeline) -> None:
    """With what it reads without its models, which would be fetched."""
    (pipeline.folder / "a.md").write_text("# A title\n\nSome words.\n")
    (pipeline.folder / "b.docx").write_bytes(b"no archive at all")
    pipeline.run("docling", "-m", "docling_app", "a.md", "b.docx")
    jobs = pipeline.jobs()
    states = {name: job["status"] for name, job in jobs.items()}
    assert states == {"a.md": "completed", "b.docx": "failed"}
    assert jobs["b.docx"]["error_message"]
