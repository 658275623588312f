"""Eight processes report to one project through gunicorn, and a worker is killed outright."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from flask import Flask
from sqlalchemy import make_url

from app.clock import now
from app.ledger.audit import verify
from app.ledger.projects import create_project
from app.queries.filters import JobFilter
from app.queries.jobs import WHOLE, list_jobs
from app.queries.projects import get_project
from app.store.database import reading
from tests.kit import ROOT
from tests.kit.board import Board

SCRIPT = ROOT / "tests/kit/reporting.py"
WRITER = ROOT / "tests/kit/writing.py"
PROCESSES = 8
SECONDS = 6


def stored_chunks(project_id: str) -> dict[str, int]:
    """The chunks of every job of the project, after an audit of its counts."""
    with reading() as connection:
        project = get_project(connection, project_id)
        assert project is not None
        page = list_jobs(
            connection, project, JobFilter(), limit=1_000_000, offset=0, now=now(), reading=WHOLE
        )
        assert verify(connection, project_id, lambda *_: None) == []
    assert page.total == len(page.rows)
    return {job.job_id: job.chunks_processed for job in page.rows}


def test_writers_who_meet_in_every_job_neither_fail_nor_lose_anything(
    app: Flask, settings: dict[str, str]
) -> None:
    create_project("p1", name="p1", mode="kg_vector", now=now())
    writers = subprocess.run(
        [sys.executable, str(WRITER), "p1", str(PROCESSES), "3"],
        stdout=subprocess.PIPE,
        env={**os.environ, **impatient(settings), "PYTHONPATH": str(ROOT)},
        timeout=60,
        check=True,
    )
    told = json.loads(writers.stdout)
    assert len(told) == PROCESSES
    stored = stored_chunks("p1")
    for one in told:
        lost = {job for job, chunks in one["acknowledged"].items() if stored[job] < chunks}
        assert not lost
    batches, again = (sum(one[name] for one in told) for name in ("steps", "again"))
    longest = max(one["longest"] for one in told)
    print(f"{batches} batches, {again} tried again, the longest wait {longest:.2f} s")


def impatient(settings: dict[str, str]) -> dict[str, str]:
    """The settings for writers whose PostgreSQL looks for deadlocks soon."""
    if "DATABASE_URL" not in settings:
        return settings
    url = make_url(settings["DATABASE_URL"])
    url = url.update_query_dict({"options": "-c deadlock_timeout=100ms"})
    return settings | {"DATABASE_URL": url.render_as_string(hide_password=False)}


def workers(board: Board) -> list[int]:
    """The process ids of gunicorn's workers."""
    assert board.process is not None
    pid = board.process.pid
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_no_acknowledged_report_is_lost_when_a_worker_is_killed(own_board: Board) -> None:
    reporters = [
        subprocess.Popen(
            [sys.executable, str(SCRIPT), own_board.url, "p1", str(number), str(SECONDS)],
            stdout=subprocess.PIPE,
            env={**os.environ, "JOBWALL_KEY": own_board.key},
        )
        for number in range(PROCESSES)
    ]
    time.sleep(SECONDS / 2)
    before = workers(own_board)
    os.kill(before[0], signal.SIGKILL)
    acknowledged: dict[str, int] = {}
    answers: Counter[str] = Counter()
    for reporter in reporters:
        out, _ = reporter.communicate(timeout=60)
        told = json.loads(out)
        answers.update(told["answers"])
        for job_id, chunks in told["acknowledged"].items():
            acknowledged[job_id] = max(chunks, acknowledged.get(job_id, 0))
    assert set(answers) == {"200", "201"}, answers
    assert set(workers(own_board)) != set(before), "the worker was not replaced"

    with own_board.database():
        stored = stored_chunks("p1")
    missing = {job_id for job_id in acknowledged if stored.get(job_id, -1) < acknowledged[job_id]}
    assert not missing
    assert len(stored) >= len(acknowledged) > PROCESSES * 5
