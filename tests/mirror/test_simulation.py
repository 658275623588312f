"""No job of an upstream is lost and none is stale, whatever happens while its list is read."""

from typing import Any

import pytest

from app.ledger.audit import verify
from app.ledger.sources import create_source
from app.mirror import following
from app.mirror.following import Follower
from app.queries.sources import list_sources
from app.rules.times import HOUR, MINUTE
from app.store.database import reading
from tests.kit.api import Api
from tests.kit.simulated_upstream import KilledError, Simulated

ROUNDS = 18


def follow(upstream: Simulated, rounds: int) -> int:
    """Follow it for so many rounds; how often the mirror was killed."""
    killed, follower = 0, None
    for _ in range(rounds):
        if follower is None:
            with reading() as connection:
                [source] = list_sources(connection)
            follower = Follower(source, upstream, upstream.clock, upstream.random.random)  # type: ignore[arg-type]
        try:
            upstream.now += follower.round()
        except KilledError:
            killed, follower = killed + 1, None
    return killed


def listed(api: Api) -> list[dict[str, Any]]:
    """All jobs of the project, by its own API."""
    jobs: list[dict[str, Any]] = []
    while True:
        page = api.get(f"?limit=1000&offset={len(jobs)}").json["jobs"]
        if not page:
            return jobs
        jobs += page


def simulate(upstream: Simulated) -> None:
    create_source("p1", url="-", upstream_project="theirs", sealed_key=None, now=upstream.now)
    upstream.add(upstream.random.choice((0, 1, 15, 60, 200)))
    follow(upstream, ROUNDS)
    upstream.quiet = True
    for pause in (0, 6 * HOUR, 6 * MINUTE, 6 * MINUTE):  # a sweep, and those who wait long
        upstream.now += pause
        for _ in range(30):
            before = upstream.requests
            follow(upstream, 1)
            if upstream.requests - before < 3:
                break


SEEDS = [
    *(pytest.param("sqlite", seed, id=f"sqlite-{seed}") for seed in range(20)),
    pytest.param("postgresql", 20, id="postgresql-20"),
]


@pytest.mark.parametrize(("databases", "seed"), SEEDS, indirect=["databases"])
def test_no_job_is_lost_and_none_is_stale(
    api: Api, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "FIRST_PAGE", 15)  # so that few jobs are many pages
    monkeypatch.setattr(following, "PAGE", 40)
    upstream = Simulated(seed, names_attempts=bool(seed % 2))
    simulate(upstream)
    here = listed(api)
    theirs = [job.body() | {"project_id": "p1"} for job in upstream.jobs]
    known = {job["job_id"]: job for job in theirs}
    both = [job for job in here if job["job_id"] in known]
    lost = known.keys() - {job["job_id"] for job in both}
    assert not lost
    stale = [(job, known[job["job_id"]]) for job in both if job != known[job["job_id"]]]
    assert stale[:2] == []
    left = [job for job in here if job["job_id"] not in known]
    assert all(job["completed_at"] for job in left)  # what runs nowhere does not run here
    with reading() as connection:
        assert verify(connection, "p1", lambda *_: None) == []
