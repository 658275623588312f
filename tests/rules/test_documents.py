"""Which document an id names."""

import time
import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.rules.documents import LONGEST, MOST_BYTES, identity, is_short, shown_form

# Letters that come apart, marks that are put in order, syllables, and what NFC takes apart.
LETTERS = st.sampled_from(
    "aeoỗǭÅ각\u1100\u1161\u11a8\u0300\u0302\u0323\u0328\u0345\u0958\U0001d160é/.長🧱"
)
TEXTS = st.text(LETTERS | st.characters(exclude_categories=["Cs"]), max_size=20)


@given(TEXTS)
def test_every_form_of_an_id_names_one_document(text: str) -> None:
    known = identity(text)
    assert identity(known) == known
    for form in ("NFC", "NFD"):
        assert identity(unicodedata.normalize(form, text)) == known


@pytest.mark.parametrize(
    ("one", "other"),
    [("a.pdf", "A.pdf"), ("ﬁ", "fi"), ("²", "2"), ("Ａ", "A"), ("a\u200d", "a"), ("é", "e")],
)
def test_what_looks_alike_but_is_no_form_of_the_same_is_another(one: str, other: str) -> None:
    assert identity(one) != identity(other)


@pytest.mark.parametrize(
    "pile",
    [
        "a" + "\u0315\u0300" * 511,
        "a" + "\u0315" * 511 + "\u0316" * 512,
        "".join(chr(0x36F - number % 0x70) for number in range(1023)),
        "ō" + "\u0328" * 1023,
        "\u0344" * 1024,
    ],
    ids=range(5),
)
def test_a_thousand_ids_are_soon_known_whatever_is_piled_up(pile: str) -> None:
    began = time.perf_counter()
    for number in range(1000):
        identity(f"{pile}{number}")
    assert time.perf_counter() - began < 2  # some 0.1 s; sorted, 2.5 s and more


@pytest.mark.parametrize(
    ("letter", "most"), [("x", 1024), ("ä", 1024), ("長", 682), ("🧱", 512), ("\u0958", 341)]
)
def test_an_id_is_short_in_characters_and_in_bytes(letter: str, most: int) -> None:
    assert is_short(letter * most)
    assert not is_short(letter * (most + 1))
    known = identity(letter * most)
    assert len(known) <= LONGEST
    assert len(known.encode()) <= MOST_BYTES


def test_the_form_that_is_shown_does_not_depend_on_the_order() -> None:
    for forms in permutations([None, "o\u0302\u0300", "\u00f4\u0300", "\u00f4\u0300"]):
        shown = forms[0]
        for form in forms[1:]:
            shown = shown_form(shown, form)
        assert shown is None
    assert shown_form("b", "a") == shown_form("a", "b") == "a"
