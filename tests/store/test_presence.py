"""A database, its log or its index that is removed or replaced under who has it open."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests
from sqlalchemy import event, text

from app.store import backups, opening
from app.store.commits import InDoubtError
from app.store.database import db, reading, writing
from app.store.presence import HELD, MissingError
from tests.kit import ROOT
from tests.kit.api import Api
from tests.kit.board import Board
from tests.kit.commands import JOBWALL, invoke
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem

pytestmark = sqlite_only

MISSING = "The database file is not there"
LEFT = "The database file was replaced, and the log of the former was left"
LOST = "The log of the database, or its index, was removed while it was in use"
EMPTY = "The database has no tables yet"
ENDS = ("", "-wal", "-shm")
Mishap = Callable[[Path, Path], None]


@pytest.fixture(autouse=True)
def _at_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "EVERY", 0.0)


def quietly(_done: int, _total: int) -> None:
    pass


def jobs_in(file: Path) -> set[str]:
    with closing(sqlite3.connect(file)) as connection:
        return {job_id for (job_id,) in connection.execute("SELECT job_id FROM jobs")}


def report(api: Api, job_id: str):
    return api.post({"job_id": job_id, "source_doc_id": "d"})


def move(file: Path, to: Path, *ends: str) -> None:
    for end in ends or ENDS:
        Path(f"{file}{end}").rename(f"{to}{end}")


@pytest.fixture
def store(api: Api, tmp_path: Path) -> Path:
    """The file of a store with a job, of which there is a backup in `kept.db`; and one more job."""
    assert report(api, "kept").status_code == 201
    backups.back_up(tmp_path / "kept.db", force=False, progress=quietly)
    assert report(api, "since").status_code == 201
    return backups.store_path()


def remove(store: Path, _kept: Path) -> None:
    store.unlink()


def remove_all(store: Path, _kept: Path) -> None:
    for end in ENDS:
        Path(f"{store}{end}").unlink()


def remove_log(store: Path, _kept: Path) -> None:
    Path(f"{store}-wal").unlink(missing_ok=True)  # it may just have been let go


def remove_index(store: Path, _kept: Path) -> None:
    Path(f"{store}-shm").unlink(missing_ok=True)


def remove_log_and_index(store: Path, _kept: Path) -> None:
    remove_log(store, _kept)
    remove_index(store, _kept)


def replace_log(store: Path, kept: Path) -> None:
    remove_log(store, kept)
    Path(f"{store}-wal").touch()


def replace(store: Path, kept: Path) -> None:
    kept.rename(store)


def replace_all_but_the_index(store: Path, kept: Path) -> None:
    remove_log(store, kept)
    kept.rename(store)


def make_empty(store: Path, kept: Path) -> None:
    remove_all(store, kept)
    store.touch()


@pytest.mark.parametrize(
    ("mishap", "words"),
    [
        (remove, MISSING),
        (remove_all, MISSING),
        (replace, LEFT),
        (replace_all_but_the_index, LEFT),
        (make_empty, EMPTY),
    ],
)
@pytest.mark.parametrize("first", ["a report", "a page", "a look"])
def test_whoever_comes_first_is_told_what_became_of_the_files(
    api: Api, store: Path, tmp_path: Path, mishap: Mishap, words: str, first: str
) -> None:
    mishap(store, tmp_path / "kept.db")
    there = {path.name for path in store.parent.iterdir()}
    asks = {
        "a report": lambda: assert_problem(report(api, "lost"), 503)["detail"],
        "a page": lambda: assert_problem(api.get(), 503)["detail"],
        "a look": lambda: api.client.get("/readyz").text,
    }
    for ask in (asks.pop(first), *asks.values(), *asks.values()):
        assert words in ask()
    assert api.client.get("/healthz").status_code == 200
    if words != EMPTY:
        assert {path.name for path in store.parent.iterdir()} <= there, "nothing is made"


LOSSES = [remove_log, remove_index, remove_log_and_index]


@pytest.mark.parametrize("mishap", LOSSES)
@pytest.mark.parametrize("first", ["a report", "a page", "a look"])
def test_what_was_in_a_lost_log_is_saved_and_then_it_goes_on(
    api: Api, store: Path, mishap: Mishap, first: str
) -> None:
    with db.engine.connect(), db.engine.connect():  # so many have it open, of one process
        pass
    asks = {
        "a report": lambda: assert_problem(report(api, "lost"), 503)["detail"],
        "a page": lambda: assert_problem(api.get(), 503)["detail"],
        "a look": lambda: api.client.get("/readyz").text,
    }
    with db.engine.connect():  # as long as this one has, nobody opens it anew
        mishap(store, store)
        for _ in range(3):
            assert LOST in asks[first]()
    assert jobs_in(store) == {"kept", "since"}
    assert report(api, "new").status_code == 201
    assert api.client.get("/readyz").text == "ready\n"
    assert jobs_in(store) == {"kept", "since", "new"}
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_what_was_opened_before_a_loss_is_closed_whatever_number_the_new_log_has(
    api: Api, store: Path
) -> None:
    with reading() as connection:
        driver = connection.connection.dbapi_connection
        remove_index(store, store)
        assert api.get().status_code == 503, "it is noticed"
        connection.info[HELD].looked_at = float("inf")  # the new one looks like the lost one
    with pytest.raises(sqlite3.ProgrammingError):
        driver.total_changes  # noqa: B018
    assert api.get().status_code == 200


def test_where_another_log_was_begun_nothing_is_written_over_it(api: Api, store: Path) -> None:
    replace_log(store, store)
    for _ in range(3):
        assert LOST in assert_problem(report(api, "lost"), 503)["detail"]
        assert LOST in api.client.get("/readyz").text


@pytest.mark.parametrize("mishap", LOSSES)
def test_who_comes_anew_waits_until_all_others_have_let_go(
    api: Api, store: Path, settings: dict[str, str], mishap: Mishap
) -> None:
    with reading():  # this process has not noticed
        mishap(store, store)
        came = subprocess.run(
            [JOBWALL, "keys", "list"],
            env={**os.environ, **settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert (came.returncode, came.stderr.count("\n")) == (1, 1)
    assert LOST in came.stderr


def test_a_database_that_comes_back_is_used_again(api: Api, store: Path, tmp_path: Path) -> None:
    move(store, tmp_path / "away", "")
    assert api.get().status_code == 503
    assert report(api, "lost").status_code == 503
    move(tmp_path / "away", store, "")
    assert api.get().json["total"] == 2
    assert report(api, "new").status_code == 201
    assert api.client.get("/readyz").text == "ready\n"


def test_a_database_that_was_replaced_whole_is_taken_over(
    api: Api, store: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away.db"
    move(store, away)
    (tmp_path / "kept.db").rename(store)
    assert api.get().json["total"] == 1
    assert api.client.get("/readyz").text == "ready\n"
    assert report(api, "new").status_code == 201
    assert jobs_in(store) == {"kept", "new"}
    assert jobs_in(away) == {"kept", "since"}


def test_a_log_that_was_left_is_no_trouble_when_it_is_removed(
    api: Api, store: Path, tmp_path: Path
) -> None:
    replace(store, tmp_path / "kept.db")
    assert api.get().status_code == 503
    remove_log(store, store)
    assert api.get().status_code == 503
    remove_index(store, store)
    assert api.get().json["total"] == 1


def test_nothing_is_stored_in_a_file_that_went_before_the_commit(
    api: Api, store: Path, tmp_path: Path
) -> None:
    def write() -> None:
        with writing() as connection:
            connection.execute(text("UPDATE projects SET name = 'lost'"))
            move(store, away)

    away = tmp_path / "away.db"
    with pytest.raises(MissingError):
        write()
    with closing(sqlite3.connect(away)) as connection:
        assert connection.execute("SELECT name FROM projects").fetchall() == [("Project one",)]


def test_what_is_stored_in_a_file_that_goes_with_the_commit_is_in_doubt(
    api: Api, store: Path, tmp_path: Path
) -> None:
    away = tmp_path / "away.db"

    def go(_connection: object) -> None:
        move(store, away)

    event.listen(db.engine, "commit", go)
    with pytest.raises(InDoubtError), writing() as connection:
        connection.execute(text("UPDATE projects SET name = 'stored'"))
    with closing(sqlite3.connect(away)) as connection:
        assert connection.execute("SELECT name FROM projects").fetchall() == [("stored",)]


def test_a_store_that_is_not_there_is_not_made_by_who_asks_for_it(api: Api, store: Path) -> None:
    db.engine.dispose()
    remove(store, store)
    result = invoke(api.app, "keys", "list")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert result.stderr.startswith(f"Error: {MISSING}: {store}; `")
    assert "db upgrade` makes a new one" in result.stderr
    assert not store.exists()


OPENING = """
from sqlalchemy import text
from app import create_app
from app.config import read
from app.store.database import db, reading
with create_app(read()).app_context():
    for _ in range(200):
        with reading() as connection:
            connection.execute(text("SELECT count(*) FROM projects"))
        db.engine.dispose()
"""


@pytest.mark.slow
def test_who_opens_a_database_while_others_close_it_takes_no_file_for_lost(api: Api) -> None:
    """SQLite removes the log and its index with the last connection, and makes them anew."""
    db.engine.dispose()
    environment = {**os.environ, "INSTANCE": api.app.instance_path}
    words = [sys.executable, "-c", OPENING]
    others = [subprocess.Popen(words, cwd=ROOT, env=environment) for _ in range(3)]
    assert [other.wait(60) for other in others] == [0, 0, 0]


def test_who_opens_a_database_beside_another_takes_no_file_for_lost(
    api: Api, store: Path, tmp_path: Path
) -> None:
    """Two threads open it at once, after the last who closed it took the log away."""
    db.engine.dispose()
    (tmp_path / "in the place of the log").touch()
    answers: list[int] = []
    second = threading.Thread(target=lambda: answers.append(api.get().status_code))

    def come_between(*_: object) -> None:
        if second.ident is None:
            second.start()
            second.join(0.5)  # it opens its own, and then waits for the first

    with closing(sqlite3.connect(store)) as other:
        other.execute("SELECT 1 FROM jobs").fetchall()
        event.listen(db.engine, "connect", come_between, insert=True)
        answers.append(api.get().status_code)
        second.join(10)
    assert answers == [200, 200]


# Under a board of two processes


def jobwall(board: Board, *words: str) -> None:
    subprocess.run(
        [JOBWALL, *words], env=board.environment, capture_output=True, timeout=60, check=True
    )


def statuses(board: Board) -> set[int]:
    """How reports and questions are answered, one connection each, so that all processes are."""
    url, headers = f"{board.url}/api/v1/projects/p1/jobs", {"Authorization": f"Bearer {board.key}"}
    told = {"job_id": "again", "source_doc_id": "d"}
    found = set()
    for _ in range(6):
        answers = [
            requests.get(url, headers=headers, timeout=10),
            requests.post(url, json=told, headers=headers, timeout=10),
            requests.get(f"{board.url}/readyz", timeout=10),
        ]
        found |= {answer.status_code // 100 for answer in answers}
    return found


def await_statuses(board: Board, wanted: int) -> None:
    """See that before long all that is asked is answered so."""
    deadline = time.monotonic() + 30
    while statuses(board) != {wanted}:
        assert time.monotonic() < deadline, f"not only {wanted}xx"


@pytest.mark.slow
def test_processes_agree_on_what_became_of_their_files(own_board: Board, tmp_path: Path) -> None:
    store, away = Path(own_board.settings["INSTANCE"]) / "jobwall.db", tmp_path / "away.db"
    await_statuses(own_board, 2)
    jobwall(own_board, "backup", str(tmp_path / "kept.db"))
    move(store, away, "")
    await_statuses(own_board, 5)
    assert requests.get(f"{own_board.url}/healthz", timeout=10).text == "ok\n"
    assert not store.exists()
    move(away, store, "")
    await_statuses(own_board, 2)

    # Lost and restored under the board: that makes a new file, with nothing left beside it.
    move(store, away, "")
    await_statuses(own_board, 5)
    jobwall(own_board, "restore", str(tmp_path / "kept.db"), "--yes")
    await_statuses(own_board, 2)
    assert jobs_in(store) == {"again"}


@pytest.mark.slow
def test_no_report_is_acknowledged_into_a_file_that_is_gone(
    own_board: Board, tmp_path: Path
) -> None:
    store, away = Path(own_board.settings["INSTANCE"]) / "jobwall.db", tmp_path / "away.db"
    jobwall(own_board, "backup", str(tmp_path / "kept.db"))
    with reporters(own_board) as acknowledged:
        await_jobs(own_board, 50)
        move(store, away)
        shutil.copy(tmp_path / "kept.db", tmp_path / "copy.db")
        (tmp_path / "copy.db").rename(store)
    before, after = jobs_in(away), jobs_in(store)
    assert before - after
    assert after - before, "they went on with the new one"
    assert acknowledged <= before | after


@pytest.mark.slow
def test_no_report_is_lost_with_a_log(own_board: Board) -> None:
    store = Path(own_board.settings["INSTANCE"]) / "jobwall.db"
    with reporters(own_board) as acknowledged:
        for number, mishap in enumerate(LOSSES, 1):
            await_jobs(own_board, 30 * number)
            mishap(store, store)
    await_statuses(own_board, 2)
    assert acknowledged <= jobs_in(store)
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@contextmanager
def reporters(board: Board) -> Iterator[set[str]]:
    """Two processes that report for some seconds; afterwards the set has what was acknowledged."""
    words = [sys.executable, str(ROOT / "tests/kit/reporting.py"), board.url, "p1"]
    started = [
        subprocess.Popen(
            [*words, str(number), "3"],
            stdout=subprocess.PIPE,
            env={**os.environ, "JOBWALL_KEY": board.key},
        )
        for number in range(2)
    ]
    acknowledged: set[str] = set()
    try:
        yield acknowledged
        for process in started:
            acknowledged |= set(json.loads(process.communicate(timeout=60)[0])["acknowledged"])
    finally:
        for process in started:
            process.kill()
            process.communicate()


def await_jobs(board: Board, number: int) -> None:
    """Wait until a board has so many jobs."""
    url, headers = f"{board.url}/api/v1/projects/p1/jobs", {"Authorization": f"Bearer {board.key}"}
    deadline = time.monotonic() + 20
    while requests.get(url, headers=headers, timeout=10).json().get("total", 0) < number:
        assert time.monotonic() < deadline
