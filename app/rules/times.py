"""Time, as every other module uses it: whole microseconds since 1970 in UTC, in an `int`.

One integer means the same on SQLite and on PostgreSQL, sorts as time, and divides into buckets.
Text exists only at the edges: RFC 3339 in, RFC 3339 with `Z` out.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
MONTH = 32 * DAY  # for counting: like the others a fixed length

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Patterns that take what exists and nothing else, so that a schema can say all of the rule. Every
# fourth year from 2000 to 2099 is a leap year.
_DAY = (
    r"20(?:[0-9]{2}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
    r"|02-(?:0[1-9]|1[0-9]|2[0-8]))"
    r"|(?:[02468][048]|[13579][26])-02-29)"
)
_HOUR, _SIXTY = "(?:[01][0-9]|2[0-3])", "[0-5][0-9]"
TIME = re.compile(
    rf"({_DAY})[Tt]({_HOUR}:{_SIXTY}:{_SIXTY})(?:\.([0-9]{{1,12}}))?([Zz]|[+-]{_HOUR}:{_SIXTY})"
)
PERIOD = re.compile(rf"({_DAY})(?:T({_HOUR}))?")
TYPED = re.compile(rf"({_DAY})(?:T({_HOUR}:{_SIXTY}))?")
SPAN = re.compile(r"([1-9][0-9]{0,5})([smhd])")
_UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}


def parse_time(text: str) -> int:
    """Read an RFC 3339 time with an offset, as `TIME` has it; finer than 1 µs is cut off.

    The year as it is written is 2000 to 2099.

    Raises ValueError with a sentence for the person who sent it.
    """
    match = TIME.fullmatch(text)
    if match is None:
        raise ValueError(
            "must be a time that exists, of the years 2000 to 2099 and with an offset,"
            " such as 2026-11-23T03:04:22Z"
        )
    day, clock, fraction, offset = match.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{offset.upper().replace('Z', '+00:00')}")
    micros = (moment - EPOCH) // timedelta(microseconds=1)
    return micros + int((fraction or "0").ljust(6, "0")[:6])


def typed_time(text: str) -> str:
    """A day or a minute of UTC as a person types it (2026-11-24, 2026-11-24T03:04), in RFC 3339.

    Any other text is given back as it is.
    """
    match = TYPED.fullmatch(text)
    return f"{match[1]}T{match[2] or '00:00'}:00Z" if match else text


def parse_span(text: str) -> int:
    """Read a span such as 90s, 10m, 2h or 1d, in µs; raises ValueError with a sentence."""
    match = SPAN.fullmatch(text)
    if match is None:
        raise ValueError("must be a span such as 90s, 10m, 2h or 1d")
    return int(match[1]) * _UNITS[match[2]]


def format_span(micros: int) -> str:
    """A span as it is read, in the largest unit that divides it: 90s, 15m, 1d."""
    name, unit = next((name, one) for name, one in reversed(_UNITS.items()) if not micros % one)
    return f"{micros // unit}{name}"


def parse_period(text: str) -> tuple[int, int]:
    """Read a UTC hour (2026-11-24T03) or day (2026-11-24): its start and its end, in µs.

    The end is no more part of it. Raises ValueError with a sentence for the person who sent it.
    """
    match = PERIOD.fullmatch(text)
    if match is None:
        raise ValueError(
            "must be an hour of UTC such as 2026-11-24T03, or a day such as 2026-11-24,"
            " that exists in the years 2000 to 2099"
        )
    day, hour = match.groups()
    start = parse_time(f"{day}T{hour or '00'}:00:00Z")
    return start, start + (HOUR if hour else DAY)


def format_time(micros: int) -> str:
    """RFC 3339 in UTC with `Z`, without a fraction where it is zero."""
    seconds, fraction = divmod(micros, SECOND)
    minutes, seconds = divmod(seconds, 60)
    text = f"{_to_the_minute(minutes)}:{_TWO[seconds]}"
    if not fraction:
        return text + "Z"
    millis, rest = divmod(fraction, 1000)
    return f"{text}.{_THREE[millis]}{_THREE[rest] if rest else ''}Z"


# A list has two times a job: to look digits up takes half as long as to format them.
_TWO = tuple(f"{number:02}" for number in range(60))
_THREE = tuple(f"{number:03}" for number in range(1000))


@lru_cache(maxsize=5000)  # jobs of a page share their minutes, and pages are asked for again
def _to_the_minute(minutes: int) -> str:
    return (datetime(1970, 1, 1) + timedelta(minutes=minutes)).isoformat(timespec="minutes")


def floor(micros: int, unit: int) -> int:
    """The start of the minute, hour or day (`unit`, in µs) that holds the moment."""
    return micros - micros % unit
