"""What an error says: a type, a code and a message, as a person would tell them."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

MESSAGE = 2000  # characters of what it says
HEAD = 300  # … at the beginning of which types and prefixes are looked for
LINE = 300  # characters of the line that is shown
_TELLING = 3  # words: a message of fewer does not tell without its type and its code


class Reading(NamedTuple):
    """What an error says: `kind` is its type without modules, `code` that of its protocol.

    Each is "" where the error does not say it.
    """

    text: str
    kind: str = ""
    code: str = ""

    @property
    def line(self) -> str:
        """As it is shown: at most `LINE` characters."""
        line = self.text
        if self.code and not _has(line, self.code):
            line = f"{self.code} {line}" if line else self.code
        if self.kind and not line.startswith(self.kind):
            line = f"{self.kind}: {line}" if line else self.kind
        return line if len(line) <= LINE else line[: LINE - 1].rstrip() + "…"

    @property
    def core(self) -> str:
        """What happened, without the words that only say that something failed where it did."""
        found = None
        if any(map(self.text.__contains__, _BEFORE)) and says_any(self.text, _FAILING):
            found = _FAILED.match(self.text, 0, MESSAGE // 2)
        if found and Reading(self.text[found.end() :]).telling:
            return self.text[found.end() :]
        return self.text

    @property
    def telling(self) -> bool:
        """Whether the message tells enough without its type and its code."""
        text = self.text[:HEAD]
        words = 0
        for found in _WORD.finditer(_NOT_WORDS.sub("", text)):
            words += found[0].lower() not in _COMMON and found[0].isalpha()
            if words == _TELLING:
                return True
        return not text.isascii() and len(_IDEOGRAPH.findall(text)) >= 2 * _TELLING


def says_any(text: str, words: Iterable[str]) -> bool:
    """Whether one of some words, in small letters, is in a text: asked before what takes long."""
    return any(map(text.lower().__contains__, words))


_FAILED = re.compile(
    r".*(?:(?:error|exception) - (?=\w+ \w+ \w)"
    r"|(?:error\w{0,20}|exception\w{0,20}|\bfail\w{0,20}|\bunable\b|\bcould(?:n't| not)\b"
    r"|\bcannot\b|失败|错误|異常|エラー)[^:\n]{0,60}(?::\s|(?<=error):(?=[a-z])|：)\s*)",
    re.IGNORECASE,
)
_FAILING = (
    *("error", "exception", "fail", "unable", "could", "cannot"),
    *("失败", "错误", "異常", "エラー"),
)
_BEFORE = (":", "：", " - ")  # of these and of those it has one
_NOT_WORDS = re.compile(r"\"[^\"\n]*+\"|(?<!\w)'[^'\n]*+'(?!\w)|(?<!\S)[^\s/\\]*+[/\\]\S*")
_WORD = re.compile(r"\w{2,}")
_COMMON = {  # words that every error may have
    *("an", "the", "error", "errors", "exception", "exceptions", "failed", "failure", "server"),
    *("occurred", "unexpected", "unknown", "internal", "client", "processing", "file"),
    *("document",),
}
_IDEOGRAPH = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def _has(line: str, code: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(code)}(?!\w)", line, re.IGNORECASE) is not None


Step = Callable[[Reading], Reading | None]
"""What takes off some dress of an error; it gives None where the error does not wear that."""


# A type before a colon: with its modules, or by its ending. Not every word with a colon is one.
ENDING = (
    r"(?:Error|Exception|Warning|Fault|Timeout|TimedOut|Failure|Interrupt|Exit|Exhausted|Refused"
    r"|Denied|NotFound|Unavailable|Violation|Disconnect|Lost|Expired|Abort|Aborted|Failed|Group)"
)
NAME = (
    rf"(?:[A-Za-z_][\w$]*+(?:\.|::))+_?([A-Z][\w$]*+)|_?([A-Z][A-Za-z0-9]*{ENDING}|Error|Exception)"
)
KIND = re.compile(rf"(?:{NAME})(?: [\[(]\w+[\])])?(?::\s+|:?\s*\Z| - (?=[A-Z]))")
GENERAL = {"Error", "Exception", "Failure", "Fault", "ERROR"}  # types that say nothing

_STATUS = re.compile(
    r"(?i)(?:\b(?:status(?:[ _-]?code)?|error(?:[ _-]?code)?|https?(?:/[\d.]+)?|code|response)\b"
    r"['\"]?[ :=(\[<]*|\A)([45]\d\d)\b"
)


def after(before: str, reading: Reading) -> Reading:
    """A reading with the type and the code that stand before its text."""
    if not reading.code and (found := _STATUS.search(before)):
        reading = reading._replace(code=found[1])
    if not reading.kind and (found := KIND.match(before.lstrip()[:HEAD])):
        reading = reading._replace(kind=own(found))
    return reading


def own(found: re.Match[str]) -> str:
    """The name of a type, of a match of `NAME`; "" where it says nothing."""
    name = found[1] or found[2] or ""
    return "" if name in GENERAL else name
