"""Checks for single values of a JSON body, each with the JSON Schema that says the same.

A check takes the value and gives it back clean, or raises ValueError with a sentence about it.
The schema beside it goes into the OpenAPI document, so that the two cannot drift apart.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from app.rules.documents import LONGEST, MOST_BYTES, is_short
from app.rules.times import TIME, parse_time

MAX_COUNT = 2**53 - 1  # the largest whole number that every JSON reader keeps exact
LONGEST_ID = 250
IDENTIFIER = re.compile(rf"[A-Za-z0-9][A-Za-z0-9._:+@=~-]{{0,{LONGEST_ID - 1}}}", re.ASCII)
ID_RULE = f"a letter or digit, then letters, digits or . _ : + @ = ~ -, at most {LONGEST_ID}"
RESERVED_ID = "bulk"  # of no job: `…/jobs/bulk` is where many are reported
UNREADABLE = re.compile("[\x00\ud800-\udfff]")
READABLE = {"type": "string", "pattern": r"^[^\u0000]*$"}
"""The schema of text; half of a surrogate pair is no text in JSON, as it has no UTF-8."""

MOMENT = {"type": "string", "format": "date-time", "pattern": f"^{TIME.pattern}$"}
"""The schema of a time."""

Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a body: its check, its schema and what it is for."""

    check: Check
    schema: dict[str, Any]
    required: bool = False


class InvalidError(ValueError):
    """A body whose values are wrong: a list of (field, sentence)."""

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{name}: {message}" for name, message in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class Body:
    """The fields that a JSON object may have; `null` counts as absent."""

    fields: Mapping[str, Field]

    def parse(self, value: Any) -> dict[str, Any]:
        """The clean values of what is there; raises InvalidError with all that is wrong."""
        if not isinstance(value, dict):
            raise InvalidError([("", "must be a JSON object")])
        errors = [
            (name[:100], "is not a field of this request")
            for name in value
            if name not in self.fields
        ][:20]
        clean: dict[str, Any] = {}
        for name, known in self.fields.items():
            given = value.get(name)
            if given is None:
                if known.required:
                    errors.append((name, "is required"))
                continue
            try:
                clean[name] = known.check(given)
            except ValueError as error:
                errors.append((name, str(error)))
        if errors:
            raise InvalidError(errors)
        return clean

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of this object."""
        properties = {
            name: known.schema if known.required else _or_null(known.schema)
            for name, known in self.fields.items()
        }
        required = [name for name, known in self.fields.items() if known.required]
        schema: dict[str, Any] = {
            "type": "object",
            "properties": properties,
            "additionalProperties": False,
        }
        if required:
            schema["required"] = required
        return schema


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema, that takes null as well."""
    either = {**schema, "type": [schema["type"], "null"]}
    if "enum" in schema:
        either["enum"] = [*schema["enum"], None]
    return either


def text(longest: int, description: str, *, required: bool = False) -> Field:
    """Text of 1 to `longest` characters."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be text")
        if not 1 <= len(value) <= longest:
            raise ValueError(f"must have 1 to {longest:,} characters")
        return _readable(value)

    schema = {**READABLE, "minLength": 1, "maxLength": longest, "description": description}
    return Field(check, schema, required)


def document_id(description: str) -> Field:
    """The id of a document: text that an address can name (`rules.documents`)."""
    plain = text(LONGEST, f"{description} At most {MOST_BYTES:,} bytes in UTF-8.")

    def check(value: Any) -> str:
        readable: str = plain.check(value)
        if not is_short(readable):
            raise ValueError(f"must have at most {MOST_BYTES:,} bytes in UTF-8 (in the form NFC)")
        return readable

    return Field(check, plain.schema)


def _readable(value: str) -> str:
    if UNREADABLE.search(value):
        raise ValueError("must not hold a NUL or half of a surrogate pair")
    return value


def long_text(kept: int, description: str) -> Field:
    """Text of any length, of which `kept` bytes stay: its start and its end."""

    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise ValueError("must be text")
        return shorten(_readable(value), kept)

    return Field(check, {**READABLE, "description": description})


def shorten(value: str, kept: int) -> str:
    """At most `kept` bytes of UTF-8: the start and the end, and between them how much is gone."""
    encoded = value.encode()
    if len(encoded) <= kept:
        return value
    gap = f"\n… {len(encoded) - kept:,} bytes left out …\n"
    room = kept - len(gap.encode())
    start, end = encoded[: room - room // 3], encoded[-(room // 3) :]
    return start.decode(errors="ignore") + gap + end.decode(errors="ignore")


def identifier(description: str, *, reserved: str | None = None) -> Field:
    """An id that the client chooses; one word may be `reserved`, for it is an address of ours."""

    def check(value: Any) -> str:
        if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
            raise ValueError(f"must be {ID_RULE} characters")
        if value == reserved:
            raise ValueError(f"must not be {reserved}, which is an address")
        return value

    schema = {"type": "string", "pattern": f"^{IDENTIFIER.pattern}$", "description": description}
    return Field(check, schema if reserved is None else schema | {"not": {"const": reserved}})


def whole(description: str, least: int = 0) -> Field:
    """A whole number from `least` to 2^53−1."""

    def check(value: Any) -> int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("must be a whole number")
        if not least <= value <= MAX_COUNT:
            raise ValueError(f"must be from {least} to {MAX_COUNT}")
        return value

    schema = {
        "type": "integer",
        "minimum": least,
        "maximum": MAX_COUNT,
        "description": description,
    }
    return Field(check, schema)


def moment(description: str) -> Field:
    """A time with an offset, in µs once checked."""

    def check(value: Any) -> int:
        if not isinstance(value, str):
            raise ValueError("must be a time as text, such as 2026-11-23T03:04:22Z")
        return parse_time(value)

    return Field(check, {**MOMENT, "description": description})


def choice(values: Mapping[str, Any], description: str, *, required: bool = False) -> Field:
    """One of some words; the check gives what the word stands for."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value not in values:
            raise ValueError("must be one of " + ", ".join(values))
        return values[value]

    schema = {"type": "string", "enum": list(values), "description": description}
    return Field(check, schema, required)
