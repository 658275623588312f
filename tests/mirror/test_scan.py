"""A list that moves is read whole: what a page must show, and where a scan ends."""

import random
from itertools import count

import pytest

from app.mirror import scan
from app.mirror.scan import ENOUGH, Scan


def read(jobs: list[str], anchors: list[str] | None = None, size: int = 30, most: int = 500):
    """Read a list that stands still; gives the scan, what it saw and how many pages that took."""
    reader, seen = Scan(whole=anchors is None, since=0, anchors=anchors or []), []
    for page in range(1, most):
        ids = jobs[reader.offset : reader.offset + size]
        if reader.take(ids):
            seen += ids
        if reader.done:
            return reader, seen, page
    raise AssertionError("it does not end")


def named(number: int, kind: str = "j") -> list[str]:
    return [f"{kind}{one}" for one in range(number, 0, -1)]


@pytest.mark.parametrize("number", [0, 1, 2, 9, 10, 11, 30, 31, 200])
@pytest.mark.parametrize("size", [2, 3, 10, 30])
def test_all_of_a_list_is_seen_in_pages_of_any_size(number: int, size: int) -> None:
    jobs = named(number)
    reader, seen, _ = read(jobs, size=size)
    assert list(dict.fromkeys(seen)) == jobs
    assert reader.top == jobs[: scan.TOP]


def test_where_nothing_is_new_one_page_is_asked_for() -> None:
    jobs = named(500)
    known = read(jobs)[0].top
    assert read(jobs, known)[2] == 1


def test_one_job_that_moved_to_the_head_ends_no_scan() -> None:
    jobs = named(300)
    known = read(jobs)[0].top
    moved = [jobs[0], *named(100, "new"), *jobs[1:]]
    assert set(named(100, "new")) <= set(read(moved, known)[1])


def test_a_page_that_shows_nothing_known_is_not_taken() -> None:
    jobs = named(100)
    reader = Scan(whole=True, since=0)
    assert reader.take(jobs[:30])
    assert reader.offset == 30 - scan.OVERLAP
    del jobs[:40]  # all that was seen, and more
    assert not reader.take(jobs[reader.offset : reader.offset + 30])
    seen: list[str] = []
    while not reader.done:
        ids = jobs[reader.offset : reader.offset + 30]
        if reader.take(ids):
            seen += ids
    assert set(jobs) <= set(seen)


def test_pages_of_one_job_end_nothing_and_never_pass_as_the_whole_list() -> None:
    with pytest.raises(AssertionError, match="does not end"):
        read(named(5), size=1, most=3000)


@pytest.mark.parametrize("seed", range(30))
def test_no_job_that_stays_is_missed_while_the_list_moves(seed: int) -> None:
    dice, numbers = random.Random(seed), count(1)
    jobs = [f"j{next(numbers)}" for _ in range(dice.choice((0, 1, 25, 400, 1500)))]
    anchors: list[str] = []
    got: set[str] = set()
    for _ in range(10):
        reader, at_first = Scan(whole=len(anchors) < ENOUGH, since=0, anchors=anchors), set(jobs)
        while not reader.done:
            reader = Scan.load(reader.save())  # as one that was killed in between
            size = dice.choice((2, 3, 7, 50)) if dice.random() < 0.2 else 60
            ids = jobs[reader.offset : reader.offset + size]
            if reader.take(ids):
                got.update(ids)
            if dice.random() < 0.3:
                jobs[:0] = [f"j{next(numbers)}" for _ in range(dice.choice((1, 1, 3, 90)))]
            if dice.random() < 0.1 and jobs:
                most = min(len(jobs), dice.choice((1, 5, 40, 200)))
                first = dice.choice((0, dice.randrange(len(jobs) - most + 1)))
                del jobs[first : first + most]
        assert not [job for job in jobs if job in at_first and job not in got]
        anchors = reader.top
