"""Lanes: who takes which, and who waits how long."""

import pytest

from app.serving.lanes import Lane, Lanes


@pytest.mark.parametrize(
    ("method", "path", "query", "lane"),
    [
        ("GET", "/", "", "reading"),
        ("GET", "/projects/p/jobs", "page=2&status=failed&since=24h", "reading"),
        ("GET", "/api/v1/projects/p/jobs", "limit=100&offset=1000", "reading"),
        ("GET", "/api/v1/projects/p/jobs", "limit=1000&offset=10", "dear"),
        ("HEAD", "/api/v1/projects/p/jobs", "q=words", "dear"),
        ("GET", "/projects/p", "status=failed&longer=1h", "dear"),
        ("GET", "/projects/p", "%71=words", "dear"),
        ("GET", "/projects/p", "sort=duration", "dear"),
        ("GET", "/projects/p", "cause=0123456789abcdef", "dear"),
        ("GET", "/projects/p/jobs.csv", "", "exporting"),
        ("GET", "/projects/p/failing.txt", "cause=0123456789abcdef", "exporting"),
        ("GET", "/projects/p/jobs.ndjson", "q=words", "exporting"),
        ("GET", "/projects/p/jobs%2Ecsv", "", "exporting"),
        ("POST", "/api/v1/projects/p/jobs/bulk", "", "bulk"),
        ("POST", "/api/v1/projects/p/jobs/bul%6B", "", "bulk"),
        ("POST", "/api/v1/projects/p/jobs", "", "writing"),
        ("PATCH", "/api/v1/projects/p/jobs/bulk2", "q=1", "writing"),
        ("POST", "/sign-in", "", "writing"),
    ],
)
def test_the_lane_of_a_request(method: str, path: str, query: str, lane: str) -> None:
    lanes: Lanes[str] = Lanes()
    assert lanes.of(method, path, query) is getattr(lanes, lane)


def test_each_takes_a_thread_then_a_place_and_those_that_wait_come_in_order() -> None:
    lane = Lane[str](threads=2, room=2, patience=1)
    assert [lane.enter(one, 0) for one in "abcde"] == [True, True, False, False, None]
    assert [lane.leave(), lane.leave(), lane.leave()] == ["c", "d", None]
    assert lane.busy == 1


def test_who_waited_for_too_long_leaves_the_line() -> None:
    lane = Lane[str](threads=1, room=9, patience=1)
    for at, one in enumerate("abc"):
        lane.enter(one, at)
    assert lane.give_up(2) == []
    assert lane.give_up(2.5) == ["b"]
    assert lane.leave() == "c"
