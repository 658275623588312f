"""What a document points at is there, and what is there for a document is pointed at."""

import re
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest

from tests.kit.documents import DOCUMENTS, Link, anchors_of, code_of, links_of, listed

FILES = set(listed())
FOLDERS = {str(folder) for name in FILES for folder in PurePosixPath(name).parents if folder.name}
NAMES = {PurePosixPath(name).name for name in FILES}
TOP = {name.partition("/")[0] for name in FILES if "/" in name}
NAMED = re.compile(
    rf"(?:{'|'.join(map(re.escape, sorted(TOP)))})/[\w./*-]*|[\w.-]+\.(?:toml|txt|py|md|yaml)"
)
NOT_HERE = {
    "tasks.py": "a file of whoever follows the guide to reporting",
    "ingest.py": "the same",
}
"""What looks like a path in a document and is none, and why."""


def resolved(link: Link) -> tuple[str, str]:
    """The file that a link leads to, from the top of the repository, and the anchor in it."""
    address = urlsplit(link.target)
    parts: list[str] = [] if not address.path else list(PurePosixPath(link.document).parent.parts)
    if not address.path:
        return link.document, address.fragment
    for part in PurePosixPath(address.path).parts:
        parts = parts[:-1] if part == ".." else [*parts, part]
    return "/".join(parts), address.fragment


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_link_leads_somewhere(document: str) -> None:
    for link in links_of(document):
        if urlsplit(link.target).scheme:
            assert link.target.startswith("https://"), link
            continue
        path, anchor = resolved(link)
        assert path in FILES | FOLDERS, link
        assert not anchor or anchor in anchors_of(path), link


def test_every_picture_is_shown_by_a_document() -> None:
    shown = {resolved(link)[0] for name in DOCUMENTS for link in links_of(name) if link.is_picture}
    pictures = {name for name in FILES if name.startswith("docs/") and not name.endswith(".md")}
    assert pictures == shown


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_path_that_a_document_names_is_there(document: str) -> None:
    here = PurePosixPath(document).parent
    for code in code_of(document):
        if not NAMED.fullmatch(code) or code in NOT_HERE:
            continue
        path = code.rstrip("/")
        if "*" in path:
            assert any(PurePosixPath(name).match(path) for name in FILES), f"{document}: {code}"
            continue
        found = {path, str(here / path)} & (FILES | FOLDERS)
        assert found or path in NAMES, f"{document}: {code}"


def test_every_document_is_linked_from_the_readme_or_what_that_links() -> None:
    reached, todo = set(), ["README.md"]
    while todo:
        document = todo.pop()
        reached.add(document)
        found = {resolved(link)[0] for link in links_of(document)} & set(DOCUMENTS)
        todo += sorted(found - reached)
    assert reached == set(DOCUMENTS)
