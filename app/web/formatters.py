"""Jinja filters: pure functions from stored values to the text that a page shows.

Nothing here knows the viewer, nor of the present moment more than its year: relative and local
times are written out by the browser (`static/js/times.js`), which is why a live part can be cached
for everyone. A page is made anew every minute, so no year stays on it.

What a template writes is for people, and `seen` writes it legibly (`app.rules.legible`), wherever
it stands. What goes back to a program, as the value of a field does, an address that somebody sent
and what is copied, is escaped where it stands, and so is left as it is: `value="{{ text|e }}"`.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from app.clock import now as present
from app.rules.documents import folder_and_file
from app.rules.legible import legible, legible_lines, shows, without_codes
from app.rules.times import DAY, EPOCH, HOUR, SECOND, floor, format_time
from app.rules.verdicts import Hour
from app.rules.words import NBSP, age, count, duration, plural, short_count, span

_SLASHES = re.compile(r"([/\\]+)")
_UNITS = {"s": "s", "m": "min", "h": "h", "d": "d"}
SLOTS = 24  # bars of a chart: hours
FAILED_LEAST = 2.0  # px: one failure among ten thousand must still be seen
BAR_GAP = 2.0  # px between what failed and what was done
DONE_LEAST = 1.0  # px: also what was done is seen beside many failures


def seen(value: Any) -> Any:
    """What a template writes of a value: a text legibly, and what is HTML already as it is."""
    return legible(value) if type(value) is str else value


def error_text(error: str | None) -> Markup | None:
    """An error in full, with its lines; None where there is none, or it shows nothing."""
    plain = without_codes(error or "")
    return escape(legible_lines(plain)) if shows(plain) else None


def steps(path: str) -> Markup | str:
    """A path in which each name is read in its own direction: `s3://عقود/2026/` in this order.

    By a class, for of an element with a direction of its own the path's direction takes no notice.
    """
    if path.isascii():
        return path
    names = _SLASHES.split(path)
    return Markup("").join(
        name if place % 2 else Markup('<span class="step">{}</span>').format(legible(name))
        for place, name in enumerate(names)
    )


def rfc3339(micros: int) -> str:
    """The value of a `datetime` attribute."""
    return format_time(micros)


def _moment(micros: int) -> datetime:
    return EPOCH + timedelta(microseconds=micros)


def _dated(moment: datetime) -> str:
    """`23 Nov`, and `31 Dec 2099` where that is not this year."""
    year = "" if _is_this_year(moment) else f" {moment.year}"
    return f"{moment.day} {moment:%b}{year}"


def _is_this_year(moment: datetime) -> bool:
    return moment.year == _moment(present()).year


def clock(micros: int) -> str:
    """`03:04 UTC`: what stands in a sentence until the browser writes the viewer's own time.

    Of another year with its day: `31 Dec 2099 23:59 UTC`.
    """
    moment = _moment(micros)
    day = "" if _is_this_year(moment) else f"{_dated(moment)} "
    return f"{day}{moment:%H:%M} UTC"


def short_time(micros: int) -> str:
    """`23 Nov 03:04`: for a narrow column that says UTC in its head."""
    moment = _moment(micros)
    return f"{_dated(moment)} {moment:%H:%M}"


def day(micros: int) -> str:
    """`23 Nov`: a day of the long chart."""
    return _dated(_moment(micros))


def slot(start: int, unit: int) -> str:
    """What an hour or a day is called in URLs: `2026-11-23T03`, `2026-11-23`."""
    return format_time(start)[: 13 if unit == HOUR else 10]


def hour_of_day(hour: int, now: int) -> int:
    """The moment of today at which this hour of UTC begins."""
    return floor(now, DAY) + hour * HOUR


def full_time(micros: int) -> str:
    """`23 Nov 2026, 03:04:22 UTC`."""
    moment = _moment(micros)
    return f"{moment.day} {moment:%b %Y, %H:%M:%S} UTC"


def unscripted(micros: int, style: str) -> str:
    """What stands in a time of this style until the browser writes it, and how long ago it was."""
    return _UNSCRIPTED[style](micros)


def on_board(micros: int, style: str, now: int) -> str:
    """What stands in a time on the wall, of which only its script knows the zone."""
    return _ON_BOARD[style](micros, now)


_UNSCRIPTED: dict[str, Callable[[int], str]] = {
    "ago": clock,
    "clock": clock,
    "hour": clock,
    "day": day,
    "seconds": clock,
    "date": full_time,
    "for": lambda at: f"since {clock(at)}",
    "paren": lambda _at: "",
    "run": lambda at: f"since {clock(at).removesuffix(' UTC')}",
}
_ON_BOARD: dict[str, Callable[[int, int], str]] = {
    "clock": lambda at, _now: clock(at),
    "age": lambda at, now: age(now - at),
    "ago": lambda at, now: f"{age(now - at)} ago",
}


def seconds(number: float | None) -> str:
    """A duration given in seconds."""
    return duration(None if number is None else round(number * SECOND))


def period_words(start: int, until: int) -> str:
    """A UTC hour or day until the browser writes it: `24 Nov, 03:00–04:00 UTC`, `24 Nov UTC`."""
    hours = f", {_moment(start):%H:%M}–{_moment(until):%H:%M}" if until - start < DAY else ""
    return f"{_dated(_moment(start))}{hours} UTC"


def span_words(text: str) -> str:
    """A span as a URL says it (`app.rules.times.parse_span`): `10 min`."""
    return f"{text[:-1]}{NBSP}{_UNITS[text[-1]]}" if text else ""


def percent(done: int, total: int | None) -> int | None:
    """Whole percent, rounded down so that 100 means all; None of no total, or of a smaller one."""
    if not total or done > total:
        return None
    return 100 * done // total


@dataclass(frozen=True, slots=True)
class Bar:
    """An hour or a day in px from the top: failures stand on the baseline, done above them.

    One that still runs is `unfinished`.
    """

    slot: int
    start: int
    completed: int
    failed: int
    unfinished: bool
    done_y: float
    done_height: float
    failed_y: float
    failed_height: float


def bars(
    hours: Iterable[Hour],
    now: int,
    height: int,
    unit: int = HOUR,
    slots: int = SLOTS,
    *,
    top: int = 0,
) -> list[Bar]:
    """The last hours (or days: `unit`, µs) in which something finished.

    They are scaled to the `top`, or else to the busiest.
    """
    last = floor(now, unit)
    inside = [hour for hour in hours if hour.finished and 0 <= (last - hour.start) < slots * unit]
    peak = top or max((hour.finished for hour in inside), default=1)
    return [_bar(hour, (last - hour.start) // unit, slots, peak, height) for hour in inside]


def _bar(hour: Hour, ago: int, slots: int, peak: int, height: int) -> Bar:
    failed = max(FAILED_LEAST, height * hour.failed / peak) if hour.failed else 0.0
    gap = BAR_GAP if hour.failed and hour.completed else 0.0
    if hour.completed:
        failed = min(failed, height - gap - DONE_LEAST)
    tall = max(height * hour.finished / peak, FAILED_LEAST)
    done = max(tall - failed - gap, DONE_LEAST) if hour.completed else 0.0
    done = min(done, height - failed - gap)
    return Bar(
        slot=slots - 1 - ago,
        start=hour.start,
        completed=hour.completed,
        failed=hour.failed,
        unfinished=not ago,
        done_y=round(height - failed - gap - done, 1),
        done_height=round(done, 1),
        failed_y=round(height - failed, 1),
        failed_height=round(failed, 1),
    )


def outline(numbers: Iterable[int], top: int, height: int) -> str:
    """The outline of a course, in slots of 10, as the path of a drawing; "" where it is flat."""
    heights = [round(height - height * number / (top or 1), 1) for number in numbers]
    if all(one == height for one in heights):
        return ""
    return f"M0 {height}" + "".join(f"V{one}h10" for one in heights) + f"V{height}z"


FILTERS: dict[str, Callable[..., Any]] = {
    "document": folder_and_file,
} | {
    function.__name__: function
    for function in (
        error_text,
        steps,
        rfc3339,
        clock,
        unscripted,
        on_board,
        short_time,
        day,
        slot,
        hour_of_day,
        full_time,
        count,
        short_count,
        plural,
        duration,
        seconds,
        age,
        span,
        period_words,
        span_words,
        percent,
        bars,
        outline,
    )
}
