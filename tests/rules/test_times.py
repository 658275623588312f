"""Times: what is taken is what exists, day by day."""

import itertools
from calendar import monthrange

import pytest

from app.rules.times import DAY, format_time, parse_period, parse_time


def is_taken(text: str) -> bool:
    try:
        parse_time(f"{text}T00:00:00Z")
    except ValueError:
        return False
    return True


def test_every_day_of_the_century_is_taken_once_and_none_that_is_not() -> None:
    taken = [
        f"{year:04}-{month:02}-{day:02}"
        for year in (*range(1999, 2101), 0, 1900, 2200, 9999)
        for month in range(14)
        for day in range(33)
        if is_taken(f"{year:04}-{month:02}-{day:02}")
    ]
    exist = [
        f"{year}-{month:02}-{day:02}"
        for year in range(2000, 2100)
        for month in range(1, 13)
        for day in range(1, monthrange(year, month)[1] + 1)
    ]
    assert taken == exist
    starts = [parse_period(day)[0] for day in exist]
    assert {after - before for before, after in itertools.pairwise(starts)} == {DAY}


@pytest.mark.parametrize("clock", ["24:00:00", "23:60:00", "23:59:60", "1:00:00", "00:00"])
def test_no_time_of_day_is_taken_that_does_not_exist(clock: str) -> None:
    with pytest.raises(ValueError, match="must be a time"):
        parse_time(f"2026-03-01T{clock}Z")


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-24T03:10:00Z",
        "2026-11-24T03:10:09.001Z",
        "2026-11-24T03:10:09.120Z",
        "2026-11-24T03:10:59.000001Z",
        "2026-11-24T03:10:59.099010Z",
        "2026-11-24T03:10:59.999999Z",
    ],
)
def test_a_time_is_written_as_it_was_read_with_as_many_digits_as_it_needs(text: str) -> None:
    assert format_time(parse_time(text)) == text
