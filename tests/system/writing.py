"""A process that writes through the ledger as fast as it can, beside others on the same jobs.

Run as a script: `writing.py PROJECT NUMBER SECONDS` with the settings of the store in the
environment. Prints a JSON object: the greatest acknowledged chunks by job, and the longest wait.
"""

import json
import random
import sys
import time

from app import create_app
from app.database import db
from app.ledger.record import record
from app.ledger.report import Report
from app.status import JobStatus
from app.times import now

JOBS = 400  # that all writers share: some are new to one while another makes them


def write(project: str, number: int, seconds: float) -> dict[str, object]:
    """Report random jobs in random order until the time is over; any error ends the process."""
    chance = random.Random(number)
    acknowledged: dict[str, int] = {}
    longest, step, deadline = 0.0, 0, time.monotonic() + seconds
    while time.monotonic() < deadline:
        step += 1
        # The later, the more of them: so that all the time some job is new to everybody.
        ids = [f"j{chance.randrange(JOBS) + step * 40}" for _ in range(chance.randint(1, 40))]
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
        record(project, reports, now=now())
        longest = max(longest, time.monotonic() - began)
        for job_id in ids:
            acknowledged[job_id] = max(chunks, acknowledged.get(job_id, 0))
    return {"acknowledged": acknowledged, "longest": longest, "steps": step}


if __name__ == "__main__":
    where, who, how_long = sys.argv[1:]
    app = create_app()
    with app.app_context():
        told = write(where, int(who), float(how_long))
        db.engine.dispose()
    print(json.dumps(told))
