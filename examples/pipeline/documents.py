"""Finds the documents to ingest, each with an id that stays the same from run to run."""

import hashlib
import re
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from pipeline.texts import plain

SAMPLES = Path(__file__).resolve().parent.parent / "documents"
SMALLEST, LARGEST = 1_000, 64_000  # bytes, of a document that comes with a package
MOST = 120  # documents that come with packages

LEGAL = re.compile(r"(LICEN[CS]E|COPYING|NOTICE)\b[^/]*", re.IGNORECASE)
PROSE = re.compile(r"(README|CHANGE\w*|NEWS)|.*\.(md|markdown|rst)|README\.txt", re.IGNORECASE)
OWN_SUFFIXES = {".pdf", ".txt"}
KINDS = ".pdf, .txt, .md, .markdown and .rst files, READMEs, change logs and licences"


@dataclass(frozen=True)
class Document:
    """A file to ingest. The fingerprint changes when, and only when, its bytes do."""

    source_doc_id: str
    path: Path
    fingerprint: str


def documents_in(folder: Path) -> list[Document]:
    """All PDF and text documents below `folder`, hidden files left out.

    Ids start with the folder's own name: `documents/handbook.pdf`.
    """
    folder = folder.resolve()
    paths = (path for path in folder.rglob("*") if _is_own(path.relative_to(folder)))
    return sorted_documents(
        _document(path, path.relative_to(folder.parent)) for path in paths if path.is_file()
    )


def default_documents() -> list[Document]:
    """The documentation of the installed packages, with a sample of this pipeline here and there.

    Some of the samples fail, and whoever watches shall see work first, and then a failure.
    """
    found = sorted_documents(_installed_documents())
    for number, sample in enumerate(documents_in(SAMPLES)):
        found.insert(4 + number * 8, sample)
    return found


def sorted_documents(documents: Iterable[Document]) -> list[Document]:
    """In the order of their ids, whatever the case."""
    return sorted(documents, key=lambda document: document.source_doc_id.casefold())


def _installed_documents() -> list[Document]:
    """At most MOST of them: descriptions first, then other documentation, then legal texts."""
    unique: dict[str, Document] = {}
    for _, path, name in sorted(_documentation()):
        document = _document(path, name)
        # Many packages ship the same licence; one copy of it is enough.
        unique.setdefault(document.fingerprint, document)
        if len(unique) == MOST:
            break
    return list(unique.values())


def _documentation() -> Iterator[tuple[int, Path, Path]]:
    """Rank, place and name of every fitting file that the installed packages list as theirs."""
    paths = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    for distribution in distributions(path=sorted(paths)):
        for file in distribution.files or ():
            rank = _rank(file.name)
            path = Path(str(file.locate()))
            if rank is not None and ".." not in file.parts and _fits(path):
                yield rank, path, Path(file)


def _rank(name: str) -> int | None:
    patterns = (re.compile("METADATA"), PROSE, LEGAL)
    ranks = (rank for rank, pattern in enumerate(patterns) if pattern.fullmatch(name))
    return next(ranks, None)


def _fits(path: Path) -> bool:
    return path.is_file() and SMALLEST <= path.stat().st_size <= LARGEST


def _is_own(relative: Path) -> bool:
    if any(part.startswith(".") for part in relative.parts):
        return False
    name = relative.name
    return relative.suffix.lower() in OWN_SUFFIXES or _rank(name) is not None


def _document(path: Path, name: Path) -> Document:
    # A file name may hold bytes that are no text; the board takes 1,024 characters of text, and of
    # their UTF-8 2,048 bytes.
    readable = plain(name.as_posix())[-1024:].encode()[-2048:].decode(errors="ignore")
    return Document(readable, path, _fingerprint(path))


def _fingerprint(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        # Still a document: its job will say why it failed, once until that changes.
        return f"unreadable: {error.strerror}"
