"""`jobwall backup` and `jobwall restore`, for real: beside a server and processes that write."""

import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import flask_migrate
import pytest
import requests
from flask import Flask

from app.clock import now
from app.ledger.audit import verify
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.queries.projects import list_projects
from app.rules.status import JobStatus
from app.store import backups
from app.store.database import db, reading
from app.store.drafts import UNDECIDED, leftovers, sweep
from tests.kit import ROOT
from tests.kit.board import Board
from tests.kit.commands import JOBWALL
from tests.kit.databases import postgres_only, sqlite_only
from tests.kit.killed import killed_at_each_step
from tests.kit.recording import record

REPORTING = ROOT / "tests/kit/reporting.py"


def quietly(_done: int, _total: int) -> None:
    pass


def add(*job_ids: str, project_id: str = "p1") -> None:
    reports = [
        Report(job_id=job_id, source_doc_id="d", status=JobStatus.COMPLETED) for job_id in job_ids
    ]
    record(project_id, reports, now=now())


def jobwall(settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [JOBWALL, *words],
        cwd=ROOT,
        env={**os.environ, **settings},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def dump(file: Path) -> list[str]:
    """Everything that is in a database."""
    with closing(sqlite3.connect(file)) as connection:
        return list(connection.iterdump())


def jobs_in(file: Path) -> dict[str, int]:
    with closing(sqlite3.connect(file)) as connection:
        return dict(connection.execute("SELECT job_id, chunks_processed FROM jobs"))


def others(folder: Path) -> set[str]:
    """The files of a folder that are not the database's own."""
    own = {"secret_key", *(f"jobwall.db{end}" for end in backups.COMPANIONS)}
    return {path.name for path in folder.iterdir()} - own


@pytest.fixture
def store(app: Flask) -> Path:
    """The file of a store with three jobs."""
    create_project("p1", name="one", mode="kg_vector", now=now())
    add("a", "b", "c")
    return backups.store_path()


# Backup


@sqlite_only
def test_a_backup_is_one_file_with_everything_for_its_owner_alone(
    run, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "kept" / "to day?.db"
    file.parent.mkdir()
    result = run("backup", str(file))
    assert (result.exit_code, result.stdout) == (
        0,
        f"{file}: 1 projects, 3 jobs, revision {backups.inspect(file).revision}\n",
    )
    assert list(file.parent.iterdir()) == [file]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert dump(file) == dump(store)
    assert list(file.parent.iterdir()) == [file], "reading it leaves nothing beside it"


@sqlite_only
def test_a_backup_overwrites_only_when_told_to(run, store: Path, tmp_path: Path) -> None:
    file = tmp_path / "kept.db"
    file.write_text("precious")
    result = run("backup", str(file))
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "--force" in result.stderr
    assert file.read_text() == "precious"
    assert run("backup", str(file), "--force").exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert set(jobs_in(file)) == {"a", "b", "c"}


@sqlite_only
def test_a_backup_never_lands_on_the_database(run, store: Path, tmp_path: Path) -> None:
    before = dump(store)
    link = tmp_path / "link"
    link.symlink_to(store)
    targets = [f"{store}{end}" for end in backups.COMPANIONS]
    for target in (*targets, link, tmp_path, tmp_path / "none" / "x.db", "/dev/null"):
        result = run("backup", str(target), "--force")
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert dump(store) == before
    assert link.is_symlink()
    assert Path("/dev/null").is_char_device()
    assert not others(store.parent)


@sqlite_only
def test_a_log_of_another_database_is_not_played_into_a_backup(
    run, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "kept.db"
    (tmp_path / "kept.db-wal").write_text("left")
    result = run("backup", str(file))
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    assert "kept.db-wal" in result.stderr
    assert not file.exists()


@sqlite_only
def test_a_damaged_database_is_no_backup(run, store: Path, tmp_path: Path) -> None:
    damage(store)
    result = run("backup", str(tmp_path / "kept.db"))
    assert result.exit_code == 1
    assert "damaged" in result.stderr.splitlines()[-1]
    assert {path.name for path in tmp_path.iterdir()} == {"instance"}


def damage(file: Path) -> None:
    """Write nonsense over the rows of the jobs, as a bad disk would."""
    db.engine.dispose()
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        [root] = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'jobs'"
        ).fetchone()
        [size] = connection.execute("PRAGMA page_size").fetchone()
    with file.open("r+b") as raw:
        raw.seek((root - 1) * size)
        raw.write(b"\x5a" * size)


# Restore


@pytest.fixture
def kept(run, store: Path, tmp_path: Path) -> Path:
    """A backup of the store; since then a job has come."""
    file = tmp_path / "kept.db"
    assert run("backup", str(file)).exit_code == 0
    add("since")
    return file


@sqlite_only
def test_a_restore_brings_back_what_was_kept_and_can_be_undone(
    run, store: Path, kept: Path, app: Flask
) -> None:
    result = run("restore", str(kept), "--yes")
    assert result.exit_code == 0, result.stderr
    assert set(jobs_in(store)) == {"a", "b", "c"}
    assert run("verify").stdout == "clean\n"
    [former] = others(store.parent)
    assert former.startswith("jobwall.db.before-restore-")
    assert stat.S_IMODE((store.parent / former).stat().st_mode) == 0o600
    undo = result.stdout.splitlines()[1].removeprefix("undo with: jobwall ").split()
    assert run(*undo, "--yes").exit_code == 0
    assert set(jobs_in(store)) == {"a", "b", "c", "since"}
    add("and on")
    assert run("verify").stdout == "clean\n"


@sqlite_only
def test_a_restore_leaves_no_log_as_large_as_the_store(store: Path, kept: Path) -> None:
    log = Path(f"{store}-wal")
    with db.engine.connect():  # as a running board has connections open
        backups.restore(kept, quietly, print)
        assert log.stat().st_size == 0
    assert set(jobs_in(store)) == {"a", "b", "c"}


@sqlite_only
def test_what_is_written_after_a_restore_has_versions_of_its_own(
    run, store: Path, kept: Path
) -> None:
    versions = [version()]
    for number in range(3):
        assert run("restore", str(kept), "--yes").exit_code == 0
        assert version() < versions[0]
        add(f"again-{number}")
        versions.append(version())
    assert versions == sorted(set(versions))


@sqlite_only
def test_a_restore_asks_or_is_told(run, store: Path, kept: Path) -> None:
    result = run("restore", str(kept))
    assert (result.exit_code, result.stdout) == (2, "")
    assert "--yes" in result.stderr
    assert "since" in jobs_in(store)


def make_text(file: Path, _kept: Path) -> None:
    file.write_text("no database at all, but long enough to be looked at " * 100)


def make_nothing(file: Path, _kept: Path) -> None:
    file.touch()


def cut_off(file: Path, kept: Path) -> None:
    file.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])


def write_over(file: Path, kept: Path) -> None:
    shutil.copy(kept, file)
    damage(file)


def make_other(file: Path, _kept: Path) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num TEXT)")
        connection.execute("INSERT INTO alembic_version VALUES ('0001')")
        connection.commit()


def make_newer(file: Path, kept: Path) -> None:
    shutil.copy(kept, file)
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()


@sqlite_only
@pytest.mark.parametrize(
    "make", [make_text, make_nothing, cut_off, write_over, make_other, make_newer, None]
)
def test_what_is_no_sound_backup_is_refused_and_nothing_changes(
    run, store: Path, kept: Path, tmp_path: Path, make
) -> None:
    bad = tmp_path / "bad.db"
    if make is not None:
        make(bad, kept)
    before = dump(store)
    result = run("restore", str(bad), "--yes")
    assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
    assert "bad.db" in result.stderr
    assert dump(store) == before
    assert not others(store.parent)


@sqlite_only
def test_the_database_is_not_restored_from_itself(run, store: Path) -> None:
    result = run("restore", str(store), "--yes")
    assert result.exit_code == 1
    assert "itself" in result.stderr
    assert not others(store.parent)


@sqlite_only
def test_a_damaged_database_is_replaced(run, store: Path, kept: Path) -> None:
    damage(store)
    assert run("restore", str(kept), "--yes").exit_code == 0
    assert set(jobs_in(store)) == {"a", "b", "c"}
    assert run("verify").stdout == "clean\n"


@sqlite_only
def test_a_lost_database_is_restored(run, store: Path, kept: Path) -> None:
    db.engine.dispose()
    for end in ("", "-wal", "-shm"):
        Path(f"{store}{end}").unlink(missing_ok=True)
    result = run("restore", str(kept), "--yes")
    assert result.exit_code == 0
    assert "undo" not in result.stdout
    assert run("verify").stdout == "clean\n"
    assert not others(store.parent)


@sqlite_only
def test_a_backup_of_an_older_revision_is_restored_and_then_upgraded(
    run, store: Path, tmp_path: Path
) -> None:
    file = tmp_path / "old.db"
    flask_migrate.downgrade(revision="0001")
    assert run("backup", str(file)).stdout.endswith("revision 0001\n")
    flask_migrate.upgrade()
    result = run("restore", str(file), "--yes")
    assert "jobwall db upgrade" in result.stdout
    assert run("db", "upgrade").exit_code == 0
    assert run("verify").stdout == "clean\n"
    assert set(jobs_in(store)) == {"a", "b", "c"}


# Killed


def strangers(folder: Path) -> set[str]:
    """The files of a folder that no store and no backup has, however it is looked at."""
    with closing(sqlite3.connect(folder / "jobwall.db")):
        return {str(folder / name) for name in others(folder)}


@pytest.mark.slow
@sqlite_only
def test_a_restore_that_is_killed_at_any_step_left_one_store_and_nothing_unnamed(
    run, store: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = {"a", "b", "c", "since"}, {"a", "b", "c"}
    monkeypatch.setattr(backups, "PAGES", 20)
    db.engine.dispose()

    def restore(step: Callable[[], None]) -> None:
        backups.restore(kept, lambda _done, _total: step(), print)

    ends = set()
    for number in killed_at_each_step(restore):
        named = [line.split()[0] for line in leftovers(store)]
        found = set(jobs_in(store))
        assert found in (before, after), number
        for path in strangers(store.parent):
            # Decided it is where only the line was not printed that tells of it.
            assert path in named or (found == after and UNDECIDED not in path), number
            assert set(jobs_in(Path(path))) == before, "it is sound, and can be restored"
        ends.add(len(found))
        if found == after:
            [former] = strangers(store.parent)
            assert run("restore", former, "--yes").exit_code == 0
        for path in strangers(store.parent):
            Path(path).unlink()
        db.engine.dispose()
    assert ends == {3, 4}, "killed before it was done, and after"
    assert run("verify").stdout == "clean\n"
    assert set(jobs_in(store)) == after
    assert leftovers(store) == []
    [former] = strangers(store.parent)
    assert ".before-restore-" in former
    assert set(jobs_in(Path(former))) == before


@pytest.mark.slow
@sqlite_only
@pytest.mark.parametrize("where", ["instance", "elsewhere"])
def test_a_backup_that_is_killed_at_any_step_leaves_nothing_unnamed(
    store: Path, tmp_path: Path, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "PAGES", 20)
    db.engine.dispose()
    target = tmp_path / where / "to day.db"
    target.parent.mkdir(exist_ok=True)

    def back_up(step: Callable[[], None]) -> None:
        backups.back_up(target, force=True, progress=lambda _done, _total: step())

    removed = 0
    for number in killed_at_each_step(back_up):
        if number % 2:  # the next start finds them, or the next backup of that name
            removed += len(leftovers(store))
        else:
            sweep(target)
            sweep(store)
        left = strangers(store.parent) | {str(path) for path in target.parent.iterdir()}
        assert left - {str(target)} <= {str(path) for path in store.parent.iterdir()}
        assert not [path for path in left if path.endswith(".part")], number
        if target.exists():
            assert set(jobs_in(target)) == {"a", "b", "c"}
    assert set(jobs_in(target)) == {"a", "b", "c"}
    assert removed, "some were killed in the middle"


@sqlite_only
def test_the_draft_of_a_backup_that_lives_is_left_to_it(store: Path, tmp_path: Path) -> None:
    target = tmp_path / "kept.db"

    def come_between(_done: int, _total: int) -> None:
        assert leftovers(store) == []
        assert sweep(target) == []

    backups.back_up(target, force=False, progress=come_between)
    assert set(jobs_in(target)) == {"a", "b", "c"}


@sqlite_only
def test_a_restore_that_is_broken_off_leaves_nothing_behind(
    store: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = dump(store)

    def break_off(done: int, total: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(backups, "PAGES", 8)
    with pytest.raises(KeyboardInterrupt):
        backups.restore(kept, break_off, print)
    assert dump(store) == before
    assert not others(store.parent)
    add("and on")


@sqlite_only
def test_a_restore_that_is_broken_off_at_its_end_can_be_undone(store: Path, kept: Path) -> None:
    def break_off(done: int, total: int) -> None:
        if done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backups.restore(kept, break_off, print)
    assert set(jobs_in(store)) == {"a", "b", "c"}, "SQLite had committed"
    [former] = others(store.parent)
    backups.restore(store.parent / former, quietly, print)
    assert "since" in jobs_in(store)


@sqlite_only
def test_who_reads_meanwhile_sees_one_store_or_the_other(store: Path, kept: Path) -> None:
    with reading() as connection:
        before = list_projects(connection)
        backups.restore(kept, quietly, print)
        assert list_projects(connection) == before
        assert verify(connection, "p1", quietly) == []
    with reading() as connection:
        assert list_projects(connection) != before
        assert verify(connection, "p1", quietly) == []


# Beside a server


@pytest.fixture
def reporters(own_board: Board) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Two processes that report to the board as fast as they can, for some seconds."""
    started = [
        subprocess.Popen(
            [sys.executable, str(REPORTING), own_board.url, "p1", str(number), "7"],
            stdout=subprocess.PIPE,
            env={**os.environ, "JOBWALL_KEY": own_board.key},
        )
        for number in range(2)
    ]
    yield started
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
@sqlite_only
def test_a_backup_of_a_busy_board_holds_all_that_was_acknowledged(
    own_board: Board, reporters, tmp_path: Path
) -> None:
    file = tmp_path / "kept.db"
    jobs = f"{own_board.url}/api/v1/projects/p1/jobs"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {own_board.key}"
    time.sleep(1.5)
    early = [
        {"job_id": f"early-{n}", "source_doc_id": "d", "status": "failed", "chunks_processed": n}
        for n in range(300)
    ]
    told = session.post(f"{jobs}/bulk", json={"jobs": early}).json()["results"]
    assert {one["status"] for one in told} == {201}
    total = session.get(jobs).json()["total"]
    made = jobwall(own_board.settings, "backup", str(file))
    assert made.returncode == 0, made.stderr
    kept = jobs_in(file)
    assert {job["job_id"]: kept.get(job["job_id"]) for job in early} == {
        job["job_id"]: job["chunks_processed"] for job in early
    }
    assert len(kept) >= total
    etag = session.get(jobs).headers["ETag"]

    # Restored while they go on writing: the running board shows it at once.
    restored = jobwall(own_board.settings, "restore", str(file), "--yes")
    assert restored.returncode == 0, restored.stderr
    for _ in range(8):  # whichever worker answers
        answer = requests.get(
            jobs, headers={**session.headers, "If-None-Match": etag}, params={"limit": 1}
        )
        assert answer.status_code == 200
    acknowledged: dict[str, int] = {}
    for process in reporters:
        out, _ = process.communicate(timeout=60)
        result = json.loads(out)
        assert set(result["answers"]) == {"200", "201"}, result["answers"]
        acknowledged.update(result["acknowledged"])
    former = Path(restored.stdout.splitlines()[1].split()[-1])
    found = jobs_in(own_board_store(own_board))
    assert set(kept) <= set(found)
    # What was acknowledged is in the new store, or in the one that was set aside.
    assert not set(acknowledged) - set(found) - set(jobs_in(former))
    assert session.get(jobs).json()["total"] == len(found)
    with own_board.database(), reading() as connection:
        assert verify(connection, "p1", quietly) == []


def own_board_store(board: Board) -> Path:
    return Path(board.settings["INSTANCE"]) / "jobwall.db"


@sqlite_only
def test_a_backup_ends_however_much_is_written(
    app: Flask, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite's backup starts again whenever somebody else wrote; one moment is held instead."""
    add(*(f"n{n}" for n in range(5000)))
    steps: list[tuple[int, int]] = []
    monkeypatch.setattr(backups, "PAGES", 20)

    def write_between(done: int, total: int) -> None:
        steps.append((done, total))
        assert len(steps) < 1000, "it starts again and again"
        with app.app_context():
            add(f"between-{len(steps)}")

    backups.back_up(tmp_path / "kept.db", force=False, progress=write_between)
    assert len(steps) > 10
    assert steps == sorted(steps)
    assert len({total for _, total in steps}) == 1
    assert not any(job_id.startswith("between") for job_id in jobs_in(tmp_path / "kept.db"))


@sqlite_only
def test_nobody_waits_for_a_backup(app: Flask, store: Path, tmp_path: Path) -> None:
    done = threading.Event()

    def write() -> None:
        with app.app_context():
            add("meanwhile")
        done.set()

    def hold(_done: int, _total: int) -> None:
        if not done.is_set():
            thread = threading.Thread(target=write)
            thread.start()
            assert done.wait(10)
            thread.join()

    backups.back_up(tmp_path / "kept.db", force=False, progress=hold)
    assert done.is_set()


@postgres_only
def test_on_postgresql_its_own_tools_are_named(run, tmp_path: Path) -> None:
    for words in (("backup", str(tmp_path / "x")), ("restore", str(tmp_path / "x"), "--yes")):
        result = run(*words)
        assert (result.exit_code, result.stdout, result.stderr.count("\n")) == (1, "", 1)
        assert "pg_dump" in result.stderr
    assert not (tmp_path / "x").exists()


def version() -> int:
    """The version of the only project."""
    with reading() as connection:
        [project] = list_projects(connection)
    return project.version
