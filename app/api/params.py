"""The query parameters of the list, read strictly: what is not valid is a 422, never clamped."""

from collections.abc import Callable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from app.api.operations import Parameter
from app.queries.filters import JobFilter
from app.queries.parts import PARTS
from app.queries.views import Cursor
from app.rules.fields import MAX_COUNT
from app.rules.formats import CURSOR, whole
from app.web.errors import ProblemError

MAX_LIMIT = 1000
DEFAULT_LIMIT = 100
LIMIT = whole(1, MAX_LIMIT, DEFAULT_LIMIT)
OFFSET = whole(0, MAX_COUNT, 0)

LIST_PARAMETERS = (
    Parameter("limit", LIMIT.schema, "How many jobs at most."),
    Parameter("offset", OFFSET.schema, "How many of the newest to pass over."),
    Parameter(
        "cursor",
        CURSOR.schema,
        "Instead of an offset: the place that a Link leads to, as it stands there. A list that is"
        " followed by it gives no job twice and leaves none out, whatever comes and goes.",
        example="older~1795402800000000~job-17",
    ),
    *(
        Parameter(
            part.name, part.format.schema, part.help, example=part.format.as_json(part.example)
        )
        for part in PARTS
    ),
)


def parse_list(
    args: MultiDict[str, str], now: int, silent_after: int
) -> tuple[JobFilter, int, int, Cursor | None]:
    """The filter, the limit, the offset and the cursor of a list.

    At `now` those jobs have stalled that were silent for `silent_after` (µs). Raises ProblemError
    422 with every fault.
    """
    parts = {
        part.name: lambda texts, part=part: part.read(texts, now, silent_after)
        for part in PARTS
        if part.name in args
    }
    values, errors = _read(args, _PLACE | {"cursor": CURSOR.read} | parts)
    if "cursor" in args and "offset" in args:
        errors.append(("offset", "has no place beside a cursor"))
    if errors:
        raise ProblemError(422, "Some parameters are not valid.", errors=errors)
    limit, offset = values.pop("limit"), values.pop("offset")
    cursor = values.pop("cursor", None)
    return JobFilter(**values), limit, offset, cursor and Cursor(*cursor)


def parse_place(args: MultiDict[str, str]) -> tuple[int, int]:
    """The limit and the offset of a list that has no other parameters.

    Raises ProblemError 422 with every fault.
    """
    values, errors = _read(args, _PLACE)
    if errors:
        raise ProblemError(422, "Some parameters are not valid.", errors=errors)
    return values["limit"], values["offset"]


Reader = Callable[[list[str]], Any]

_PLACE: dict[str, Reader] = {"limit": LIMIT.read, "offset": OFFSET.read}


def _read(
    args: MultiDict[str, str], readers: Mapping[str, Reader]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What is given, with the place where that is not; and every fault."""
    values: dict[str, Any] = {"limit": DEFAULT_LIMIT, "offset": 0}
    errors = []
    for name, read in readers.items():
        if name in args:
            try:
                values[name] = read(args.getlist(name))
            except ValueError as error:
                errors.append((name, str(error)))
    return values, errors


def query_of(args: MultiDict[str, str]) -> list[tuple[str, Any]]:
    """The parameters that say what is listed, in one order: what links and ETags are made of."""
    return [
        (part.name, value)
        for part in PARTS
        if part.name in args
        for value in sorted(set(args.getlist(part.name)))
    ]
