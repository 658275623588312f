"""`jobwall prune`: what it says, what it asks, what it leaves, and that it can be stopped."""

import os
import pty
import signal
import subprocess
import time

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from app.clock import now
from app.ledger.audit import verify
from app.ledger.projects import create_project
from app.ledger.removal import BATCH
from app.ledger.report import Report
from app.models import Job
from app.rules.status import JobStatus
from app.rules.times import DAY, SECOND
from app.store.database import reading, writing
from tests.kit import ROOT
from tests.kit.commands import JOBWALL
from tests.kit.recording import record

TABLES = [
    "jobs",
    "attempts",
    "events",
    "created_counts",
    "finished_counts",
    "duration_counts",
    "projects",
]


def fill(project_id: str, jobs: int, days: int) -> None:
    """Jobs of every status in turn, created this many days ago, a second apart."""
    base = now() - days * DAY
    for start in range(0, jobs, 1000):
        reports = [
            Report(
                job_id=f"d{days}-{number}",
                source_doc_id="d",
                status=JobStatus(number % 4),
                created_at=base + number * SECOND,
                completed_at=base + number * SECOND if number % 4 >= 2 else None,
            )
            for number in range(start, min(start + 1000, jobs))
        ]
        record(project_id, reports, now=now())


@pytest.fixture
def boards(app: Flask) -> None:
    """Two projects with old and young jobs, and one without old ones."""
    for project_id in ("one", "two", "young"):
        create_project(project_id, name=project_id, mode="kg_vector", now=now())
        fill(project_id, 20, 10)
    fill("one", 40, 100)
    fill("two", 41, 200)


def contents() -> list[object]:
    with reading() as connection:
        return [
            sorted(map(tuple, connection.execute(text(f"SELECT * FROM {table}"))), key=repr)
            for table in TABLES
        ]


def count(project_id: str) -> int:
    with reading() as connection:
        assert verify(connection, project_id, lambda *_: None) == []
        jobs = select(func.count()).where(Job.project_id == project_id)
        return connection.scalar(jobs) or 0


def test_a_dry_run_says_the_numbers_and_changes_nothing(run, boards: None) -> None:
    before = contents()
    result = run("prune", "--older-than", "90d", "--dry-run")
    assert result.exit_code == 0
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["one", "10", "completed", "10", "failed"],
        ["two", "10", "completed", "10", "failed"],
        ["40", "jobs", "would", "be", "removed"],
    ]
    assert result.stderr == ""
    assert contents() == before


def test_what_is_said_is_what_goes(run, boards: None) -> None:
    result = run("prune", "--older-than", "90d", "--yes")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-2:] == ["one: removed 20", "two: removed 20"]
    assert [count(one) for one in ("one", "two", "young")] == [40, 41, 20]
    again = run("prune", "--older-than", "90d", "--yes")
    assert (again.exit_code, again.stdout) == (0, "nothing to remove\n")


def test_one_project_and_one_status_can_be_named(run, boards: None) -> None:
    words = ("prune", "--older-than", "90d", "--yes", "--project", "two", "--status")
    assert run(*words, "failed").stdout.endswith("two: removed 10\n")
    assert [count(one) for one in ("one", "two", "young")] == [60, 51, 20]
    both = run(*words, "failed", "--status", "completed")
    assert both.stdout.endswith("two: removed 10\n")
    assert [count(one) for one in ("one", "two", "young")] == [60, 41, 20]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("--yes", 2, "--older-than"),
        ("--yes --older-than 90", 2, "90d"),
        ("--yes --older-than 0d", 2, "90d"),
        ("--yes --older-than 90d --status running", 2, "completed"),
        ("--yes --older-than 90d --project none", 1, "none"),
        ("--older-than 90d", 2, "--yes"),
    ],
)
def test_bad_input_is_said_and_removes_nothing(
    run, boards: None, words: str, code: int, said: str
) -> None:
    before = contents()
    result = run("prune", *words.split())
    assert (result.exit_code, result.stdout) == (code, "")
    assert said in result.stderr.splitlines()[-1]
    assert contents() == before


def on_a_terminal(settings: dict[str, str], answer: str, *words: str) -> tuple[int, str]:
    """Run the command where a person sits; gives the exit code and what the person saw."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [JOBWALL, *words],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, answer.encode())
    seen = b""
    try:
        while more := os.read(ours, 4096):
            seen += more
    except OSError:
        pass  # Linux's way of saying that the other side closed
    os.close(ours)
    return process.wait(30), seen.decode()


def test_a_person_is_asked(settings: dict[str, str], boards: None) -> None:
    words = ("prune", "--older-than", "90d", "--project", "one")
    code, seen = on_a_terminal(settings, "n\n", *words)
    assert code == 1
    assert "Remove these 20 jobs" in seen
    assert count("one") == 60
    code, seen = on_a_terminal(settings, "y\n", *words)
    assert (code, count("one")) == (0, 40)
    assert "100%" in seen
    assert "one: removed 20" in seen


@pytest.mark.slow
def test_ctrl_c_ends_with_the_batch_and_says_how_far_it_came(
    settings: dict[str, str], app: Flask
) -> None:
    create_project("big", name="big", mode="kg_vector", now=now())
    fill("big", 12_000, 100)
    process = subprocess.Popen(
        [JOBWALL, "prune", "--older-than", "90d", "--yes"],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    jobs = select(func.count()).select_from(Job)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with reading() as connection:
            if connection.scalar(jobs) < 12_000:
                break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    left = count("big")
    gone = 12_000 - left
    assert process.returncode == 130, err
    assert out.splitlines()[-2:] == [
        f"big: removed {gone:,}",
        f"stopped after {gone:,} of 6,000 jobs; run it again to go on",
    ]
    assert "Traceback" not in err
    assert 0 < gone < 6000
    assert gone % BATCH == 0


def test_a_database_without_tables_is_said_in_one_line(run) -> None:
    with writing() as connection:
        connection.execute(text("DROP TABLE created_counts"))
    create_project("one", name="one", mode="kg_vector", now=now())
    result = run("prune", "--older-than", "90d", "--yes")
    assert result.exit_code == 1
    assert "jobwall db upgrade" in result.stderr
    assert result.stderr.count("\n") == 1
