"""How a message is worded: the types before it, the `repr` around it, the advice behind it."""

import re

from app.rules.causes.reading import (
    ENDING,
    GENERAL,
    HEAD,
    KIND,
    LINE,
    MESSAGE,
    NAME,
    Reading,
    after,
    own,
    says_any,
)
from app.rules.causes.traces import RAISED
from app.rules.legible import shows

_DRIVER = re.compile(rf"\A\((?:{NAME})\) ")
_OUTER = re.compile(r"\A(?:unhandled|uncaught) (?:error|exception)s?:? ", re.I)
_BEHIND = re.compile(
    r"\A(?:.{0,120}? \(\d+ sub-exceptions?\) -- |.{0,160}?\bLast Error: (?:USER::|SYSTEM::)?"
    r"|[^\n]{0,160}?\b(?:raised|due to|caused by|reason:?|error was:?|error:)"
    rf" (?=(?:[a-z]\w*\.)*\w+{ENDING}: ))",
    re.IGNORECASE,
)
# Of AWS: in which operation it occurred.
_CALLING = re.compile(
    r"\A(?:[^\n]{0,200}?: )?An error occurred \((\w+)\) when calling the (\w+) operation"
    r"(?: \([^)\n]*\))?: ",
    re.IGNORECASE,
)
# The file or the object that it is about.
_SUBJECT = re.compile(
    r"\A(?:<[\w.]+ object at 0x\w+>|[^\s:]+\.\w{2,4})(?: \([^)\n]*\))?: (?=\w+ \w+ \w)"
)
_CLASS = re.compile(r"\A<class '(?:\w+\.)*(\w+)'>:? ?")
# How Kubernetes lists an event.
_EVENT = re.compile(
    r"\A(?:Warning|Normal)\s+(\w+)\s+\d\S*(?: \(x\d+ over \S+\))?\s+[\w-]+\s+(?=\S)"
)
_RETRIED = re.compile(r"\ARetryError\[<Future at 0x\w+ state=finished raised (\w+)>\]")


def typed(reading: Reading) -> Reading | None:
    """The type before the message, and another one behind it."""
    text, head = reading.text, reading.text[:HEAD]
    if found := _RETRIED.match(head):
        return Reading(found[1], reading.kind or "RetryError", reading.code)
    if found := _EVENT.match(head) or _CLASS.match(head):
        return Reading(text[found.end() :], reading.kind or found[1], reading.code)
    if "An error occurred (" in text and (found := _CALLING.match(text)):
        return _called(reading, found)
    if "Remote error message: " in text:
        return reading._replace(text=text.partition("Remote error message: ")[2])
    found = _DRIVER.match(head) or _OUTER.match(head)
    if not found and (": " in head or " -- " in head):
        found = _BEHIND.match(head)
    if found := found or _SUBJECT.match(head):
        if found.re is _SUBJECT and not Reading(text[found.end() :]).telling:
            return None
        return reading._replace(text=text[found.end() :])
    if (found := KIND.match(head)) and (found.end() < len(text) or not reading.kind):
        return Reading(text[found.end() :], reading.kind or own(found), reading.code)
    if (found := _PREFIX.match(head)) and Reading(text[found.end() :]).telling:
        return after(text[: found.end()], reading._replace(text=text[found.end() :]))
    return None


def _called(reading: Reading, found: re.Match[str]) -> Reading:
    """What AWS answered; to which operation, where that tells more than its words."""
    said = reading.text[found.end() :]
    if Reading(said).telling:
        return Reading(said, found[1], reading.code)
    return Reading(f"{found[1]} when calling {found[2]}: {said}", "", reading.code)


# Where it happened, before what happened.
_PREFIX = re.compile(
    r"(?:\[[^\]\n\d]*\]:? )?(?:"
    r"(?:(?:an?|the) )?(?:(?:unexpected|unhandled|internal|unknown|general|fatal|server|system) )*"
    r"(?:error|exception|エラー|错误|錯誤|异常|fehler|erreur|excepci[oó]n)"
    r"(?: (?:occurred|happened|raised|encountered))?"
    r"(?: (?:in|at|on|from|processing|parsing|loading|reading|calling|invoking"
    r"|with|for|fetching|creating|generating|running|executing|getting)\b[^:\n]{0,80})?"
    r"|(?:failed|failure|unable|could not|couldn't|cannot) [^:\n]{1,90}"
    r"|(?:[\w.]+ ){0,6}(?:failed|failure)(?: (?:with|after|for|in|on|at) [^:\n]{0,40})?"
    r"|(?:activity|workflow) error \([^)\n]*\)"
    r")(?<!https)(?<!http)\s?[:：]\s+(?=[^\s{\[(]|\[(?:Errno|WinError))",
    re.IGNORECASE,
)
_TUPLE = re.compile(r"\A\((-?\d+), ?b?(['\"])(.*)\2,?\)\Z", re.DOTALL)
_REPR = re.compile(
    r"\A<?(?>(?:[A-Za-z_][\w$]*+\.)*)(_?[A-Z](?=\w{0,60}[a-z])\w{1,80}+)\((?:b?(['\"])(.*)\2|([^(]*)),?\)>?\Z",
    re.DOTALL,
)
_BYTES = re.compile(r"(?<=[ :(])b(?:'([^'\n]{0,500}+)'|\"([^\"\n]{0,500}+)\")")
_ANGLED = re.compile(rf"\A<((?:{NAME}): .*)>\Z", re.DOTALL)
_QUOTED = re.compile(r"\A(?:b?'((?>(?:[^'\\]|\\.)*))'|b?\"((?>(?:[^\"\\]|\\.)*))\")\Z", re.DOTALL)


def quoted(reading: Reading) -> Reading | None:
    """An exception as `repr` gives it: there the quotation is the message."""
    if found := _ANGLED.match(reading.text):
        return reading._replace(text=found[1])
    if found := _TUPLE.match(reading.text):
        return Reading(found[3], reading.kind, reading.code or found[1])
    if found := _REPR.match(reading.text):
        text = found[3] if found[2] else found[4].rstrip(", ")
        kind = found[1] if found[1] not in GENERAL else ""
        return Reading(text, reading.kind or kind, reading.code)
    if ("b'" in reading.text or 'b"' in reading.text) and (found := _BYTES.search(reading.text)):
        inner = (found[1] or found[2] or "").replace("\\r", " ").replace("\\n", " ")
        return reading._replace(
            text=reading.text[: found.start()] + inner.strip() + reading.text[found.end() :]
        )
    if (found := _QUOTED.match(reading.text)) and " " in reading.text:
        return reading._replace(text=found[1] or found[2] or "")
    return None


_CAUSED_BY = re.compile(r"\(Caused by (\w+)\(")
_STRINGS = re.compile(r"'((?>(?:[^'\\]|\\.)*))'|\"((?>(?:[^\"\\]|\\.)*))\"")
_POOL = re.compile(r"host='([^']*)', port=(\d+)")
_OBJECT = re.compile(r"<[\w.]+ object at 0x[0-9a-fA-F]+>(?:: |, )?")


def caused(reading: Reading) -> Reading | None:
    """Why a connection of urllib3 failed, behind the request that it was for."""
    found = _CAUSED_BY.search(reading.text)
    if found is None:
        return None
    behind = _OBJECT.sub("", reading.text[found.end() :]).replace("\\'", "'")
    why = next(
        (one or other for one, other in _STRINGS.findall(behind) if " " in one + other), None
    )
    if why is None:
        return None
    pool = _POOL.search(reading.text, 0, found.start())
    where = f"{pool[1]}:{pool[2]}: " if pool else ""
    return Reading(where + why, reading.kind or found[1], reading.code)


_SPENDING = ("request", "elapsed", "took", "duration")
_SPENT = re.compile(
    r"[\s(]?\(?(?:amz-)?request[ _-]?id[:=][^()\n]*\)?"
    r"|\s*\((?:elapsed|took|duration)[:=][^()\n]*\)",
    re.IGNORECASE,
)


# How that begins what is no part of the message, behind a space or the end of a sentence.
_ADVICE = (
    r"(?<=[.,;] )please\b(?! see)",
    r"(?<=\. )to increase\b",
    r"(?:please )?(?:try|retry) again (?:in|after|later)\b",
    r"(?:for|to get) (?:more|further) (?:information|details|info|help)\b",
    r"(?:to )?learn more\b",
    r"(?:please )?(?:visit|see|read|refer to|check|consult)(?: the| our)?"
    r" (?:https?://|docs?\b|documentation)",
    r"see (?:also )?https?://",
    r"see readme\b",
    r"more info(?:rmation)?: ",
    r"you can find your\b",
    r"background on this error\b",
    r"if reserved but unallocated memory\b",
    r"troubleshooting url\b",
    r"note: run with\b",
    r"(?<=\s)(?:detail|hint|context|where): ",
    r"total-vm:",
    r"stack trace:?\s*\Z",
    r"\[SQL: ",
    r"\[parameters: ",
    r"request[ _]id:? ",
    r"debug_error_string\b",
)
_ADVISING = (  # of which each of them has one
    *("please", "to increase", " again ", " more", "further", "http", "doc", "readme"),
    *("you can find", "background on", "if reserved", "url", "note: run", "detail: ", "hint: "),
    *("context: ", "where: ", "total-vm", "stack trace", "[sql", "[param", "request"),
    *("debug_error",),
)
_TRAILER = re.compile(rf"(?:[\s.;,(\[]|\A)(?:{'|'.join(_ADVICE)})", re.IGNORECASE)
_ENDED = re.compile(
    r"\b(?:signal|exit[ _]code|exit[ _]status)[ =:]+-?\d+(?:[ :]+signal_name=\"?\w+)?"
)
_HOST = re.compile(r"\bhttps?://(?:[^\s/@\"']*@)?([^\s/?#\"'<>)\]]+)[^\s\"'<>)\]]*")
_BRACES = re.compile(r" ?(?<!\$)\{[^{}\"']*+\}")
# A frame of Node in the same line, and the fields that a log puts behind its message.
_FRAME_BEHIND = re.compile(r"\sat (?:async )?[\w.<>$]{1,100} \([^()\s]{1,300}:\d+:\d+\)\s*\Z")
_FIELDS_BEHIND = re.compile(r"\s\{\"[\w.-]+\": ?[\"\d{\[tfn]")
_FIELDS = 4  # so many of them are no part of a message
_LINK = re.compile(r"https?://\S*\s*\Z")


def trailed(reading: Reading) -> Reading | None:
    """Advice, links and ids behind the message."""
    text = _unspent(reading.text)
    if ":" in text and (found := _FRAME_BEHIND.search(text)):
        text = text[: found.start()]
    found = _FIELDS_BEHIND.search(text) if ' {"' in text else None
    if found and text.count('":', found.start()) >= _FIELDS and _tells(text, found):
        text = text[: found.start()]
    if "://" in text:
        text = _HOST.sub(r"\1", text)
    if " object at 0x" in text:
        text = _OBJECT.sub("", text)
    text = _BRACES.sub("", text) if "{" in text and Reading(_BRACES.sub("", text)).telling else text
    if says_any(text, _ADVISING):
        found = _TRAILER.search(text)
        if found and _tells(text, found):
            tail = _ENDED.search(text, found.start())
            text = text[: found.start() + 1].rstrip(" \n([;,")
            if tail:
                text = f"{text.rstrip('.')}: {tail[0]}"
    if "http" in text and (found := _LINK.search(text)):
        text = text[: found.start()].rstrip(" :(<")
    text = text.rstrip(" :")
    return reading._replace(text=text) if text != reading.text else None


def _tells(text: str, found: re.Match[str]) -> bool:
    """Whether what stands before a place tells enough."""
    return Reading(text[: found.start()]).telling


def _unspent(text: str) -> str:
    return _SPENT.sub("", text) if says_any(text, _SPENDING) else text


_LATER = re.compile(
    r"\bHTTP (?:status )?(?:code )?([45]\d\d)\b|\bstatus[ _]code[:=]? ([45]\d\d)\b", re.IGNORECASE
)
_EMPTY_WORDS = re.compile(r"\A[\W\d_]*\Z")
_HEADING = re.compile(r"\A[^\n]{0,80}:\Z")


def first_line(reading: Reading) -> Reading | None:
    """Of several lines the first that says something; a heading with what follows it."""
    if not reading.code and says_any(reading.text, ("http ", "status")):
        found = _LATER.search(reading.text)
        reading = reading._replace(code=found[1] or found[2]) if found else reading
    if "\n" not in reading.text:
        text = _cut(reading.text)
        return reading if text == reading.text else reading._replace(text=text)
    if raised := list(RAISED.finditer(reading.text)):
        reading = reading._replace(text=reading.text[raised[-1].start() :])
    lines = [line.strip() for line in _unspent(reading.text).split("\n")]
    told = [line for line in lines if shows(line[:LINE]) and not _EMPTY_WORDS.match(line)]
    if not told:
        return reading._replace(text=" ".join(lines).strip())
    if len(told) > 1 and (_HEADING.match(told[0]) or not Reading(told[0]).telling):
        told[0] += f" {told[1]}"
    return reading._replace(text=_cut(told[0]))


_RUN = re.compile(r"\S{201,}")


def _cut(line: str) -> str:
    """A line of which no part is so long that looking for its end takes long."""
    line = " ".join(line[:MESSAGE].split())
    if len(line) <= 200:
        return line
    return _RUN.sub(lambda found: found[0][:200] + "…", line)
