"""How values stand in a URL: what reads them, and the JSON Schema that says the same.

What reads a text gives its value, or raises ValueError with a sentence for who sent it. The schema
beside it goes into the OpenAPI document.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.rules import causes, documents, times
from app.rules.fields import IDENTIFIER, MOMENT, READABLE, UNREADABLE

LONGEST_TEXT = documents.LONGEST
_DIGITS = re.compile(r"0|[1-9][0-9]{0,15}", re.ASCII)
_KEY = re.compile(rf"([0-9]{{1,18}})~({IDENTIFIER.pattern})", re.ASCII)
_CURSOR = re.compile(rf"(older|newer)~({_KEY.pattern})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Format:
    """`parse` reads one text; `repeated` where several may be given, whose values are a set.

    `noun` is what a text is, to say that another one is none.
    """

    noun: str
    parse: Callable[[str], Any]
    schema: dict[str, Any]
    repeated: bool = False

    def read(self, texts: Sequence[str]) -> Any:
        """The value of what was given; raises ValueError with a sentence."""
        if self.repeated:
            return frozenset(map(self.parse, texts))
        if len(texts) > 1:
            raise ValueError("must be given once")
        return self.parse(texts[0])

    def as_json(self, text: str) -> Any:
        """A text as the schema has it: an example for a document."""
        if self.schema["type"] == "integer":
            return int(text)
        return [text] if self.repeated else text


def whole(least: int, most: int, default: int | None = None) -> Format:
    """A whole number; `default` is what it is where it is left out."""

    def parse(text: str) -> int:
        if not _DIGITS.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError(f"must be a whole number from {least} to {most}")
        return int(text)

    schema = {"type": "integer", "minimum": least, "maximum": most}
    return Format("number", parse, schema if default is None else schema | {"default": default})


def some_of(noun: str, values: Mapping[str, Any]) -> Format:
    """One or more of some words, each standing for its value."""

    def parse(text: str) -> Any:
        if text not in values:
            raise ValueError(f"must be one of {', '.join(values)}, not {text[:40]!r}")
        return values[text]

    items = {"type": "string", "enum": list(values)}
    return Format(noun, parse, {"type": "array", "items": items}, repeated=True)


def _text(text: str) -> str:
    if not 1 <= len(text) <= LONGEST_TEXT or UNREADABLE.search(text):
        raise ValueError(f"must have 1 to {LONGEST_TEXT} characters, without a NUL")
    return text


def _document(text: str) -> str:
    return documents.identity(_text(text))


def _yes(text: str) -> bool:
    if text != "1":
        raise ValueError("must be 1")
    return True


def _time(text: str) -> int:
    if " " in text:
        raise ValueError("must be an RFC 3339 time; in a URL, write + as %2B")
    return times.parse_time(text)


def key_text(key: tuple[int, str]) -> str:
    """A row's key in the list of jobs, its `created_at` (µs) and its job id, for a link."""
    return f"{key[0]}~{key[1]}"


def parse_key(text: str) -> tuple[int, str]:
    """The key that a link names; raises ValueError with a sentence."""
    match = _KEY.fullmatch(text)
    if match is None:
        raise ValueError("must be the place of a job, as the links have it")
    return int(match[1]), match[2]


def cursor_text(key: tuple[int, str], *, newer: bool) -> str:
    """Where a page begins, for a link: beside this key, on its newer or its older side."""
    return f"{'newer' if newer else 'older'}~{key_text(key)}"


def _cursor(text: str) -> tuple[tuple[int, str], bool]:
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise ValueError("must be one that the Link header of a page has")
    return parse_key(match[2]), match[1] == "newer"


def _pattern(pattern: re.Pattern[str]) -> dict[str, str]:
    return {"type": "string", "pattern": f"^{pattern.pattern}$"}


TEXT = Format("text", _text, {**READABLE, "minLength": 1, "maxLength": LONGEST_TEXT})
DOCUMENT = Format("id of a document", _document, TEXT.schema)
YES = Format("“1”", _yes, {"type": "string", "enum": ["1"]})
TIME = Format("time", _time, MOMENT)
PERIOD = Format("hour or day", times.parse_period, _pattern(times.PERIOD))
SPAN = Format("length of time", times.parse_span, _pattern(times.SPAN))
CURSOR = Format("cursor", _cursor, _pattern(_CURSOR))
CAUSE = Format("cause", causes.parse_cause, _pattern(causes.CAUSE))
