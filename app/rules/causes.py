"""What of an error is its cause: the line that tells, and that line without what varies.

Two failures have one cause where their lines differ only in numbers, ids, paths and quoted values:
"timeout after 31 s on part-7f3a.pdf" and "timeout after 64 s on part-91bc.pdf". Pure functions of
the text; the ledger keeps a cause with every failed job, by its number.
"""

import hashlib
import re
from functools import lru_cache

LINE = 300  # characters of a line that are looked at
NO_REASON = "No reason given"
CAUSE = re.compile(r"[0-7][0-9a-f]{15}", re.ASCII)
_MODULES = re.compile(r"\A(?:[a-z_]\w*\.)+(?=[A-Z]\w*:)", re.ASCII)
_TRACEBACK = "Traceback (most recent call last)"

# In this order: each finds what the ones before have left.
_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»|`[^`]*`'), "“…”"),
    # An apostrophe opens a quotation only where no letter stands before it, as in don't.
    (re.compile(r"(?<!\w)'[^']*'(?!\w)|(?<!\w)‘[^’]*’"), "“…”"),
    (re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]*://\S+"), "‹url›"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+"), "‹address›"),
    # A path begins at its root, goes down twice, or ends in a file: not I/O, not and/or.
    (
        re.compile(
            r"(?<![\w/])(?:[A-Za-z]:)?[\\/](?:[\w.~@%+-]+[\\/])*[\w.~@%+-]+"
            r"|(?<![\w/])[\w.~@%+-]+(?:[\\/][\w.~@%+-]+){2,}"
            r"|(?<![\w/])(?:[\w.~@%+-]+[\\/])+[\w~@%+-]+\.\w{1,5}\b"
        ),
        "‹path›",
    ),
    (
        re.compile(r"(?<![\w.])[\w~@%+-]+(?:\.[\w~@%+-]+)*\.[A-Za-z][A-Za-z0-9]{1,4}(?![\w.(])"),
        "‹file›",
    ),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "‹id›"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "#"),
    (re.compile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "‹id›"),
    # Letters and digits in turns are somebody's id: req_8f2c91, job-349e77, 7f3a91bc.
    (
        re.compile(r"\b(?=[\w-]*\d)(?=[\w-]*[A-Za-z])(?:[A-Za-z]+[-_])?[0-9A-Za-z]*\d[\w-]{4,}\b"),
        "‹id›",
    ),
    (re.compile(r"\d[\d.,:]*\d|\d"), "#"),
    (re.compile(r"\s+"), " "),
)


def telling_line(error: str | None) -> str:
    """The line of an error that says why: its first one, of a Python traceback the last one.

    At most 300 characters; "" without any.
    """
    text = (error or "").strip()
    if text.startswith(_TRACEBACK):
        text = text.rpartition("\n")[2]
    return text[:LINE].partition("\n")[0].strip()


def headline(line: str) -> str:
    """A telling line where room is short: the name of an exception without its modules.

    "urllib3.exceptions.MaxRetryError: …" is told from five metres by "MaxRetryError: …".
    """
    return _MODULES.sub("", line)


@lru_cache(maxsize=2000)
def fold(line: str) -> str:
    """A telling line without what varies between two failures of one cause."""
    for varying, word in _VARYING:
        line = varying.sub(word, line)
    return line.strip()


@lru_cache(maxsize=2000)
def cause_of(line: str) -> int:
    """The number of a telling line's cause, the same in every project: 63 bits of a hash."""
    digest = hashlib.sha256(fold(line).casefold().encode("utf-8", "replace")).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def cause_name(cause: int) -> str:
    """A cause in a URL: 16 hexadecimal digits."""
    return f"{cause:016x}"


def parse_cause(text: str) -> int:
    """The cause that a URL names; raises ValueError with a sentence where it names none."""
    if not CAUSE.fullmatch(text):
        raise ValueError("must be the 16 hexadecimal digits of a cause")
    return int(text, 16)


# What the published contract says of its failure causes.
_REMEDIES: tuple[tuple[str, str], ...] = (
    ("LLM API timeout after # retries", "The model was not available. Run the job again."),
    (
        "Invalid extraction: missing required properties",
        "The model's answer was malformed. Run the job again; if it persists, report it.",
    ),
    ("Database connection lost", "This passes. Run the job again."),
    (
        "Token usage limit exceeded",
        "The account has reached its limit. Upgrade it, or wait until the limit is renewed.",
    ),
)


def remedy_of(line: str) -> str | None:
    """What to do about it, where the contract names the cause of this line."""
    folded = fold(line).casefold().rstrip(".")
    return next((remedy for cause, remedy in _REMEDIES if cause.casefold() == folded), None)
