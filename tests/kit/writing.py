"""Processes that write through the ledger as fast as they can, all of the same jobs.

Run as a script: `writing.py PROJECT PROCESSES SECONDS` with the settings of the store in the
environment. Prints a JSON list, an object per process: the greatest acknowledged chunks by job,
the batches and how many of them had to be tried again, and the longest wait. Whatever is raised in
one of them ends them all.
"""

import json
import multiprocessing
import random
import sys
import time

from app import create_app
from app.clock import now
from app.ledger import record as ledger
from app.ledger.report import Report
from app.queries.projects import get_project
from app.rules.status import JobStatus
from app.store.database import db, reading

JOBS = 400  # that all writers share: some are new to one while another makes them


def write(project_id: str, number: int, seconds: float) -> dict[str, object]:
    """Report random jobs in random order until the time is over; any error ends the process."""
    with reading() as connection:
        project = get_project(connection, project_id)
    assert project is not None
    chance = random.Random(number)
    acknowledged: dict[str, int] = {}
    tries, once = [], ledger._merge_all

    def counted(*words):
        tries.append(1)
        return once(*words)

    ledger._merge_all = counted
    longest, step, deadline = 0.0, 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        step += 1
        # The later, the more of them: so that all the time some job is new to everybody.
        first = int(time.time() * 10) * 40
        ids = [f"j{first + chance.randrange(JOBS)}" for _ in range(chance.randint(1, 40))]
        chunks = number * 1_000_000 + step
        reports = [
            Report(
                job_id=job_id,
                source_doc_id="d",
                status=chance.choice(list(JobStatus)),
                chunks_processed=chunks,
                created_at=now() - chance.randrange(10**12),
            )
            for job_id in ids
        ]
        began = time.monotonic()
        ledger.record(project, reports, now=now())
        longest = max(longest, time.monotonic() - began)
        for job_id in ids:
            acknowledged[job_id] = max(chunks, acknowledged.get(job_id, 0))
    again = len(tries) - step
    return {"acknowledged": acknowledged, "longest": longest, "steps": step, "again": again}


def write_together(number: int) -> dict[str, object]:
    """One process of them; they begin when all are there."""
    with app.app_context():
        start.wait(20)
        told = write(where, number, float(how_long))
        db.engine.dispose()
    return told


if __name__ == "__main__":
    where, how_many, how_long = sys.argv[1:]
    app = create_app()
    fork = multiprocessing.get_context("fork")  # the app is loaded once; no connection is open
    start = fork.Barrier(int(how_many))
    with fork.Pool(int(how_many)) as writers:
        print(json.dumps(writers.map(write_together, range(int(how_many)), chunksize=1)))
