"""`jobwall-report`, as a shell starts it, against a real board."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.kit import ROOT
from tests.kit.board import Board
from tests.kit.databases import sqlite_only
from tests.kit.moody import PASS, moody
from tests.kit.reports import get

pytestmark = sqlite_only  # what a client does not depend on the engine
COMMAND = [sys.executable, "-m", "jobwall_reporter.cli"]


@pytest.fixture
def board(live_board: Board) -> Board:
    live_board.project = live_board.new_project(f"cli-{next(live_board.numbers)}")
    return live_board


@pytest.fixture
def environment(board: Board, tmp_path: Path) -> dict[str, str]:
    return {
        **os.environ,
        "JOBWALL_URL": board.url,
        "JOBWALL_KEY": board.key,
        "JOBWALL_PROJECT": board.project,
        "JOBWALL_SPOOL": str(tmp_path / "spool"),
        "PYTHONPATH": str(ROOT / "reporter"),
    }


def run(environment: dict[str, str], *words: str, **how: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *words],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        **how,
    )


def only_job(board: Board) -> dict[str, Any]:
    [job] = get(board, "?limit=10")["jobs"]
    return job


def test_a_program_is_a_job_and_keeps_its_words(board: Board, environment: dict[str, str]) -> None:
    script = """
        echo to stdout; printf 'half a line: ' >&2; printf '::jobwall chunks=1\\n' >&2
        echo '::jobwall chunks=12 of=40 nodes=8 edges=15' >&2; echo plain >&2; printf '::job' >&2
    """
    done = run(environment, "exec", "--doc", "a.pdf", "--", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, "to stdout\n")
    assert done.stderr == "half a line: ::jobwall chunks=1\nplain\n::job"
    job = only_job(board)
    names = ("chunks_processed", "nodes_created", "edges_created")
    assert job["status"] == "completed"
    assert [job[name] for name in names] == [12, 8, 15]


def test_what_fails_is_told_with_the_end_of_its_errors(
    board: Board, environment: dict[str, str]
) -> None:
    script = "for n in $(seq 3000); do echo line $n >&2; done; exit 7"
    failed = run(environment, "exec", "--doc", "a.pdf", "--", "sh", "-c", script)
    assert failed.returncode == 7
    assert failed.stderr.count("\n") == 3000
    message = only_job(board)["error_message"]
    assert message.endswith("line 3000\nsh ended with exit code 7.")
    assert len(message.encode()) <= 8192


@pytest.mark.parametrize(("word", "code"), [("no-such-program", 127), ("/etc/passwd", 126)])
def test_what_cannot_be_run_fails_as_in_a_shell(
    board: Board, environment: dict[str, str], word: str, code: int
) -> None:
    assert run(environment, "exec", "--doc", "a.pdf", "--", word).returncode == code
    assert word in only_job(board)["error_message"]


def test_a_signal_is_passed_on_and_told(board: Board, environment: dict[str, str]) -> None:
    script = "echo begun; exec sleep 60"
    words = [*COMMAND, "exec", "--doc", "a.pdf", "--id", "s", "--", "sh", "-c", script]
    with subprocess.Popen(words, env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
    assert process.returncode == -signal.SIGTERM
    assert only_job(board)["error_message"] == "sh ended with signal SIGTERM."
    assert run(environment, "exec", "--doc", "a.pdf", "--id", "s", "true").returncode == 0
    assert only_job(board)["status"] == "completed"


def test_a_child_that_is_left_behind_keeps_nobody(environment: dict[str, str]) -> None:
    began = time.monotonic()
    script = "sleep 30 & echo left >&2"
    with subprocess.Popen(
        [*COMMAND, "exec", "--doc", "a.pdf", "--", "sh", "-c", script],
        env=environment,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        assert process.wait(20) == 0
        os.killpg(process.pid, signal.SIGKILL)
    assert time.monotonic() - began < 20


def test_without_a_board_the_program_runs_all_the_same(environment: dict[str, str]) -> None:
    bare = {name: value for name, value in environment.items() if name != "JOBWALL_URL"}
    ran = run(bare, "exec", "--doc", "a.pdf", "--", "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (ran.returncode, ran.stdout) == (3, "out\n")
    assert ran.stderr == "jobwall: nothing is reported: JOBWALL_URL is not set\nerr\n"
    down = environment | {"JOBWALL_URL": "http://127.0.0.1:9"}
    assert run(down, "exec", "--doc", "a.pdf", "--", "sh", "-c", "exit 3").returncode == 3


def test_what_is_reported_to_a_project_that_is_not_there_is_said_to_be_kept_for_it(
    board: Board, environment: dict[str, str]
) -> None:
    wrong = environment | {"JOBWALL_PROJECT": f"{board.project}-nope"}
    ran = run(wrong, "exec", "--doc", "a.pdf", "true")
    assert ran.returncode == 0
    first, last = ran.stderr.splitlines()
    assert first == (
        f"jobwall: {board.url} refuses reports (404) No such project: {board.project}-nope; what is"
        f" reported to {board.project}-nope is kept for it, and sent to no other project"
    )
    assert last.startswith("jobwall: kept in ")
    assert last.endswith(f" for the next run that reports to {board.project}-nope: 1")
    assert run(environment, "exec", "--doc", "b.pdf", "true").stderr == ""
    assert only_job(board)["source_doc_id"] == "b.pdf"
    board.project = board.new_project(f"{board.project}-nope")
    assert run(wrong, "exec", "--doc", "c.pdf", "true").stderr == ""
    assert {job["source_doc_id"] for job in get(board, "?limit=10")["jobs"]} == {"a.pdf", "c.pdf"}


def test_a_file_that_was_sent_is_sent_to_another_project_too(
    board: Board, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "history.ndjson"
    file.write_text("".join(json.dumps(one) + "\n" for one in reports(3)))
    assert "3 reports sent" in run(environment, "send", str(file)).stderr
    board.project = board.new_project(f"{board.project}-other")
    other = environment | {"JOBWALL_PROJECT": board.project}
    assert "3 reports sent" in run(other, "send", str(file)).stderr
    assert get(board, "?limit=1")["total"] == 3
    for each in (environment, other):
        assert "Nothing was left" in run(each, "send", str(file)).stderr


def reports(amount: int) -> list[dict[str, Any]]:
    return [
        {
            "job_id": f"h{number}",
            "source_doc_id": f"{number}.pdf",
            "status": "completed",
            "started_at": "2026-11-01T10:00:00Z",
            "completed_at": "2026-11-01T10:00:30Z",
            "chunks_processed": number,
        }
        for number in range(amount)
    ]


def test_history_is_sent_and_what_is_refused_has_a_file_of_its_own(
    board: Board, environment: dict[str, str], tmp_path: Path
) -> None:
    lines = [json.dumps(one) for one in reports(1203)]
    lines[7:7] = ["not json", json.dumps({"job_id": "x"}), ""]
    file = tmp_path / "history.ndjson"
    file.write_text("\n".join(lines) + "\n")
    sent = run(environment, "send", str(file))
    assert sent.returncode == 1
    assert "1,205 reports sent, of which 2 were refused" in sent.stderr
    assert get(board, "?limit=1")["total"] == 1203
    told = Path(f"{file}.refused.ndjson").read_text().splitlines()
    refused = [json.loads(line) for line in told]
    assert [one["line"] for one in refused] == [8, 9]
    assert "source_doc_id" in refused[1]["refused"]
    again = run(environment, "send", str(file))
    assert (again.returncode, "Nothing was left" in again.stderr) == (0, True)
    with file.open("a") as more:
        more.write(json.dumps(reports(1)[0] | {"job_id": "more"}) + "\n")
    assert "1 reports sent" in run(environment, "send", str(file)).stderr
    assert get(board, "?limit=1")["total"] == 1204


def test_a_table_is_sent_and_goes_on_where_it_was_interrupted(
    board: Board, environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "history.csv"
    made = reports(1200)
    rows = [",".join(made[0])] + [",".join(map(str, one.values())) for one in made]
    file.write_text("\ufeff" + "\n".join(rows) + "\n")
    with moody(board.url) as before:
        environment = environment | {"JOBWALL_URL": before.url}
        with subprocess.Popen(
            [*COMMAND, "send", str(file)], env=environment, stderr=subprocess.PIPE, text=True
        ) as process:
            while not Path(f"{file}.sent").exists():
                time.sleep(0.01)
            before.mood = 503
            process.send_signal(signal.SIGINT)
            assert process.wait(20) in (130, 0)
        before.mood = PASS
        assert run(environment, "send", str(file)).returncode == 0
    listed = get(board, "?limit=1000")
    assert listed["total"] == 1200
    assert listed["jobs"][0]["chunks_processed"] > 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"JOBWALL_KEY": "ib-wrong"}, "401"),
        ({"JOBWALL_PROJECT": "nowhere"}, "404"),
        ({"JOBWALL_URL": ""}, "must be set"),
    ],
)
def test_a_wrong_setting_ends_it_with_words(
    environment: dict[str, str], tmp_path: Path, change: dict[str, str], words: str
) -> None:
    file = tmp_path / "one.ndjson"
    file.write_text(json.dumps(reports(1)[0]))
    failed = run(environment | change, "send", str(file))
    assert failed.returncode == 1
    assert words in failed.stderr
    assert "Traceback" not in failed.stderr
    assert run(environment, "send", str(tmp_path / "none.csv")).returncode == 1
