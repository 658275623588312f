"""A process that reports jobs as fast as it can, and writes down what was acknowledged.

Run as a script: `reporting.py URL PROJECT NUMBER SECONDS`, the key in JOBWALL_KEY. Prints a JSON
object: the acknowledged jobs with their chunks, and the answers by status.
"""

import json
import os
import sys
import time
from collections import Counter

import requests

SHARED_JOBS = 5  # every process also reports these: the writers must meet


def report(url: str, project: str, number: int, seconds: float) -> dict[str, object]:
    """Report until the time is over; a connection that breaks is made anew, as clients do."""
    acknowledged: dict[str, int] = {}
    answers: Counter[int] = Counter()
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {os.environ['JOBWALL_KEY']}"
    deadline = time.monotonic() + seconds
    step = 0
    while time.monotonic() < deadline:
        step += 1
        jobs = [
            {
                "job_id": f"w{number}-{step}-{item}",
                "source_doc_id": f"doc-{item}",
                "status": ("pending", "running", "completed", "failed")[item % 4],
                "chunks_processed": step,
            }
            for item in range(5)
        ] + [
            {
                "job_id": f"shared-{item}",
                "source_doc_id": "shared",
                "status": "running",
                "started_at": "2026-01-01T00:00:00Z",
                "chunks_processed": number * 1_000_000 + step,
            }
            for item in range(SHARED_JOBS)
        ]
        try:
            answer = session.post(
                f"{url}/api/v1/projects/{project}/jobs/bulk", json={"jobs": jobs}, timeout=30
            )
        except requests.RequestException:
            session.close()  # the worker was killed: nothing was acknowledged
            time.sleep(0.05)
            continue
        answers[answer.status_code] += 1
        if answer.status_code == 200:
            for job, result in zip(jobs, answer.json()["results"], strict=True):
                answers[result["status"]] += 1
                acknowledged[job["job_id"]] = job["chunks_processed"]
    return {"acknowledged": acknowledged, "answers": answers}


if __name__ == "__main__":
    address, where, who, how_long = sys.argv[1:]
    print(json.dumps(report(address, where, int(who), float(how_long))))
