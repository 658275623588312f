"""Which document an id names: ids that differ only in their Unicode form name the same one.

A file called `café.pdf` has another name on a Mac (an e and an accent) than elsewhere (an é), and
pipelines send what they are told. The form NFC decides which document is meant; what is shown is
what was sent.
"""

from itertools import groupby
from unicodedata import combining, is_normalized, normalize

LONGEST = 1024  # characters of an id
MOST_BYTES = 2048  # of it in UTF-8: three times as many in an address, of which servers take 8,190


MOST_MARKS = 30  # on one letter: no language has more (UAX 15, Stream-Safe Text Format)


def identity(document_id: str) -> str:
    """The id by which a document is known, whatever form of it was sent.

    Where marks are piled up beyond reason it is what was sent: to sort them takes quadratic time.
    """
    if document_id.isascii() or is_normalized("NFC", document_id):
        return document_id
    return document_id if is_piled(document_id) else normalize("NFC", document_id)


def is_piled(text: str) -> bool:
    """Whether marks are piled up on a letter of a text beyond reason."""
    piles = groupby(text, lambda letter: combining(letter) > 0)
    return any(marks and sum(1 for _ in pile) > MOST_MARKS for marks, pile in piles)


def is_short(document_id: str) -> bool:
    """Whether an id is short enough to be asked for, as it was sent and as it is known."""
    if document_id.isascii():
        return len(document_id) <= LONGEST
    forms = {document_id, identity(document_id)}
    return all(len(one) <= LONGEST and len(one.encode()) <= MOST_BYTES for one in forms)


def shown_form(one: str | None, other: str | None) -> str | None:
    """Of two forms of one id that were sent, each None where it is NFC, the one that is shown.

    NFC before any other, whichever came first.
    """
    return None if one is None or other is None else min(one, other)


def folder_and_file(document_id: str) -> tuple[str, str]:
    """(folder with its slash, file): the folder may be shortened on screen, the file is kept.

    Slashes after a `?` or `#` belong to the file: `https://wiki/page?path=a/b`.
    """
    path = document_id
    for mark in "?#":
        path = path.split(mark, 1)[0]
    body = path.rstrip("/\\")
    cut = max(body.rfind("/"), body.rfind("\\")) + 1
    return document_id[:cut], document_id[cut:]


def name_of(document_id: str, most: int = 60) -> str:
    """The file's name, cut off where it is longer than that."""
    folder, file = folder_and_file(document_id)
    name = file or folder
    return name if len(name) <= most else name[: most - 1] + "…"
