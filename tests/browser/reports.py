"""Reports over HTTP, as pipelines send them."""

import requests

from tests.conftest import Board


def send(board: Board, *jobs: dict[str, object]) -> None:
    """Report jobs in one bulk request."""
    answer = requests.post(
        f"{board.url}/api/v1/projects/{board.project}/jobs/bulk",
        json={"jobs": jobs},
        headers={"Authorization": f"Bearer {board.key}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    assert all(result["status"] < 300 for result in answer.json()["results"]), answer.text


def job(number: int, status: str = "completed", **more: object) -> dict[str, object]:
    """A report of job `number`; a higher number is a newer job."""
    return {
        "job_id": f"job-{number:05}",
        "source_doc_id": f"folder/document-{number}.pdf",
        "status": status,
        "created_at": f"2026-11-20T{number // 3600:02}:{number // 60 % 60:02}:{number % 60:02}Z",
        "chunks_total": 100,
        **more,
    }


def running(number: int, done: int) -> dict[str, object]:
    """A running job with `done` of 100 chunks."""
    return job(number, "running", chunks_processed=done)
