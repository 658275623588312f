"""What of an error is its cause: the line that tells, and that line without what varies.

Two failures have one cause where their lines differ only in numbers, ids, paths and quoted values:
"timeout after 31 s on part-7f3a.pdf" and "timeout after 64 s on part-91bc.pdf". Pure functions of
the text; the ledger keeps a cause with every failed job, by its number.
"""

import hashlib
import re
from collections.abc import Callable
from functools import lru_cache

from app.rules.legible import shows, without_codes

LINE = 300  # characters of a line that are looked at
NO_REASON = "No reason given"
NO_ERROR = "no error message"
UNREADABLE = "an error without readable text"
CAUSE = re.compile(r"[0-7][0-9a-f]{15}", re.ASCII)
_MODULES = re.compile(r"\A(?:[a-z_]\w*\.)+(?=[A-Z]\w*:)", re.ASCII)
_TRACEBACK = "Traceback (most recent call last)"


def _behind(word: str) -> Callable[[re.Match[str]], str]:
    """The word in the place of what varies; what the pattern's first group is stays before it."""
    return lambda found: (found[1] or "") + word


def _id(found: re.Match[str]) -> str:
    return "‹id›" if _LETTER.search(found[0]) else found[0]


_LETTER = re.compile("[A-Za-z]")
# What a path is made of, and a file, which has dots in between.
_P, _F, _SLASH = r"[\w.~@%+-]", r"[\w~@%+-]", r"[\\/]"

# What varies, the word in its place, and characters of which it has one. In this order: each finds
# what the ones before have left.
#
# A line takes time in proportion to its length, whatever is in it. What repeats takes all that it
# can and gives nothing back: `++` and `*+`, or `(?>…)` around a group, since Python before 3.11.5
# loses its place in a group that repeats by `++` (gh-106052). And a run of the same characters is
# tried once, at its beginning; where what varies cannot begin there, a group skips to the first
# place where it can.
_Varying = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str], str]
_QUOTED: _Varying = re.compile(r'"[^"]*+"|“[^”]*+”|«[^»]*+»|`[^`]*+`'), "“…”", '"“«`'
# An apostrophe opens a quotation only where no letter stands before it, as in don't.
_QUOTED_ONCE: _Varying = re.compile(r"(?<!\w)(?:'[^']*+'(?!\w)|‘[^’]*+’)"), "“…”", "'‘"
_OTHERS: tuple[_Varying, ...] = (
    (
        re.compile(
            r"(?<![A-Za-z0-9+.-])((?>(?:(?!\b[A-Za-z])[A-Za-z0-9+.-])*))"
            r"[A-Za-z][A-Za-z0-9+.-]*+://\S++"
        ),
        _behind("‹url›"),
        ":",
    ),
    (
        re.compile(r"(?<![\w.+-])([.+-]*+)\w[\w.+-]*+@[\w-]++(?>(?:\.[\w-]++)+)"),
        _behind("‹address›"),
        "@",
    ),
    # A path begins at its root, goes down twice, or ends in a file: not I/O, not and/or.
    (
        re.compile(
            rf"(?<![\w/])(?:[A-Za-z]:)?{_SLASH}{_P}++(?>(?:{_SLASH}{_P}++)*)"
            rf"|(?<!{_P})(?:(?<!/)|(?<=/)(\w*+[.~@%+-])){_P}++"
            rf"(?:(?>(?:{_SLASH}{_P}++){{2,}})|{_SLASH}{_F}++\.\w{{1,5}}+(?!\w))"
        ),
        _behind("‹path›"),
        "/\\",
    ),
    (
        re.compile(
            rf"(?:(?<!{_P})|(?:(?<=\.\.)|(?<=[^\w~@%+.-]\.)|(?<=\A\.))"
            rf"((?>(?:\w|\.(?={_F})|[~@%+-](?!{_F}))*)[~@%+-](?={_F})))"
            rf"{_F}++(?:\.{_F}++)*\.[A-Za-z][A-Za-z0-9]{{1,4}}+(?![\w.(])"
        ),
        _behind("‹file›"),
        ".",
    ),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "‹id›", "-"),
    (re.compile(r"\b0x[0-9a-f]++\b", re.IGNORECASE), "#", "xX"),
    (re.compile(r"\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}+\b", re.IGNORECASE), "‹id›", ""),
    # Letters and digits in turns are somebody's id: req_8f2c91, job-349e77, 7f3a91bc.
    (re.compile(r"\b(?>(?:[A-Za-z]++[-_])?)[A-Za-z]*+\d[\w-]{4,}\b"), _id, ""),
    (re.compile(r"\d[\d.,:]*\d|\d"), "#", ""),
    (re.compile(r"\s+"), " ", ""),
)
_PAIRS = {"“": "”", "«": "»", "‘": "’"}
# Halves of surrogate pairs, which no text that is sent has (`rules.fields`).
_ASIDE = dict(zip(_PAIRS, "\ud800\ud801\ud802", strict=True))


def telling_line(error: str | None) -> str:
    """The line of an error that says why: its first one, of a Python traceback the last one.

    The first or last that shows anything, without the codes of terminals; at most 300 characters.
    "" without any.
    """
    if not error:
        return ""  # as of most jobs
    text = without_codes(error).strip()
    trace = text.startswith(_TRACEBACK)
    line = text[text.rfind("\n") + 1 :] if trace else text[:LINE].partition("\n")[0]
    if not shows(line[:LINE]):
        lines = text.split("\n")
        line = next(filter(shows, reversed(lines) if trace else lines), "")
        line = line if shows(line[:LINE]) else ""
    return line[:LINE].strip()


def reason(error: str | None) -> str:
    """That line, or in words that there is none."""
    return telling_line(error) or (UNREADABLE if error else NO_ERROR)


def line_in_words(line: str | None) -> str:
    """The line of a cause, as it is kept, or in words that it has none."""
    return telling_line(line) or NO_REASON


def headline(line: str) -> str:
    """A telling line where room is short: the name of an exception without its modules.

    "urllib3.exceptions.MaxRetryError: …" is told from five metres by "MaxRetryError: …".
    """
    return _MODULES.sub("", line)


@lru_cache(maxsize=2000)
def fold(line: str) -> str:
    """A telling line without what varies between two failures of one cause."""
    for varying, marks in ((_QUOTED, "“«"), (_QUOTED_ONCE, "‘")):
        for mark in marks:
            line = _put_aside(line, mark)
        line = _without(line, varying)
    for varying in _OTHERS:
        line = _without(line, varying)
    for mark, aside in _ASIDE.items():
        line = line.replace(aside, mark)
    return line.strip()


def _without(line: str, varying: _Varying) -> str:
    pattern, word, signs = varying
    if signs and not any(sign in line for sign in signs):
        return line
    return pattern.sub(word, line)


def _put_aside(line: str, mark: str) -> str:
    """The line with something else for each such mark that opens and is never closed.

    From each of them the rest of the line would be searched for its end.
    """
    closed = line.rfind(_PAIRS[mark]) + 1
    if line.find(mark, closed) < 0:
        return line
    return line[:closed] + line[closed:].replace(mark, _ASIDE[mark])


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
