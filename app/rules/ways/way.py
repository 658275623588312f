"""What a way to report is: a few blocks of code, each with a word before it."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

BLANKS = ("url", "project", "key", "wheel")
"""What a board fills in: its address, the project, a key, the name of the reporter's wheel."""

_BLANK = re.compile(rf"⟨({'|'.join(BLANKS)})⟩")
_OF_GRAPH = re.compile(r"⟦(.*?)⟧")


class Part(NamedTuple):
    """A piece of a text; `blank` names what was filled in there, "" for what everyone reads."""

    text: str
    blank: str = ""


class Block(NamedTuple):
    """Something to copy as a whole; `says` is what it is for, with code between backticks.

    What is to be saved has the name of its `file`.
    """

    says: str
    language: str
    text: str
    file: str = ""

    @property
    def wraps(self) -> bool:
        """Whether its lines may be broken to be seen whole: in Python where they begin matters."""
        return self.language != "python"


class Way(NamedTuple):
    """A way to report: its name in an address, its title, and what becomes a job, in a sentence."""

    name: str
    title: str
    does: str
    blocks: tuple[Block, ...]


class Group(NamedTuple):
    """Ways that are alike."""

    title: str
    ways: tuple[Way, ...]


def filled(text: str, values: Mapping[str, str], *, graph: bool = True) -> Iterator[Part]:
    """The pieces of a text whose blanks are filled; raises KeyError for one without a value.

    What stands in `⟦⟧` is left out where the project's jobs make no nodes and edges.
    """
    text = _OF_GRAPH.sub(r"\1" if graph else "", text)
    for place, piece in enumerate(_BLANK.split(text)):
        if place % 2:
            yield Part(values[piece], piece)
        elif piece:
            yield Part(piece)


def settings() -> str:
    """The line of a shell that tells the reporter where to."""
    return "export JOBWALL_URL=⟨url⟩ JOBWALL_KEY=⟨key⟩ JOBWALL_PROJECT=⟨project⟩"


def install(*packages: str) -> Block:
    """The reporter, beside these packages, into the environment of a pipeline."""
    wanted = " ".join((*packages, "⟨url⟩/reporter/⟨wheel⟩"))
    return Block(
        "In your pipeline’s environment; a new one is made by"
        " `python3 -m venv .venv && . .venv/bin/activate`",
        "sh",
        f"pip install {wanted}\n{settings()}",
    )
