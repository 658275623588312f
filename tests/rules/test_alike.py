"""What is sought is found in whatever form it was written."""

import sys
import unicodedata

from app.rules.alike import alike

FORMS = ("NFC", "NFD", "NFKC", "NFKD")


def test_every_form_of_a_character_is_alike_and_so_are_its_capital_and_its_small_letter() -> None:
    for letter in map(chr, range(sys.maxunicode + 1)):
        other = {letter.lower(), *(unicodedata.normalize(form, letter) for form in FORMS)}
        if letter != "ı":  # whose capital is that of another letter
            other.add(letter.upper())
        assert {alike(one) for one in other} == {alike(letter)} == {alike(alike(letter))}


def test_marks_piled_up_stay_as_they_are() -> None:
    pile = "é" + "\u0315\u0300" * 50_000
    assert alike(pile) == pile
