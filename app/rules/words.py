"""Numbers and lengths of time in words: the same on a page, on the wall and in a terminal.

What grows while someone looks is written by `static/js/times.js` and `static/wall.js` too, in the
same words: `tests/browser/test_ages.py` compares the three.
"""

import math

from app.rules.times import DAY, HOUR, MINUTE, SECOND

NONE = "–"  # where there is no number
NBSP = "\N{NO-BREAK SPACE}"
_UNITS = ((SECOND, "s", 120), (MINUTE, "min", 120), (HOUR, "h", 48), (DAY, "d", math.inf))
"""Each with how many of it are not told any more, being two of the next."""


def count(number: int | None) -> str:
    """48,210."""
    return NONE if number is None else f"{number:,}"


def short_count(number: int, least: int = 10**6) -> str:
    """1.23 M, 45.6 M, 9.00 P from `least` on: three digits, cut off, never rounded up."""
    for unit, name in ((10**15, "P"), (10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= max(unit, least):
            places = 3 - len(str(number // unit))
            return f"{number * 10**places // unit / 10**places:.{places}f}{NBSP}{name}"
    return count(number)


def plural(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 document`, `19 documents`."""
    return f"{number:,}{NBSP}{noun if number == 1 else nouns or noun + 's'}"


def age(micros: int) -> str:
    """How long ago, or how long still: `90 s`, `23 min`, `30 h`, `7 d`.

    One unit, the largest of which there are two at least, rounded to the nearest: so it is off by a
    fifth at most, and what grows never steps back.
    """
    numbers = ((_nearest(micros, unit), name, most) for unit, name, most in _UNITS)
    number, name = next((number, name) for number, name, most in numbers if number < most)
    return f"{number}{NBSP}{name}"


def _nearest(micros: int, unit: int) -> int:
    return (max(micros, 0) + unit // 2) // unit


def span(micros: int) -> str:
    """A length that someone chose, in whole seconds, exactly: `90 min`, `2 h`, `1 d`."""
    unit, name = next((unit, name) for unit, name, _ in reversed(_UNITS) if not micros % unit)
    return f"{micros // unit}{NBSP}{name}"


def duration(micros: int | None) -> str:
    """How long it took, in two units at most: `37 m 03 s`.

    The lesser one has two digits, so that columns align.
    """
    if micros is None:
        return NONE
    if micros >= DAY:
        return _pair(micros, DAY, "d", HOUR, "h")
    if micros >= HOUR:
        return _pair(micros, HOUR, "h", MINUTE, "m")
    if micros >= MINUTE:
        return _pair(micros, MINUTE, "m", SECOND, "s")
    if 0 < micros < SECOND:
        return f"<{NBSP}1{NBSP}s"
    return f"{max(micros, 0) // SECOND}{NBSP}s"  # a start after its end is the sender's clock


def _pair(micros: int, great: int, great_name: str, small: int, small_name: str) -> str:
    rest = micros % great // small
    return f"{micros // great}{NBSP}{great_name}{NBSP}{rest:02}{NBSP}{small_name}"
