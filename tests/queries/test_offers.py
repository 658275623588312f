"""The projects that a form offers: found and sorted by the engines as here, in every letter."""

from collections.abc import Sequence

import pytest
from flask import Flask

from app.ledger.projects import change_project, create_project
from app.queries.projects import Offer, list_projects, name_projects, offer_projects
from app.store.database import reading

NAMES = (
    *("Straße", "STRASSE", "İstanbul", "istanbul", "ISTANBUL", "ıstanbul", "Ärger", "ärger"),
    *("a\u0308", "ÄRGER im Büro", "ΌΣΟΣ", "όσος", "\U00010400", "\U00010428", "日本語", "ＡＢ"),
    *("ﬃ", "ffi", "100%", "a_b", "back\\slash", "'quoted'", "\u00a0wide\u2003room", "zebra"),
    *("Zebra", "_", "~"),
)
WORDS = (
    *("", "strasse", "SS", "ß", "i", "İ", "ı", "är", "ÄR", "ä büro", "σ", "ς", "\U00010400"),
    *("語", "ＡＢ", "ab", "ffi", "%", "_", "\\", "'", "room", "wide room", "Z", "p1", "P1 z"),
    *("no such", "\0"),
)


@pytest.fixture(autouse=True)
def _projects(app: Flask) -> None:
    for number, name in enumerate(NAMES):
        create_project(f"P{number}", name=name, mode="kg_vector", now=number)


def sought(words: str) -> list[str]:
    """The ids that are found, as it is done here."""
    with reading() as connection:
        every = list_projects(connection)
    every.sort(key=lambda one: (one.name.casefold(), one.project_id))
    return [
        one.project_id
        for one in every
        if all(
            word in f"{one.name} {one.project_id}".casefold() for word in words.casefold().split()
        )
    ]


def ids(offer: Offer) -> Sequence[str]:
    return [one.project_id for one in offer.projects]


@pytest.mark.parametrize("words", WORDS)
def test_what_is_found_is_what_is_found_here(words: str) -> None:
    with reading() as connection:
        every, few = (offer_projects(connection, words, most) for most in (100, 3))
    assert ids(every) == sought(words)
    assert ids(few) == sought(words)[:3]
    assert few[1:] == every[1:] == (len(ids(every)), len(NAMES))


def test_a_project_that_is_called_something_else_is_found_by_that() -> None:
    change_project("P0", {"name": "ÖLBERG"})
    with reading() as connection:
        assert ids(offer_projects(connection, "ölb", 3)) == ["P0"]
        assert ids(offer_projects(connection, "straße", 3)) == ["P1"]
        named = name_projects(connection, ["P0", "P1", "P23", "none"])
    assert [one.name for one in named] == ["STRASSE", "zebra", "ÖLBERG"]
