"""What becomes of a job that its upstream runs again, forgets, or tells in words of its own."""

from typing import Any

import pytest

from app.ledger.sources import create_source
from app.mirror.following import Follower
from app.mirror.upstream import Answer, UpstreamError
from app.queries.sources import list_gone, list_sources
from app.rules.times import MINUTE, SECOND
from app.store.database import reading
from tests.kit.api import Api
from tests.kit.simulated_upstream import START, Simulated, UpstreamJob


class Followed:
    """An upstream in which nothing happens by itself, and the mirror that follows it."""

    def __init__(self, api: Api) -> None:
        self.api = api
        self.upstream = Simulated(1, names_attempts=False)
        self.upstream.quiet = True
        create_source("p1", url="-", upstream_project="theirs", sealed_key=None, now=START)

    def add(self, job_id: str, status: str = "running", **more: Any) -> UpstreamJob:
        begun = {} if status == "pending" else {"started_at": START}
        ended = {"completed_at": START + SECOND} if status in {"completed", "failed"} else {}
        job = UpstreamJob(job_id, status, **begun | ended | more)
        self.upstream.jobs.insert(0, job)
        return job

    def follow(self, rounds: int = 1) -> int:
        """Some rounds, each after as long as the one before asked for; the last wait, µs."""
        wait = 0
        for _ in range(rounds):
            upstream: Any = self.upstream
            wait = Follower(self.source, upstream, self.upstream.clock, lambda: 1.0).round()
            self.upstream.now += wait
        return wait

    @property
    def source(self) -> Any:
        with reading() as connection:
            [source] = list_sources(connection)
        return source

    def job(self, job_id: str) -> Any:
        return self.api.get(f"/{job_id}")


@pytest.fixture
def followed(api: Api) -> Followed:
    return Followed(api)


def test_what_runs_again_is_another_attempt(followed: Followed) -> None:
    job = followed.add("a", "failed", error="Quota exceeded", chunks=9)
    followed.follow()
    assert followed.job("a").json["status"] == "failed"
    job.status, job.completed_at, job.error, job.chunks = "running", None, None, 2
    followed.follow(2)  # the list makes it doubtful, then it is asked for by itself
    answer = followed.job("a")
    fields = ("status", "chunks_processed", "error_message", "completed_at")
    assert [answer.json[name] for name in fields] == ["running", 2, None, None]
    assert answer.headers["X-Job-Attempt"] == "2"
    followed.upstream.now += 6 * MINUTE
    followed.follow(3)
    assert followed.job("a").headers["X-Job-Attempt"] == "2"  # once said, it stays so


def test_a_list_of_before_makes_no_attempt(followed: Followed) -> None:
    """As a cache between the two may answer; the job itself is asked for then."""
    job = followed.add("a")
    followed.follow()
    listed = [one.body() for one in followed.upstream.jobs]
    job.status, job.completed_at = "completed", START + SECOND
    followed.follow()
    followed.upstream.list_jobs = lambda **_: Answer(listed, None, None, {})  # type: ignore[method-assign]
    followed.follow(2)
    answer = followed.job("a")
    assert (answer.json["status"], answer.headers["X-Job-Attempt"]) == ("completed", "1")


def test_what_its_upstream_forgets_twice_is_gone_unless_it_had_ended(followed: Followed) -> None:
    for number in range(30):
        followed.add(f"old-{number}", "completed")
    running, done = followed.add("runs"), followed.add("done", "completed")
    followed.follow()
    for job in (running, done):
        followed.upstream.jobs.remove(job)
    followed.upstream.now += MINUTE
    followed.follow()
    assert followed.job("runs").status_code == 200  # once may be a mistake
    followed.upstream.now += MINUTE
    followed.follow()
    assert followed.job("runs").status_code == 404
    assert followed.job("done").json["status"] == "completed"
    with reading() as connection:
        assert [one.job_id for one in list_gone(connection, "p1")] == ["runs"]
    followed.upstream.jobs.insert(0, running)  # a tombstone keeps nobody out
    followed.follow()
    assert followed.job("runs").json["status"] == "running"
    assert followed.source.gone == 0


def test_a_job_that_cannot_be_taken_is_named_and_keeps_no_other_back(followed: Followed) -> None:
    followed.add("a")
    followed.add("cancelled", "cancelled")
    followed.add("b")
    followed.follow()
    assert [followed.job(one).status_code for one in ("a", "b", "cancelled")] == [200, 200, 404]
    assert followed.source.refusal.startswith("cancelled: status must be")


def test_a_job_that_cannot_be_told_any_more_is_asked_for_seldom(followed: Followed) -> None:
    job = followed.add("a")
    for number in range(120):
        followed.add(f"new-{number}", "completed")
    followed.follow()
    job.status = "cancelled"
    followed.upstream.now += MINUTE
    followed.follow()
    before = followed.upstream.requests
    followed.follow(10)
    assert followed.upstream.requests == before + 10  # the list alone
    assert followed.source.refusal.startswith("a: status must be")


def test_one_job_that_its_upstream_cannot_tell_keeps_no_other_back(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(job_id: str) -> Answer:
        raise UpstreamError("It has trouble of its own (500)")

    followed.add("a")
    for number in range(120):
        followed.add(f"new-{number}", "completed")
    followed.follow()
    followed.upstream.now += MINUTE
    monkeypatch.setattr(followed.upstream, "find_job", fail)
    followed.follow()
    monkeypatch.setattr(followed.upstream, "find_job", lambda _: pytest.fail("too soon"))
    followed.follow(3)
    assert followed.source.error is None


def test_what_goes_wrong_is_kept_until_it_answers_and_asked_ever_less_often(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: int) -> Answer:
        raise UpstreamError("It was asked too often (429)", wait=40.0)

    followed.add("a")
    with monkeypatch.context() as broken:
        broken.setattr(followed.upstream, "list_jobs", refuse)
        assert followed.follow() == 40 * SECOND
        assert followed.source.error == "It was asked too often (429)"
        since = followed.source.failing_since
        followed.follow()
        assert followed.source.failing_since == since
    followed.follow()
    source = followed.source
    assert (source.error, source.failing_since, source.retry_at) == (None, None, None)
    assert source.synced_at > since


def test_where_nothing_is_new_a_round_is_one_request(followed: Followed) -> None:
    for number in range(300):
        followed.add(f"job-{number}", "completed")
    followed.follow(2)
    before = followed.upstream.requests
    followed.follow(5)
    assert followed.upstream.requests == before + 5
