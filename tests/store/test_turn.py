"""The queue of writers: in order, across processes, and nobody stands in it for ever."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from app.store.files import LockError
from app.store.turn import BusyError, Turns, long_turn, rest, short_turn, turns_at
from tests.kit import ROOT

SOON = 20  # s
HOLDER = """
import fcntl, sys
with open(sys.argv[1], "a") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("mine", flush=True)
    sys.stdin.read()
"""
SEVERAL = """
import sys
from app.store.turn import Turns
turns = Turns(sys.argv[1])
for _ in range(int(sys.argv[3])):
    with turns.turn(60), open(sys.argv[2], "r+") as file:
        number = int(file.read())
        file.seek(0)
        file.write(str(number + 1))
"""


@contextmanager
def held_by_another(path: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", HOLDER, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        assert process.stdout.readline() == "mine\n"
        try:
            yield process
        finally:
            process.kill()


def takes(turns: Turns, seconds: float = SOON) -> bool:
    try:
        with turns.turn(seconds):
            return True
    except BusyError:
        return False


def test_who_waits_for_a_stopped_process_gives_up_and_every_turn_after_it_is_had(
    tmp_path: Path,
) -> None:
    turns = Turns(str(tmp_path / "lock"))
    with held_by_another(tmp_path / "lock") as holder:
        os.kill(holder.pid, signal.SIGSTOP)
        with ThreadPoolExecutor(8) as threads:
            assert not any(threads.map(lambda _: takes(turns, 0.05), range(16)))
        patient = threading.Thread(target=takes, args=(turns,))
        patient.start()
    patient.join(SOON)
    assert not patient.is_alive()
    assert all(takes(turns, 5) for _ in range(3))


def test_the_turns_of_a_process_come_in_order(tmp_path: Path) -> None:
    turns = Turns(str(tmp_path / "lock"))
    order: list[int] = []

    def note(number: int) -> None:
        with turns.turn(SOON):
            order.append(number)

    threads = []
    with turns.turn(SOON):
        for number in range(6):
            threads.append(threading.Thread(target=note, args=(number,)))
            threads[-1].start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join(SOON)
    assert order == [0, 1, 2, 3, 4, 5]


@pytest.mark.slow
def test_no_two_have_a_turn_at_once_in_threads_and_processes(tmp_path: Path) -> None:
    number = tmp_path / "number"
    number.write_text("0")
    command = [sys.executable, "-c", SEVERAL, str(tmp_path / "lock"), str(number), "150"]
    writers = [subprocess.Popen(command, cwd=ROOT) for _ in range(3)]
    turns = Turns(str(tmp_path / "lock"))

    def add(_: int) -> None:
        with turns.turn(60):
            number.write_text(str(int(number.read_text()) + 1))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(add, range(300)))
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert number.read_text() == "750"


def test_a_lock_file_that_cannot_be_used_is_an_error_for_each_who_asks(tmp_path: Path) -> None:
    turns = Turns(str(tmp_path / "nowhere" / "lock"))
    for _ in range(2):
        with pytest.raises(LockError):
            takes(turns)
    path = tmp_path / "lock"
    turns = Turns(str(path))
    with ThreadPoolExecutor(3) as threads:
        with turns.turn(SOON):
            waiting = [threads.submit(takes, turns) for _ in range(3)]
            while len(turns._waiting) < 3:
                time.sleep(0.001)
            path.unlink()
            path.mkdir()
        for one in waiting:
            with pytest.raises(LockError):
                one.result(SOON)
    path.rmdir()
    assert takes(turns)


@pytest.mark.parametrize(
    ("last_short", "ended", "took", "seconds"),
    [
        (99.9, 99.8, 0.5, 0.3),
        (99.9, 99.0, 0.5, 0),  # it was long ago
        (98.5, 99.8, 0.5, 0),  # nobody else writes
        (0, 0, 0, 0),  # nobody ever did
        (5000, 5000, 0.5, 0),  # before the machine was started anew
        (99.9, 5000, 0.5, 0.5),
    ],
)
def test_a_long_turn_rests_as_long_as_the_last_one_took(
    last_short: float, ended: float, took: float, seconds: float
) -> None:
    assert rest(100, last_short, ended, took) == pytest.approx(seconds)


def test_between_long_turns_the_others_have_theirs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, rests = str(tmp_path / "lock"), []
    monkeypatch.setattr(time, "sleep", rests.append)
    for turn in (long_turn, long_turn, short_turn, long_turn, short_turn, long_turn):
        began = time.monotonic()
        with turn(path, SOON):
            while turn is long_turn and time.monotonic() - began < 0.01:
                pass
    first, second, third, fourth = rests
    assert first == second == 0, "nobody else writes"
    assert third > 0
    assert fourth > 0


def test_those_who_want_long_turns_stand_in_line_for_one_place_of_it(tmp_path: Path) -> None:
    path, order, threads = str(tmp_path / "lock"), [], []

    def take(turn: Callable[[str, float], AbstractContextManager[None]], name: str) -> None:
        with turn(path, SOON):
            order.append(name)

    def begin(*about: object, waiting: Callable[[], int], number: int) -> None:
        threads.append(threading.Thread(target=take, args=about))
        threads[-1].start()
        while waiting() < number:
            time.sleep(0.001)

    turns, long_turns = turns_at(path), turns_at(f"{path}.long")
    with turns.turn(SOON):
        begin(long_turn, "long", waiting=lambda: len(turns._waiting), number=1)
        begin(long_turn, "long", waiting=lambda: len(long_turns._waiting), number=1)
        begin(short_turn, "short", waiting=lambda: len(turns._waiting), number=2)
    for thread in threads:
        thread.join(SOON)
    assert order == ["long", "short", "long"]


def test_a_long_turn_that_does_not_come_is_given_up(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    for held in (path, Path(f"{path}.long")):
        with held_by_another(held), pytest.raises(BusyError), long_turn(str(path), 0.05):
            pass
    with long_turn(str(path), SOON):
        pass
