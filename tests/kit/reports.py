"""Reports over HTTP, as pipelines send them."""

from datetime import UTC, datetime, timedelta

import requests

from tests.kit.board import Board


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


def get(board: Board, path: str) -> dict:
    """What the API says under the project's jobs."""
    return _answer(board, path).json()


def attempt_of(board: Board, job_id: str) -> int:
    """Which attempt of a job is the latest."""
    return int(_answer(board, f"/{job_id}").headers["X-Job-Attempt"])


def _answer(board: Board, path: str) -> requests.Response:
    answer = requests.get(
        f"{board.url}/api/v1/projects/{board.project}/jobs{path}",
        headers={"Authorization": f"Bearer {board.key}"},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return answer


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


def ended(number: int, status: str = "completed", *, ago: int = 60, took: int = 30, **more: object):
    """A job that ended `ago` seconds before now, `took` seconds after its start."""
    times = {"created_at": before(ago + took), "started_at": before(ago + took)}
    return job(number, status, **(times | {"completed_at": before(ago)} | more))


def before(seconds: int) -> str:
    """The time so many seconds before now."""
    return f"{datetime.now(UTC) - timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%SZ}"
