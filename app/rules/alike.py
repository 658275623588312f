"""Texts as a search compares them: without regard to case, width or Unicode form."""

from unicodedata import is_normalized, normalize

from app.rules.documents import is_piled


def alike(text: str) -> str:
    """A text in the form that all texts have which look the same to someone who seeks it.

    NFKC of small letters, of NFKC (Unicode Standard Annex 15, and chapter 3.13 for what is one
    letter in capitals). Where marks are piled up beyond reason they stay as they are: to sort them
    takes quadratic time.
    """
    if text.isascii():
        return text.lower()
    return _composed(_composed(text).casefold())


def _composed(text: str) -> str:
    if is_normalized("NFKC", text) or is_piled(text):
        return text
    return normalize("NFKC", text)
