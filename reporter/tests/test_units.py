"""What needs no board: messages, settings, the spool, which attempt a run is."""

from __future__ import annotations

import json
import multiprocessing
import os
from pathlib import Path

import pytest

from jobwall_reporter import Reporter
from jobwall_reporter.attempts import Attempts
from jobwall_reporter.errors import MOST, message_of
from jobwall_reporter.settings import SettingsError, settings_of
from jobwall_reporter.spool import Journal, left_in
from jobwall_reporter.states import State
from jobwall_reporter.wire import Known, retry_after_of


def test_a_chain_arrives_whole_and_a_long_one_keeps_both_ends() -> None:
    try:
        try:
            raise KeyError("the root")
        except KeyError as root:
            raise ValueError("x" * 3 * MOST + " the end") from root
    except ValueError as error:
        message = message_of(error)
    assert len(message.encode()) <= MOST
    assert "KeyError: 'the root'" in message
    assert message.endswith("the end")
    assert "bytes left out" in message


@pytest.mark.parametrize(
    ("given", "told"),
    [("", "failed without a message"), ("a\0b", "a\ufffdb"), ("\ud800", "?"), ("ü" * 9000, None)],
)
def test_any_text_becomes_one_that_the_board_takes(given: str, told: str | None) -> None:
    message = message_of(given)
    assert told in (None, message)
    assert len(message.encode()) <= MOST
    assert "\0" not in message


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_that_cannot_be_told_is_told_by_its_name() -> None:
    assert "Unspeakable" in message_of(Unspeakable())


@pytest.mark.parametrize(
    ("url", "key", "project", "words"),
    [
        ("localhost:8000", "k", "p", "http"),
        ("http://b", "", "p", "JOBWALL_KEY"),
        ("http://b", "", "", "JOBWALL_KEY and JOBWALL_PROJECT"),
        ("http://b", "k\n", "p", None),
        ("http://b", "k\x01k", "p", "JOBWALL_KEY"),
        ("http://b", "ib-…", "p", "make a key first"),
    ],
)
def test_a_wrong_setting_is_named(url: str, key: str, project: str, words: str | None) -> None:
    if words is None:
        assert settings_of(url, key, project) is not None
        return
    with pytest.raises(SettingsError, match=words):
        settings_of(url, key, project)


def test_each_project_of_each_board_has_a_spool_of_its_own(tmp_path: Path) -> None:
    folders = {
        settings_of(url, "k", project, str(tmp_path)).spool
        for url in ("http://a", "http://b")
        for project in ("p", "q")
    }
    assert len(folders) == 4


def state(number: int, job_id: str = "") -> State:
    made = State(job_id or f"j{number}", f"d{number}")
    made.chunks_processed = number
    return made


def counts(folder: Path) -> list[int]:
    found = []
    for left in left_in(folder):
        found += [one.chunks_processed for one in left.states()]
        left.close()
    return found


def test_what_a_process_holds_no_other_takes_and_what_it_leaves_the_next_does(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "spool"
    journal = Journal(folder)
    one = state(1)
    journal.append([one, state(2)])
    one.chunks_processed = 10
    journal.append([one])
    assert counts(folder) == []
    [path] = folder.iterdir()
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    journal.close()
    assert counts(folder) == [10, 2]
    with path.open("ab") as file:
        file.write(b'{"number": 3, "job_id": "tor')
    assert counts(folder) == [10, 2]


def test_a_journal_that_holds_nothing_leaves_nothing(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "spool")
    journal.append([state(1)])
    journal.rewrite([state(2)])
    assert len(list((tmp_path / "spool").iterdir())) == 1
    journal.rewrite([])
    journal.close()
    assert list(tmp_path.iterdir()) == []


def _hold(folder: Path, ready: object) -> None:
    Journal(folder).append([state(7)])
    ready.set()
    os._exit(9)  # as killed


def test_what_a_killed_process_held_is_free(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    ready = context.Event()
    process = context.Process(target=_hold, args=(tmp_path, ready))
    process.start()
    process.join(30)
    assert process.exitcode == 9
    assert counts(tmp_path) == [7]


def test_an_attempt_follows_from_what_the_board_knew_and_what_ran_since() -> None:
    attempts, asked = Attempts(), []

    def ask(job_id: str) -> Known | None:
        asked.append(job_id)
        return {"ended": Known(2, "failed"), "waits": Known(3, "pending")}.get(job_id)

    def attempt_of(job_id: str, before: dict[str, int]) -> int | None:
        run = state(1, job_id)
        run.attempt, run.run = None, attempts.next_run(job_id)
        attempts.resolve(run, ask, before)
        return run.attempt

    assert [attempt_of("new", {}), attempt_of("new", {})] == [1, 2]
    assert attempt_of("ended", {}) == 3
    assert attempt_of("waits", {}) == 3, "what was announced is what begins"
    assert attempt_of("late", {"late": 2}) == 3, "two that nobody has reported yet ran before"
    assert asked == ["new", "ended", "waits", "late"]


def test_a_server_says_when_to_come_again() -> None:
    assert retry_after_of("3") == 3
    assert retry_after_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [retry_after_of(text) for text in ("", None, "soon", "-1")] == [None] * 4
    assert retry_after_of("9" * 30) == 3600


def test_a_report_has_what_is_known_and_can_be_written() -> None:
    made = state(4)
    made.started_at = 1_700_000_000.25
    fields = made.report()
    assert fields["started_at"] == "2023-11-14T22:13:20.250000Z"
    assert "completed_at" not in fields
    json.dumps(made.stored())


def test_without_a_url_nothing_is_done_and_nothing_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("JOBWALL_URL", "JOBWALL_KEY", "JOBWALL_PROJECT"):
        monkeypatch.delenv(name, raising=False)
    nothing = Reporter(spool=str(tmp_path))
    with nothing.job("a.pdf") as job:
        job.add(chunks=1)
    assert list(nothing.track([1, 2])) != []
    assert (nothing.reports, nothing.flush(), list(tmp_path.iterdir())) == (False, True, [])
    assert caplog.messages == []


def test_every_line_of_the_log_says_whose_it_is(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where no logging is set up Python prints the message, and Celery no name of the logger."""
    Reporter("http://127.0.0.1:9", "", "p")
    left = Reporter("http://127.0.0.1:9", "k", "p", spool=str(tmp_path))
    left.start("a.pdf")
    left.close()
    assert len(caplog.messages) == 3
    assert all(line.startswith("jobwall: ") for line in caplog.messages)
