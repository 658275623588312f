"""The query parameters of the list, read strictly: what is not valid is a 422, never clamped."""

from typing import Any

from werkzeug.datastructures import MultiDict

from app.api.operations import Parameter
from app.queries.filters import JobFilter
from app.queries.parts import PARTS
from app.rules.fields import MAX_COUNT
from app.rules.formats import whole
from app.web.errors import ProblemError

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
LIMIT = whole(1, MAX_LIMIT, DEFAULT_LIMIT)
OFFSET = whole(0, MAX_COUNT, 0)

LIST_PARAMETERS = (
    Parameter("limit", LIMIT.schema, "How many jobs at most."),
    Parameter("offset", OFFSET.schema, "How many of the newest to pass over."),
    *(
        Parameter(
            part.name, part.format.schema, part.help, example=part.format.as_json(part.example)
        )
        for part in PARTS
    ),
)


def parse_list(
    args: MultiDict[str, str], now: int, silent_after: int
) -> tuple[JobFilter, int, int]:
    """The filter, the limit and the offset of a list; raises ProblemError 422 with every fault.

    At `now` those jobs have stalled that were silent for `silent_after` (µs).
    """
    values: dict[str, Any] = {"limit": DEFAULT_LIMIT, "offset": 0}
    errors: list[tuple[str, str]] = []
    for name, read in _READ.items():
        if name in args:
            try:
                values[name] = read(args.getlist(name), now, silent_after)
            except ValueError as error:
                errors.append((name, str(error)))
    if errors:
        raise ProblemError(422, "Some parameters are not valid.", errors=errors)
    limit, offset = values.pop("limit"), values.pop("offset")
    return JobFilter(**values), limit, offset


_READ = {
    "limit": lambda texts, *_: LIMIT.read(texts),
    "offset": lambda texts, *_: OFFSET.read(texts),
    **{part.name: part.read for part in PARTS},
}


def query_of(args: MultiDict[str, str]) -> list[tuple[str, Any]]:
    """The parameters that say what is listed, in one order: what links and ETags are made of."""
    return [
        (part.name, value)
        for part in PARTS
        if part.name in args
        for value in sorted(set(args.getlist(part.name)))
    ]
