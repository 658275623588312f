"""What stands around the table of jobs: tabs, chips, what the form has, the heads of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.queries.part import Choices
from app.rules.job import JobState
from app.rules.sentences import Parts

# Beside the longest document, each as nine characters of an address, and all other parts.
LONGEST_TYPED = 128


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab: how many jobs it would show, and where it leads; `state` None is that of all jobs."""

    state: JobState | None
    label: str
    count: int
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """One part of the filter that is set, by the name of its parameter, and the URL without it."""

    name: str
    label: Parts
    remove_href: str


@dataclass(frozen=True, slots=True)
class Head:
    """The head of a column: where it leads, and how the column is sorted now, "" if it is not."""

    href: str
    sorted: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the form to type in, at most `longest` characters."""

    name: str
    label: str
    value: str
    longest: int = LONGEST_TYPED


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the form to type in, to the minute, of UTC: `2026-11-24T03:04`, or ""."""

    name: str
    label: str
    value: str


Option = tuple[str, str, bool]
"""The value of something to choose, its words, and whether it is chosen."""


@dataclass(frozen=True, slots=True)
class Selection:
    """A choice of the form."""

    name: str
    label: str
    options: Sequence[Option]


def selection_of(name: str, choices: Choices, chosen: str) -> Selection:
    """A choice of a part: what it offers, and what is chosen though it is not offered."""
    texts = dict.fromkeys((*choices.texts, *([chosen] if chosen else [])))
    offered = {text: choices.words(text) for text in texts}
    return Selection(name, choices.label, options(choices.none, offered, chosen))


def options(none: str, offered: Mapping[str, str], chosen: str) -> list[Option]:
    """What can be chosen: to leave it out, and what is offered, by its value, with its words."""
    return [("", none, not chosen), *((text, offered[text], text == chosen) for text in offered)]
