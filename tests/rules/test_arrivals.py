"""When jobs should have come: what is learned from the weeks, or days, before."""

from collections.abc import Callable, Iterable
from random import Random

import pytest

from app.rules.times import DAY, HOUR, MINUTE, SECOND, floor
from app.rules.verdicts.arrivals import FEW, WEEK, Arrivals, Due, asked, due, shifts

MONDAY = 4 * DAY + 2924 * WEEK  # 1970 began on a Thursday
NOON = MONDAY + 12 * HOUR


def flow(minutes: int, opens: int = 0, closes: int = 24, days: Iterable[int] = range(7)):
    """A job every so many minutes of these hours and days, 0 being Monday."""
    days = set(days)

    def comes(at: int) -> bool:
        hour = at % DAY // HOUR
        return (at - MONDAY) // DAY % 7 in days and opens <= hour < closes

    return comes, minutes * MINUTE


def verdict_of(jobs: list[int], now: int) -> Due | None:
    """What is said at `now` of a project with these jobs."""
    before = [at for at in jobs if at <= now]
    first, last = before[0], before[-1]
    spans = asked(last, now, first)
    came = {span: min(FEW, sum(span.start < at <= span.stop for at in before)) for span in spans}
    hours: dict[int, int] = {}
    for at in before:
        hours[floor(at, HOUR)] = hours.get(floor(at, HOUR), 0) + 1
    return due(Arrivals(last, first, came, hours), now)


def history(kind: tuple[Callable[[int], bool], int], weeks: float, stops: int) -> list[int]:
    comes, every = kind
    start = floor(int(stops - weeks * WEEK), DAY)
    return [at for at in range(start, stops, every) if comes(at)]


def test_a_flow_that_stops_is_late_after_a_quarter_of_an_hour() -> None:
    jobs = history(flow(1), 4, NOON)
    assert verdict_of(jobs, NOON + 13 * MINUTE) is None
    said = verdict_of(jobs, NOON + 15 * MINUTE)
    assert said == Due(jobs[-1], 60)


def test_a_slow_flow_is_late_after_ten_jobs_are_missing() -> None:
    jobs = history(flow(20), 4, NOON)
    assert verdict_of(jobs, NOON + 2 * HOUR) is None
    assert verdict_of(jobs, NOON + 4 * HOUR) is not None


OFFICE = flow(2, 9, 17, range(5))


@pytest.mark.parametrize("hours", [1, 8, 15, 20, 24, 48, 60, 63])
def test_nights_and_weekends_raise_no_alarm(hours: int) -> None:
    friday = MONDAY + 4 * DAY + 17 * HOUR
    jobs = history(OFFICE, 4, friday)
    assert verdict_of(jobs, friday + hours * HOUR) is None
    monday = MONDAY + WEEK + 9 * HOUR
    assert friday + 64 * HOUR == monday


def test_an_office_that_does_not_open_is_late_by_the_first_half_hour() -> None:
    opens = MONDAY + 9 * HOUR
    jobs = history(OFFICE, 4, opens)
    assert verdict_of(jobs, opens + 14 * MINUTE) is None
    said = verdict_of(jobs, opens + 36 * MINUTE)
    assert said is not None
    assert said.since == opens
    for later in range(1, 8):
        still = verdict_of(jobs, opens + later * HOUR)
        assert still is not None
        assert still.since == opens


NIGHTLY = (lambda at: at % DAY < 2 * HOUR + 10 * MINUTE and at % DAY >= 2 * HOUR, MINUTE // 2)


def test_a_nightly_run_that_does_not_come_is_late_all_day() -> None:
    night = MONDAY + 2 * HOUR
    jobs = history(NIGHTLY, 4, night)
    assert verdict_of(jobs, night + 10 * MINUTE) is None
    for hours in (0.4, 1, 5, 20):
        said = verdict_of(jobs, int(night + hours * HOUR))
        assert said is not None
        assert (said.since, said.hourly) == (night, 20)


def test_a_weekly_run_raises_no_alarm_until_its_day() -> None:
    def comes(at: int) -> bool:
        return NIGHTLY[0](at) and (at - MONDAY) // DAY % 7 == 6

    sunday = MONDAY + 6 * DAY + 2 * HOUR
    jobs = history((comes, MINUTE // 2), 5, sunday)
    for hours in (-100, -24, -1):
        assert verdict_of(jobs, sunday + hours * HOUR) is None
    assert verdict_of(jobs, sunday + HOUR) is not None


def test_bursts_at_any_time_are_no_habit() -> None:
    """Three a day, at times that follow from nothing: no silence of theirs is said.

    Asked every few hours of four weeks, at each minute of the hour in turn.
    """
    random = Random(7)
    times = [MONDAY - int(random.uniform(0, 8 * WEEK)) for _ in range(168)]
    jobs = sorted(at + n * 5_000_000 for at in times for n in range(60))
    asked_at = range(MONDAY - 4 * WEEK, MONDAY, 2 * HOUR + 7 * MINUTE)
    said = [at for at in asked_at if verdict_of(jobs, at)]
    assert said == []


def test_a_burst_a_day_and_stragglers_are_no_flow() -> None:
    """A burst somewhere in each of three days, and a few that are tried again around it."""
    friday = MONDAY + 4 * DAY
    jobs = []
    for day in range(-5, 0):
        begun = friday + day * DAY
        jobs += [begun + (9 + day) * HOUR + n * 5 * SECOND for n in range(60)]
        jobs += [begun + hour * HOUR for hour in range(3, 24, 5)]
    jobs.sort()
    for hours in range(1, 24):
        assert verdict_of(jobs, friday + hours * HOUR) is None, hours


def test_what_is_tried_again_after_a_bad_run_hides_no_appointment() -> None:
    """The week before last nearly all failed, and came again hour by hour, twelve at a time."""

    def comes(at: int) -> bool:
        return NIGHTLY[0](at) and (at - MONDAY) // DAY % 7 == 6

    sunday = MONDAY + 6 * DAY + 2 * HOUR
    jobs = history((comes, SECOND), 5, sunday)
    again = range(sunday - 2 * WEEK + 3 * HOUR, sunday - 2 * WEEK + 20 * HOUR, 5 * MINUTE)
    jobs = sorted({*jobs, *again})
    assert verdict_of(jobs, sunday + 30 * MINUTE) == Due(sunday, 600)


def test_a_young_project_learns_from_days_and_not_on_its_first_weekend() -> None:
    thursday = MONDAY + 3 * DAY + 12 * HOUR
    jobs = history(flow(1), 4 / 7, thursday)
    assert verdict_of(jobs, thursday + 30 * MINUTE) is not None
    friday = MONDAY + 4 * DAY + 17 * HOUR
    young = history(flow(2, 9, 17, range(5)), 4 / 7, friday)
    for hours in (1, 16, 17, 20, 40, 64):
        assert verdict_of(young, friday + hours * HOUR) is None
    assert verdict_of(history(flow(1), 2 / 7, NOON), NOON + 2 * HOUR) is None
    assert shifts(NOON - 2 * DAY, NOON) == ()


def test_a_project_that_has_ended_is_not_late_for_ever() -> None:
    jobs = history(flow(1), 6, NOON)
    assert verdict_of(jobs, NOON + 6 * DAY) is not None
    assert verdict_of(jobs, NOON + 15 * DAY) is None
