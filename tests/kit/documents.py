"""What stands in the documents: their blocks, links, pictures and code, found by reading them."""

import re
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(r"( *)(`{3,}|~{3,})(.*)")
_SPAN = re.compile(r"(`+)(.+?)\1", re.DOTALL)
_LINK = re.compile(r"(!?)\[(?:[^\[\]]|\[[^\]]*\])*\]\(([^()\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)


class Block(NamedTuple):
    """A block of code: where it is, its language, its text, and the paragraph before it."""

    document: str
    line: int
    language: str
    text: str
    before: str

    def __str__(self) -> str:
        return f"{self.document}:{self.line}"


class Link(NamedTuple):
    """A link or a picture: where it is, and where it leads."""

    document: str
    line: int
    target: str
    is_picture: bool


def listed(*patterns: str) -> list[str]:
    """The files of the repository, committed or about to be, whose paths are like these."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *patterns]
    found = subprocess.run(words, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return sorted(name for name in set(found.split("\0")) if name and (ROOT / name).is_file())


DOCUMENTS = listed("*.md")


def text_of(document: str) -> str:
    """A document as it is written."""
    return (ROOT / document).read_text("utf-8")


def blocks_of(document: str, text: str | None = None) -> list[Block]:
    """The blocks of code in a document, in order."""
    return [part for part in _parts(document, text) if isinstance(part, Block)]


def prose_of(document: str) -> str:
    """The document without its blocks; its lines keep their numbers."""
    lines: list[str] = []
    for part in _parts(document):
        lines += [""] * (part.text.count("\n") + 2) if isinstance(part, Block) else [part]
    return "\n".join(lines)


def _parts(document: str, text: str | None = None) -> Iterator[Block | str]:
    """The lines of a document, but each block of code as one part."""
    lines = iter(enumerate((text_of(document) if text is None else text).splitlines(), 1))
    paragraph: list[str] = []
    before = ""
    for number, line in lines:
        opened = _FENCE.fullmatch(line)
        if opened is None:
            if line.strip():
                paragraph.append(line)
            elif paragraph:
                before, paragraph = " ".join(paragraph), []
            yield line
            continue
        before = " ".join(paragraph) or before
        indent, fence, language = opened.groups()
        inside: list[str] = []
        for _, code in lines:
            if code.strip() == fence:
                break
            inside.append(code.removeprefix(indent))
        else:
            raise ValueError(f"{document}:{number}: this block has no end")
        body = "".join(f"{code}\n" for code in inside)
        yield Block(document, number, language.strip(), body, before)


def code_of(document: str) -> list[str]:
    """Every span of code in a document, as one line."""
    return [re.sub(r"\s+", " ", span[2]).strip() for span in _SPAN.finditer(prose_of(document))]


def links_of(document: str) -> list[Link]:
    """Every link and picture in a document."""
    found = []
    for number, line in enumerate(prose_of(document).splitlines(), 1):
        plain = _SPAN.sub("", line)
        for match in _LINK.finditer(plain):
            found.append(Link(document, number, match[2], bool(match[1])))
    return found


def anchors_of(document: str) -> set[str]:
    """The anchors that a reader of the repository has for the headings of a document."""
    anchors = set()
    for heading in _HEADING.findall(prose_of(document)):
        kept = (
            letter
            for letter in heading.lower()
            if letter in "-_ " or unicodedata.category(letter)[0] in "LN"
        )
        anchors.add("".join(kept).replace(" ", "-"))
    return anchors


def between_marks(text: str, mark: str) -> str:
    """What stands between `<!-- mark -->` and `<!-- /mark -->`."""
    start, end = f"<!-- {mark} -->\n", f"<!-- /{mark} -->"
    return text[text.index(start) + len(start) : text.index(end)]


def with_between_marks(text: str, mark: str, new: str) -> str:
    """The text with something else between its marks."""
    start = f"<!-- {mark} -->\n"
    head, known = text.partition(start)[0], between_marks(text, mark)
    return head + start + new + text[len(head) + len(start) + len(known) :]
