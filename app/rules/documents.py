"""Which document an id names: ids that differ only in their Unicode form name the same one.

A file called `café.pdf` has another name on a Mac (an e and an accent) than elsewhere (an é), and
pipelines send what they are told. The form NFC decides which document is meant; what is shown is
what was sent.
"""

from unicodedata import is_normalized, normalize

LONGEST = 1024  # characters of an id
MOST_BYTES = 2048  # of it in UTF-8: three times as many in an address, of which servers take 8,190


def identity(document_id: str) -> str:
    """The id by which a document is known, whatever form of it was sent."""
    if document_id.isascii() or is_normalized("NFC", document_id):
        return document_id
    return normalize("NFC", document_id)


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
