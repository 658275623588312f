"""The body of an answer: what it says in JSON, or in a dict as Python prints it, also cut off.

Looked for by its keys and not parsed: it may be cut in the middle, be within other words, or hold
another body as a text.
"""

import re
from typing import NamedTuple

_STRING = r"\"(?>(?:[^\"\\]|\\.)*)(?:\"|\Z)|'(?>(?:[^'\\]|\\.)*)(?:'|\Z)"  # the last one may be cut
_PAIR = re.compile(
    rf"(?<![\w\\])b?(?:\"([\w.@:-]+)\"|'([\w.@:-]+)')\s*:\s*({_STRING}|-?\d++|None|null)"
)
_SLASHED = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_MEANT = {"n": "\n", "t": "\t", "r": "\r", "b": " ", "f": " "}

_MESSAGES = [
    "error_message",
    "errorMessage",
    "message",
    "Message",
    "error_description",
    "msg",
    "reason",
    "detail",
    "details",
    "errmsg",
    "err",
    "error",
    "Error",
    "exception",
    "exc_info",
    "description",
    "title",
    "event",
    "fault",
    "faultstring",
    "cause",
    "statusText",
]
_KINDS = [
    "type",
    "__type",
    "code",
    "Code",
    "error",
    "error_code",
    "errorCode",
    "errorType",
    "status",
    "name",
]
_CODES = [
    "code",
    "status",
    "statusCode",
    "status_code",
    "error_code",
    "http_status",
    "httpStatus",
    "errno",
]
# Keys by which a body is known to tell of a failure.
_SIGNS = frozenset(
    [
        "error",
        "errors",
        "detail",
        "code",
        "Code",
        "status",
        "statusCode",
        "status_code",
        "errorMessage",
        "error_message",
        "errorType",
        "__type",
        "fault",
        "request_id",
        "requestId",
        "level",
        "levelname",
        "severity",
        "exception",
        "exc_info",
        "err",
        "errmsg",
        "success",
        "object",
        "ok",
        "error_description",
        "type",
    ]
)


class Said(NamedTuple):
    """What stands before a body, and its message, its type and its code; "" where it has none."""

    before: str
    message: str
    kind: str
    code: str


_SAYS = re.compile(r"(?i)(?:message|msg|reason|error|detail)s?\Z")
_ANNOUNCED = re.compile(
    r"(?i)\b(?:body|response|status[_ ]code|code [45]\d\d)\b|\berror\W{0,12}[{\[]"
)


def said_in(text: str) -> Said | None:
    """What the first body in a text says; None where there is none that says something."""
    begin = _begin(text)
    if begin is None or text.find(":", begin) < 0:
        return None
    found: dict[str, list[str]] = {}
    keys: set[str] = set(re.findall(r"[\"'](\w+)[\"']\s*:\s*[{\[]", text[begin:]))
    for pair in _PAIR.finditer(text, begin):
        key = pair[1] or pair[2]
        keys.add(key)
        value = pair[3]
        if value[0] in "\"'":
            value = _plain(value[1:].removesuffix(value[0]))
        if value.strip() and value not in ("None", "null"):
            found.setdefault(key, []).append(value.strip())
    announced = len(found) < 3 or _ANNOUNCED.search(text)
    named = (
        keys & _SIGNS
        or any(map(_SAYS.search, found))
        or any("error" in key.lower() for key in keys)
    )
    if not (named or (announced and "message" in keys)):
        return None
    is_log = not keys.isdisjoint({"level", "levelname", "severity"})
    wanted = ("exception", "exc_info", "error", "err", *_MESSAGES) if is_log else _MESSAGES
    wanted = (*wanted, *(key for key in found if _SAYS.search(key)), "data")
    messages = [one for key in wanted for one in found.get(key, ()) if any(map(str.isalpha, one))]
    if "caused_by" in keys and "reason" in found:
        messages.insert(0, found["reason"][-1])  # the innermost
    if not messages:
        return None
    message = next((one for one in messages if len(one.split()) > 2), messages[0])
    kind = next(
        (
            one
            for key in _KINDS
            for one in found.get(key, ())
            if _is_kind(one) and one not in (message, "error")
        ),
        "",
    )
    codes = (one for key in _CODES for one in found.get(key, ()))
    code = next((one for one in codes if one.isdecimal() and one[0] not in "012"), "")
    return Said(text[:begin], message, kind, code)


def _begin(text: str) -> int | None:
    found = re.search(r"[{\[]\s*\\?[\"'{\[]", text)
    if found is None:
        return None
    of_bytes = re.compile(r"\bb['\"]").match(text, max(0, found.start() - 2))
    return of_bytes.start() if of_bytes and of_bytes.end() == found.start() else found.start()


def _is_kind(value: str) -> bool:
    return re.fullmatch(r"[A-Za-z][\w.:#/-]{2,60}", value) is not None


def _plain(text: str) -> str:
    def meant(found: re.Match[str]) -> str:
        one = found[1]
        return chr(int(one[1:], 16)) if len(one) == 5 else _MEANT.get(one, one)

    return _SLASHED.sub(meant, text) if "\\" in text else text
