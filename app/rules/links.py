"""Links from a job to where it lives elsewhere: templates of a project, filled with its fields.

A template is an http or https address with fields in braces:
`https://logs.example/search?q={job_id}`. What is filled in is quoted, so that no document's name
can lead anywhere else; only a template that is `{source_doc_id}` alone takes it as it is, where
documents are addresses themselves.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote, urlsplit

LONGEST = 1000
LONGEST_ADDRESS = 2000
WHOLE = "{source_doc_id}"
FIELDS = ("project_id", "job_id", "source_doc_id", "attempt", "status")
_FIELD = re.compile(r"\{([^{}]*)\}")


class Links(NamedTuple):
    """The templates of a project: its documents, its logs, and how to run a job again."""

    source: str | None = None
    logs: str | None = None
    rerun: str | None = None


LABELS = Links("Source document", "Logs", "Run again")


def check_template(text: str) -> str:
    """The template itself; raises ValueError with a sentence about what is wrong with it."""
    if len(text) > LONGEST:
        raise ValueError(f"has at most {LONGEST} characters")
    unknown = [name for name in _FIELD.findall(text) if name not in FIELDS]
    if unknown or re.search(r"[{}]", _FIELD.sub("", text)):
        raise ValueError(
            f"knows {', '.join('{' + name + '}' for name in FIELDS)} and no other braces"
        )
    if text != WHOLE and not _is_web(text.partition("{")[0], whole=False):
        raise ValueError("must begin with https:// or http:// and a host, or be {source_doc_id}")
    return text


def web_address(text: str) -> str | None:
    """The text, where it is an address of the web that a job's page may lead to."""
    return text if len(text) <= LONGEST_ADDRESS and _is_web(text, whole=True) else None


def fill(links: Links, values: Mapping[str, object]) -> list[tuple[str, str]]:
    """The links of a job: (what is there, the address), without those that lead nowhere.

    `values` are the job's `FIELDS`.
    """
    quoted = {name: quote(str(values[name]), safe="/") for name in FIELDS}
    filled = []
    for label, template in zip(LABELS, links, strict=True):
        if template == WHOLE:
            address = str(values["source_doc_id"])
        elif template:
            address = _FIELD.sub(lambda field: quoted[field[1]], template)
        else:
            continue
        if label is not None and _is_web(address, whole=True):
            filled.append((label, address))
    return filled


def _is_web(address: str, *, whole: bool) -> bool:
    """Whether it is an address of the web; of the beginning of one, whether its host is fixed."""
    if re.search(r"[\x00-\x20\\]", address):
        return False
    try:
        parts = urlsplit(address)
        fixed = bool(parts.hostname) and (whole or bool(parts.path))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and fixed
