"""Removing jobs: what goes, what stays, and that every count is exact after each batch."""

import random
import threading
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.clock import now
from app.ledger import removal
from app.ledger.audit import verify
from app.ledger.projects import create_project
from app.ledger.removal import remove_jobs
from app.ledger.report import Report
from app.ledger.sums import COUNTS, UnknownProjectError
from app.models import Attempt, Event, Job, Project
from app.queries.filters import JobFilter
from app.queries.jobs import WHOLE, list_jobs
from app.queries.projects import get_project
from app.rules.status import JobStatus
from app.rules.times import DAY, HOUR, MINUTE, SECOND
from app.store.database import db, reading
from tests.kit.api import Api
from tests.kit.databases import postgres_only
from tests.kit.recording import record
from tests.kit.statements import statements

START = 1_770_000_000 * SECOND
ENDED = (JobStatus.COMPLETED, JobStatus.FAILED)


def report(job_id: str, created_at: int, status: JobStatus, **more: object) -> Report:
    ended = {"started_at": created_at, "completed_at": created_at + MINUTE}
    said = {"source_doc_id": "d", "chunks_processed": 3, "created_at": created_at}
    return Report(
        job_id=job_id, status=status, **(said | (ended if status.terminal else {}) | more)
    )


def fill(project_id: str = "p1", jobs: int = 40, apart: int = HOUR) -> None:
    """Jobs of every status in turn, an hour apart, with earlier attempts and conflicts."""
    ordered = [
        report(f"j{number:03}", START + number * apart, JobStatus(number % 4), attempt=attempt)
        for number in range(jobs)
        for attempt in ((1, 2) if number % 8 == 3 else (1,))
    ]
    late = [
        report(f"j{number:03}", START, JobStatus.FAILED, completed_at=START, error_message="late")
        for number in range(2, jobs, 4)
    ]
    record(project_id, ordered + late, now=now())


def ids(project_id: str = "p1", model: type = Job) -> list[str]:
    with reading() as connection:
        query = select(model.job_id).where(model.project_id == project_id).order_by(model.job_id)
        return list(connection.scalars(query))


def version(project_id: str = "p1") -> int:
    with reading() as connection:
        return get_project(connection, project_id).version


def count_rows(project_id: str = "p1") -> int:
    with reading() as connection:
        return sum(
            connection.scalar(select(func.count()).where(model.project_id == project_id))
            for model, _ in COUNTS.values()
        )


def assert_exact(project_id: str = "p1") -> None:
    """Every count is what the jobs say, and no job is half there."""
    with reading() as connection:
        assert verify(connection, project_id, lambda *_: None) == []
    known = set(ids(project_id))
    assert set(ids(project_id, Event)) <= known
    assert set(ids(project_id, Attempt)) <= known


@pytest.fixture
def project(app: Flask) -> str:
    create_project("p1", name="one", mode="kg_vector", now=now())
    create_project("p2", name="two", mode="vector_only", now=now())
    return "p1"


def test_only_what_ended_and_is_old_goes(project: str) -> None:
    fill()
    fill("p2")
    assert len(ids("p1", Attempt)) == 5
    assert set(ids("p1", Event)) > {"j002", "j003"}
    elsewhere = [ids("p2"), ids("p2", Event), ids("p2", Attempt), version("p2")]
    assert remove_jobs(project, statuses=ENDED, before=START + 20 * HOUR) == 10
    gone = {f"j{number:03}" for number in range(20) if number % 4 >= 2}
    assert ids() == [f"j{number:03}" for number in range(40) if f"j{number:03}" not in gone]
    assert not gone & {*ids("p1", Event), *ids("p1", Attempt)}
    assert_exact()
    assert remove_jobs(project, statuses=ENDED, before=START + 20 * HOUR) == 0
    assert [ids("p2"), ids("p2", Event), ids("p2", Attempt), version("p2")] == elsewhere
    assert_exact("p2")


def test_a_job_created_at_the_moment_itself_stays(project: str) -> None:
    record(project, [report("edge", START, JobStatus.FAILED)], now=now())
    assert remove_jobs(project, statuses=ENDED, before=START) == 0
    assert remove_jobs(project, statuses=ENDED, before=START + 1) == 1


@pytest.mark.parametrize("status", ENDED)
def test_only_the_wanted_status_goes(project: str, status: JobStatus) -> None:
    fill()
    with reading() as connection:
        wanted = set(connection.scalars(select(Job.job_id).where(Job.status == status)))
    before = set(ids())
    assert remove_jobs(project, statuses=[status], before=now()) == len(wanted) > 0
    assert set(ids()) == before - wanted
    assert_exact()


def test_the_oldest_go_first_and_never_more_than_a_batch(project: str) -> None:
    fill()
    ended = [f"j{number:03}" for number in range(40) if number % 4 >= 2]
    while ended:
        assert remove_jobs(project, statuses=ENDED, before=now(), limit=6) == len(ended[:6])
        ended = ended[6:]
        assert [one for one in ids() if int(one[1:]) % 4 >= 2] == ended
        assert_exact()
    assert remove_jobs(project, statuses=ENDED, before=now(), limit=6) == 0


def test_what_runs_or_waits_can_not_be_removed(project: str) -> None:
    fill()
    for status in (JobStatus.PENDING, JobStatus.RUNNING):
        with pytest.raises(ValueError, match="ended"):
            remove_jobs(project, statuses=[status, JobStatus.FAILED], before=now())
    with pytest.raises(UnknownProjectError):
        remove_jobs("none", statuses=ENDED, before=now())
    assert len(ids()) == 40


def test_the_version_rises_with_every_batch_that_removes(project: str) -> None:
    fill()
    versions = [version()]
    for _ in range(2):
        remove_jobs(project, statuses=ENDED, before=now(), limit=15)
        versions.append(version())
    assert versions == sorted(set(versions))
    assert remove_jobs(project, statuses=ENDED, before=now()) == 0
    assert version() == versions[-1]


def test_no_count_of_nothing_is_left(project: str) -> None:
    record(project, [report(f"j{n}", START + n * DAY, ENDED[n % 2]) for n in range(20)], now=now())
    record(project, [report("waits", START + HOUR, JobStatus.PENDING)], now=now())
    assert count_rows() > 80
    while remove_jobs(project, statuses=ENDED, before=now(), limit=7):
        assert_exact()
    assert count_rows() == 4, "month, day, hour and minute of the job that waits"


def test_a_batch_costs_the_same_number_of_statements_however_much_there_is(project: str) -> None:
    numbers = []
    for jobs in (100, 400):
        fill(jobs=jobs, apart=7 * MINUTE)
        with statements(db.engine) as seen:
            assert remove_jobs(project, statuses=ENDED, before=now(), limit=20) == 20
        numbers.append(len(seen))
    assert numbers[0] == numbers[1] < 25


def test_a_removed_job_that_is_reported_again_is_a_new_one(api: Api) -> None:
    body = {"job_id": "again", "source_doc_id": "d", "status": "failed", "error_message": "e"}
    assert api.post(body).status_code == 201
    etag = api.get().headers["ETag"]
    assert remove_jobs("p1", statuses=ENDED, before=now() + SECOND) == 1
    assert api.get("/again").status_code == 404
    assert api.get(**{"If-None-Match": etag}).get_json()["total"] == 0
    assert api.patch("again", {"status": "running"}).status_code == 404
    # Even with another document: nothing is left that could contradict.
    assert api.post(body | {"source_doc_id": "other"}).status_code == 201
    assert api.get("/again").get_json()["source_doc_id"] == "other"
    assert_exact()


@pytest.mark.parametrize("seed", range(5))
def test_random_histories_are_removed_exactly(project: str, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(12):
        reports = [
            report(
                f"j{dice.randrange(60)}",
                START + dice.randrange(3 * DAY),
                JobStatus(dice.randrange(4)),
                attempt=dice.choice((None, 1, 2, 3)),
                nodes_created=dice.randrange(2),
                completed_at=START + dice.randrange(4 * DAY),
            )
            for _ in range(25)
        ]
        record(project, reports, now=now())
        wanted = dice.choice((ENDED, ENDED[:1], ENDED[1:]))
        before = START + dice.randrange(3 * DAY)
        with reading() as connection:
            rows = connection.execute(select(Job.job_id, Job.status, Job.created_at)).all()
        old = {row.job_id for row in rows if row.status in wanted and row.created_at < before}
        removed = 0
        while batch := remove_jobs(project, statuses=wanted, before=before, limit=9):
            assert batch <= 9
            removed += batch
            assert_exact()
        assert removed == len(old)
        assert set(ids()) == {row.job_id for row in rows} - old


@postgres_only  # on SQLite nobody writes between the choice and the lock
def test_a_job_that_began_anew_after_it_was_chosen_stays(
    project: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(jobs=8)
    choose = removal._oldest

    def choose_then_be_overtaken(*words: object) -> list[str]:
        found = choose(*words)
        if "j002" in found:
            record(project, [report("j002", START, JobStatus.RUNNING, attempt=5)], now=now())
        return found

    monkeypatch.setattr(removal, "_oldest", choose_then_be_overtaken)
    assert remove_jobs(project, statuses=ENDED, before=now(), limit=1) == 1
    assert "j002" in ids()
    assert "j003" not in ids(), "it looked for another"
    assert_exact()


def in_threads(app: Flask, *tasks: Callable[[], None]) -> None:
    """Run tasks side by side; what one raises is raised."""
    raised: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        try:
            with app.app_context():
                task()
        except BaseException as error:  # so that the test says so
            raised.append(error)

    threads = [threading.Thread(target=run, args=(task,)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if raised:
        raise raised[0]


def test_counts_stay_exact_while_others_report_and_read(app: Flask, project: str) -> None:
    """Pruners and reporters fight for the same few jobs, and readers look on."""
    until = time.monotonic() + 4
    removed, made, torn = [], [], []

    def going() -> bool:
        return time.monotonic() < until

    def reporter(number: int) -> Callable[[], None]:
        def run() -> None:
            dice = random.Random(number)
            while going():
                reports = [
                    report(
                        f"j{dice.randrange(30)}",
                        START + dice.randrange(5) * MINUTE,
                        JobStatus(dice.randrange(4)),
                        attempt=dice.randrange(1, 4),
                    )
                    for _ in range(5)
                ]
                results = record(project, reports, now=now())
                assert all(result.refusal is None for result in results)
                made.append(sum(result.created for result in results))

        return run

    def pruner() -> None:
        while going():
            removed.append(remove_jobs(project, statuses=ENDED, before=now(), limit=4))

    def reader() -> None:
        while going():
            with reading() as connection:
                found = get_project(connection, project)
                page = list_jobs(
                    connection, found, JobFilter(), limit=1000, offset=0, now=now(), reading=WHOLE
                )
                rows = connection.scalar(select(func.count()).select_from(Job))
                torn.append((page.total, len(page.rows)) != (rows, rows))

    in_threads(app, reporter(1), reporter(2), reporter(3), pruner, pruner, reader)
    assert_exact()
    assert not any(torn)
    assert torn
    assert sum(removed) > 0
    assert sum(made) == sum(removed) + len(ids())
    while remove_jobs(project, statuses=ENDED, before=now()):
        pass
    assert_exact()
    with reading() as connection:
        assert connection.scalar(select(Project.completed + Project.failed)) == 0
