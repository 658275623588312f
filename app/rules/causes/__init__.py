"""What of an error is its cause: what it says, read out of whatever it is dressed in, and folded.

Two failures have one cause where they say the same but for what varies: numbers, ids, paths, the
class that wraps it, the log that it stood in. Pure functions of the text, the same in every
project; the ledger keeps a cause with every failed job, by its number.
"""

import hashlib
import re
from functools import lru_cache

from app.rules.causes.folding import fold
from app.rules.causes.pipeline import read
from app.rules.causes.reading import LINE
from app.rules.causes.remedies import remedy_of
from app.rules.causes.traces import chain
from app.rules.legible import without_codes

RULES = 3
"""The version of these rules; whoever changes what they give raises it. See `ledger.refolding`."""

NO_REASON = "No reason given"
NO_ERROR = "no error message"
UNREADABLE = "an error without readable text"
CAUSE = re.compile(r"[0-7][0-9a-f]{15}", re.ASCII)
_HASH = 56  # bits of a cause's number; before them stands the version of the rules


def telling_line(error: str | None) -> str:
    """The line of an error that says why: its type and its message, at most `LINE` characters.

    "" without any.
    """
    return read(error).line


def reason(error: str | None) -> str:
    """That line, or in words that there is none."""
    return telling_line(error) or (UNREADABLE if error else NO_ERROR)


def line_in_words(line: str | None) -> str:
    """The line of a cause, as it is kept, or in words that it has none."""
    return without_codes(line or "").strip() or NO_REASON


@lru_cache(maxsize=2000)
def cause_of(error: str | None) -> int:
    """The number of an error's cause: the version of the rules, and 56 bits of a hash.

    A message that tells enough decides alone, since the same one comes in many classes. Of a short
    one its code decides too, or its type.
    """
    reading = read(error)
    said = fold(reading.core)
    if not reading.telling:
        said = f"{reading.code or reading.kind} {said}"
    digest = hashlib.sha256(said.casefold().encode("utf-8", "replace")).digest()
    return RULES << _HASH | int.from_bytes(digest[: _HASH // 8], "big")


def cause_name(cause: int) -> str:
    """A cause in a URL: 16 hexadecimal digits."""
    return f"{cause:016x}"


def parse_cause(text: str) -> int:
    """The cause that a URL names; raises ValueError with a sentence where it names none."""
    if not CAUSE.fullmatch(text):
        raise ValueError("must be the 16 hexadecimal digits of a cause")
    return int(text, 16)


__all__ = [
    "CAUSE",
    "LINE",
    "NO_ERROR",
    "NO_REASON",
    "RULES",
    "UNREADABLE",
    "cause_name",
    "cause_of",
    "chain",
    "line_in_words",
    "parse_cause",
    "read",
    "reason",
    "remedy_of",
    "telling_line",
]
