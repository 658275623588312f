"""What servers answer: statuses of gRPC, pages, bodies, codes before a message."""

import re
from html import unescape

from app.rules.causes.bodies import said_in
from app.rules.causes.reading import HEAD, Reading, after

_RPC = re.compile(
    r"status = StatusCode\.(\w+)\s+details = (?:\"((?>(?:[^\"\\]|\\.)*))\"|“([^\n]*?)”?\n)"
)
_RPC_SHORT = re.compile(r"<_?\w+: StatusCode\.(\w+), (.*?)>(?:, <Time:|\Z|\n)")
_RPC_GO = re.compile(r"rpc error: code = (\w+) desc = ")


def rpc(reading: Reading) -> Reading | None:
    """A status of gRPC, as Python and as Go print it."""
    if "StatusCode" not in reading.text and "rpc error" not in reading.text:
        return None
    if found := _RPC.search(reading.text):
        details = (found[2] or found[3] or "").replace('\\"', '"')
        return Reading(details, reading.kind, _screaming(found[1]))
    if found := _RPC_SHORT.search(reading.text):
        return Reading(found[2], reading.kind, _screaming(found[1]))
    if found := _RPC_GO.search(reading.text):
        return Reading(reading.text[found.end() :], reading.kind, _screaming(found[1]))
    return None


def _screaming(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper()


_PAGE = re.compile(r"<(?:!doctype html|html|head)\b", re.IGNORECASE)
_TITLE = re.compile(r"<(title|h1|h2)[^>]*+>([^<]*+)</\1>", re.IGNORECASE)
_XML = re.compile(r"<(?:\w+:)?(?:message|faultstring|errormessage)>([^<]+)</", re.IGNORECASE)
_XML_CODE = re.compile(r"<(?:\w+:)?code>([A-Za-z]\w+)</", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*+>")


def page(reading: Reading) -> Reading | None:
    """The page of a proxy or a server: its title; of a body of XML its message."""
    if "</" in reading.text and (said := _XML.search(reading.text)):
        kind = _XML_CODE.search(reading.text)
        code = kind[1] if kind else ""
        return Reading(unescape(said[1]).strip(), reading.kind or code, reading.code)
    begin = _PAGE.search(reading.text)
    if begin is None:
        return None
    before, page = reading.text[: begin.start()], reading.text[begin.start() :]
    title = _TITLE.search(page)
    text = title[2] if title else _TAG.sub(" ", page)
    return after(before, reading._replace(text=unescape(text).strip()))


_VALIDATION = re.compile(
    r"\A\d+ validation errors? for ([^\n]+)\n(?:(\S[^\n]*)\n)?\s+([^\n]*?) \[type=\w+"
)


def validation(reading: Reading) -> Reading | None:
    """What pydantic found wrong first: in which field of which model, and what."""
    found = _VALIDATION.match(reading.text)
    if found is None:
        return None
    where = f"{found[1]}.{found[2]}" if found[2] else found[1]
    return Reading(f"{where}: {found[3]}", reading.kind or "ValidationError", reading.code)


def body(reading: Reading) -> Reading | None:
    """The body of an answer, in JSON or as Python prints a dict (see `bodies`)."""
    said = said_in(reading.text)
    if said is None:
        return None
    found = after(said.before, reading._replace(text=said.message))
    if not found.code:
        found = found._replace(code=said.code)
    return found if found.kind or found.telling else found._replace(kind=said.kind)


_FIELDS = re.compile(
    r"(?:\A|\()code[=:] ?(\w+), message[=:] ?([^\n]*?)(?:\)>?(?:, <Time:[^\n]*)?)?\Z"
)
_NEO = re.compile(r"\{(?:neo4j_)?code: ([\w.]+)\} \{message:\s+(.*)", re.DOTALL)
_CLICKHOUSE = re.compile(r"\ACode: (\d+)\.\s+(?:DB::Exception: )?")
_BEHIND = re.compile(r" ?\(status code: ([45]\d\d)\)\Z")
_REQUEST = re.compile(r"\A(?:([45]\d\d) )?(?:GET|POST|PUT|PATCH|DELETE) https?://\S+: ")
_BRACKETED = re.compile(r"\[([45]\d\d) [A-Z][\w ]+\] (?=\w+ \w+ \w)")
# Elasticsearch's own exceptions, of which the innermost reason tells.
_SEARCH = re.compile(r"\[type=(\w+), reason=([^\n]*?)(?:\]+;?|, caused_by[^\n]*)?$", re.MULTILINE)
_NUMBERED = re.compile(r"\A(?:error:? )?([45]\d\d)(?: -|:)? (?=[A-Z]\w* )", re.IGNORECASE)
# How Kubernetes tells of a container.
_STATE = re.compile(
    r"State:\s+Terminated\s+Reason:\s+(\w+)\s+(?:Message:[^\n]*\s+)?Exit Code:\s+(\d+)"
)
_EVICTED = re.compile(r"Reason:\s+(\w+)\s+Message:\s+([^\n]+)")
_CODED = re.compile(
    r"\A(?:[^:{\n]{0,60}?\b)?(?:status(?:[ _]code)?|error code|error|HTTP(?:/[\d.]+)?|code)"
    r"[ :=]*\(?([45]\d\d)\b[)\] ]*[,:.-][\s:-]*(?=\S)",
    re.IGNORECASE,
)


def coded(reading: Reading) -> Reading | None:
    """A code before a message: of HTTP, of Milvus, of Neo4j."""
    text = reading.text
    if "message" in text and (found := _FIELDS.search(text)):
        return Reading(found[2], reading.kind, found[1])
    if "(status code" in text and (found := _BEHIND.search(text)):
        return Reading(text[: found.start()], reading.kind, reading.code or found[1])
    if found := _REQUEST.match(text):
        return Reading(text[found.end() :], reading.kind, reading.code or found[1] or "")
    if found := _CLICKHOUSE.match(text):
        return Reading(text[found.end() :], reading.kind, reading.code or found[1])
    if "code: " in text and (found := _NEO.search(text)):
        return Reading(
            found[2].rstrip().removesuffix("}"),
            reading.kind or found[1].rpartition(".")[2],
            reading.code,
        )
    if found := _BRACKETED.search(text):
        return Reading(text[found.end() :], reading.kind, found[1])
    innermost = text.rfind("[type=")
    if innermost >= 0 and (found := _SEARCH.match(text, innermost)):
        return Reading(found[2], reading.kind, reading.code)
    if (found := _NUMBERED.match(text[:HEAD])) and Reading(text[found.end() :]).telling:
        return Reading(text[found.end() :], reading.kind, reading.code or found[1])
    if "Reason:" in text and (found := _STATE.search(text)):
        return Reading(f"Terminated: {found[1]}, exit code {found[2]}", reading.kind, reading.code)
    if "Reason:" in text and (found := _EVICTED.search(text)):
        return Reading(found[2], reading.kind or found[1], reading.code)
    if found := _CODED.match(text[:HEAD]):
        rest = text[found.end() :]
        if Reading(rest).telling:
            return Reading(rest, reading.kind, found[1])
    return None
