"""The query parameters of the list, parsed strictly: what is not valid is a 422, never clamped."""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from app.api.operations import Parameter
from app.queries.filters import JobFilter
from app.rules.causes import CAUSE, parse_cause
from app.rules.fields import MAX_COUNT, UNREADABLE
from app.rules.silence import silent_since
from app.rules.status import STATUS_BY_WORD
from app.rules.times import PERIOD, SPAN, parse_period, parse_span, parse_time
from app.web.errors import ProblemError

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
LONGEST_Q = 1024

_DIGITS = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_DATE_TIME = {"type": "string", "format": "date-time"}
_YES = {"type": "string", "enum": ["1"]}

LIST_PARAMETERS = (
    Parameter(
        "limit",
        {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT},
        "How many jobs at most.",
    ),
    Parameter(
        "offset",
        {"type": "integer", "minimum": 0, "maximum": MAX_COUNT, "default": 0},
        "How many of the newest to pass over.",
    ),
    Parameter(
        "status",
        {"type": "array", "items": {"type": "string", "enum": list(STATUS_BY_WORD)}},
        "Only jobs of these statuses; may be repeated.",
    ),
    Parameter(
        "q",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_Q},
        "An exact job id, the beginning of a document id, or words of an error.",
    ),
    Parameter("since", _DATE_TIME, "Only jobs created at this time or later."),
    Parameter("until", _DATE_TIME, "Only jobs created before this time."),
    Parameter(
        "finished",
        {"type": "string", "pattern": f"^{PERIOD.pattern}$"},
        "Only jobs that ended in this hour (`2026-11-24T03`) or on this day (`2026-11-24`) of UTC.",
    ),
    Parameter(
        "longer",
        {"type": "string", "pattern": f"^{SPAN.pattern}$"},
        "Only jobs that ended and took longer than this (`90s`, `10m`, `2h`, `1d`); those whose"
        " start was never reported are left out.",
    ),
    Parameter(
        "document",
        {"type": "string", "minLength": 1, "maxLength": LONGEST_Q},
        "Only jobs of the document of this id.",
    ),
    Parameter(
        "cause",
        {"type": "string", "pattern": f"^{CAUSE.pattern}$"},
        "Only failed jobs of this cause.",
    ),
    Parameter("stalled", _YES, "Only running jobs that fell silent."),
    Parameter("empty", _YES, "Only completed jobs that made no nodes of their chunks."),
)

Value = TypeVar("Value")


def parse_list(
    args: MultiDict[str, str], now: int, silent_after: int
) -> tuple[JobFilter, int, int]:
    """The filter, the limit and the offset of a list; raises ProblemError 422 with every fault.

    At `now` those jobs have stalled that were silent for `silent_after` (µs).
    """
    errors: list[tuple[str, str]] = []

    def one(name: str, parse: Callable[[str], Value], default: Value) -> Value:
        values = args.getlist(name)
        if not values:
            return default
        try:
            if len(values) > 1:
                raise ValueError("must be given once")
            return parse(values[0])
        except ValueError as error:
            errors.append((name, str(error)))
            return default

    limit = one("limit", lambda text: _whole(text, 1, MAX_LIMIT), DEFAULT_LIMIT)
    offset = one("offset", lambda text: _whole(text, 0, MAX_COUNT), 0)
    q = one("q", _search, "")
    since: int | None = one("since", _moment, None)
    until: int | None = one("until", _moment, None)
    finished: tuple[int, int] | None = one("finished", parse_period, None)
    longer: int | None = one("longer", parse_span, None)
    document = one("document", _search, "")
    cause: int | None = one("cause", parse_cause, None)
    stalled = one("stalled", _yes, False)
    empty = one("empty", _yes, False)
    words = args.getlist("status")
    if unknown := [word for word in words if word not in STATUS_BY_WORD]:
        sentence = "must be one of " + ", ".join(STATUS_BY_WORD)
        errors.append(("status", f"{sentence}, not {unknown[0][:40]!r}"))
    if errors:
        raise ProblemError(422, "Some parameters are not valid.", errors=errors)
    statuses = frozenset(STATUS_BY_WORD[word] for word in words)
    wanted = JobFilter(
        statuses=statuses,
        q=q,
        since=since,
        until=until,
        silent_since=silent_since(now, silent_after) if stalled else None,
        empty=empty,
        document=document,
        cause=cause,
        finished=finished,
        longer=longer,
    )
    return wanted, limit, offset


def _whole(text: str, least: int, most: int) -> int:
    if not _DIGITS.fullmatch(text) or not least <= int(text) <= most:
        raise ValueError(f"must be a whole number from {least} to {most}")
    return int(text)


def _search(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_Q or UNREADABLE.search(text):
        raise ValueError(f"must have 1 to {LONGEST_Q} characters, without a NUL")
    return text


def _yes(text: str) -> bool:
    if text != "1":
        raise ValueError("must be 1")
    return True


def _moment(text: str) -> int | None:
    if " " in text:
        raise ValueError("must be an RFC 3339 time; in a URL, write + as %2B")
    return parse_time(text)


def query_of(args: MultiDict[str, str]) -> list[tuple[str, Any]]:
    """The parameters that say what is listed, in one order: what links and ETags are made of."""
    return [
        (parameter.name, value)
        for parameter in LIST_PARAMETERS
        if parameter.name not in ("limit", "offset")
        for value in sorted(set(args.getlist(parameter.name)))
    ]
