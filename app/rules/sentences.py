"""Sentences as data: parts that a page, the wall or an answer writes each in its own way.

A time in a sentence is a moment and the style in which it is told, no text: the browser writes it,
in the reader's own zone, and how long ago it was while that grows.
"""

from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

Style = Literal["clock", "date", "ago", "age", "for", "paren"]
"""02:41 · 23 Nov 2026, 02:41:07 · 23 min ago · 23 min · for 23 min · " (23 min)", which is left out
where nothing grows."""


class Part(NamedTuple):
    """A text, or a time `at` (µs) told in a `style`; `foreign` are somebody else's words.

    With `until` (µs) it is the time from one to the other, and has a style of its own.
    Where it tells of jobs that a page can show, `jobs` is the name of their kind (`job_states`).
    """

    text: str = ""
    at: int | None = None
    style: Style = "clock"
    strong: bool = False
    foreign: bool = False
    jobs: str = ""
    until: int | None = None


Parts = tuple[Part, ...]


class Brief(NamedTuple):
    """A sentence where room is short: what is read, and what is known about it beside that."""

    main: Parts = ()
    more: Parts = ()


def say(*pieces: str | Part | Parts) -> Parts:
    """The parts of these pieces, one after the other."""
    parts: list[Part] = []
    for piece in pieces:
        if isinstance(piece, str):
            parts += [Part(piece)] if piece else []
        elif isinstance(piece, Part):
            parts.append(piece)
        else:
            parts += piece
    return tuple(parts)


def strong(*pieces: str | Part | Parts) -> Parts:
    """The same, as what a sentence is about."""
    return tuple(part._replace(strong=True) for part in say(*pieces))


def plain(parts: Parts, tell: Callable[[int, Style], str]) -> str:
    """The sentence as text alone, its times told so, and with plain spaces."""
    texts = (part.text if part.at is None else tell(part.at, part.style) for part in parts)
    return "".join(texts).replace("\N{NO-BREAK SPACE}", " ")


def joined(clauses: Iterable[Parts]) -> Parts:
    """Clauses with a dot between them."""
    parts: Parts = ()
    for clause in clauses:
        parts += (Part(" · "), *clause) if parts else clause
    return parts


def foreign(text: str) -> Part:
    """Words that somebody else wrote, in whatever script."""
    return Part(text, foreign=True)


def leading(text: str, jobs: str) -> Part:
    """A text that leads to the jobs of a kind, where there are pages."""
    return Part(text, jobs=jobs)


def quoted(text: str, most: int = 90) -> Parts:
    """The same in quotation marks, and cut off where it is longer than that."""
    return say("“", foreign(text if len(text) <= most else text[: most - 1] + "…"), "”")


def clock(at: int) -> Part:
    """When it was."""
    return Part(at=at, style="clock")


def date(at: int) -> Part:
    """The same to the second, with its day."""
    return Part(at=at, style="date")


def period(start: int, until: int) -> Part:
    """An hour or a day."""
    return Part(at=start, until=until)


def ago(at: int) -> Part:
    """How long ago it was, with the word."""
    return Part(at=at, style="ago")


def age(at: int) -> Part:
    """How long ago it was, without."""
    return Part(at=at, style="age")


def lasting(at: int) -> Part:
    """For how long it has been so."""
    return Part(at=at, style="for")


def paren(at: int) -> Part:
    """How long ago it was, beside the time itself."""
    return Part(at=at, style="paren")
