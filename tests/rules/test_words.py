"""Numbers and lengths of time in words."""

import pytest

from app.rules import words
from app.rules.times import DAY, HOUR, MINUTE, SECOND


def spaces(text: str) -> str:
    """The text with ordinary spaces, for reading the expected values."""
    return text.replace(words.NBSP, " ")


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (None, "–"),
        (-5 * SECOND, "0 s"),
        (0, "0 s"),
        (400_000, "< 1 s"),
        (41 * SECOND, "41 s"),
        (59_999_999, "59 s"),
        (37 * MINUTE + 3 * SECOND, "37 m 03 s"),
        (2 * HOUR + 5 * MINUTE + 59 * SECOND, "2 h 05 m"),
        (3 * DAY + 4 * HOUR, "3 d 04 h"),
    ],
)
def test_a_duration_has_two_units_at_most(micros: int | None, text: str) -> None:
    assert spaces(words.duration(micros)) == text


def test_a_duration_never_breaks_over_two_lines() -> None:
    assert " " not in words.duration(37 * MINUTE)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (-5 * SECOND, "0 s"),
        (0, "0 s"),
        (499_999, "0 s"),
        (12 * SECOND + 499_999, "12 s"),
        (12 * SECOND + 500_000, "13 s"),
        (90 * SECOND, "90 s"),
        (2 * MINUTE - SECOND, "119 s"),
        (2 * MINUTE - 1, "2 min"),
        (150 * SECOND, "3 min"),
        (111 * MINUTE, "111 min"),
        (2 * HOUR - 31 * SECOND, "119 min"),
        (2 * HOUR - 30 * SECOND, "2 h"),
        (2 * HOUR + 51 * MINUTE, "3 h"),
        (30 * HOUR, "30 h"),
        (2 * DAY - 31 * MINUTE, "47 h"),
        (2 * DAY - 30 * MINUTE, "2 d"),
        (7 * DAY + 23 * HOUR, "8 d"),
    ],
)
def test_an_age_has_one_unit_of_which_there_are_two_at_least(micros: int, text: str) -> None:
    assert spaces(words.age(micros)) == text


def test_an_age_that_grows_never_steps_back() -> None:
    units = {"s": SECOND, "min": MINUTE, "h": HOUR, "d": DAY}
    told = [spaces(words.age(seconds * SECOND)).split() for seconds in range(4 * DAY // SECOND)]
    lengths = [int(number) * units[unit] for number, unit in told]
    assert lengths == sorted(lengths)


@pytest.mark.parametrize(
    ("micros", "text"),
    [
        (90 * SECOND, "90 s"),
        (HOUR, "1 h"),
        (90 * MINUTE, "90 min"),
        (DAY, "1 d"),
        (36 * HOUR, "36 h"),
    ],
)
def test_what_someone_chose_is_said_exactly(micros: int, text: str) -> None:
    assert spaces(words.span(micros)) == text


def test_numbers_have_separators_and_nouns_agree() -> None:
    assert words.count(48210) == "48,210"
    assert words.count(None) == "–"
    assert spaces(words.plural(1, "document")) == "1 document"
    assert spaces(words.plural(1204, "document")) == "1,204 documents"
    assert spaces(words.plural(0, "try", "tries")) == "0 tries"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (999_999, "999,999"),
        (1_000_000, "1.00 M"),
        (1_239_999, "1.23 M"),
        (45_678_901, "45.6 M"),
        (999_999_999, "999 M"),
        (2**53 - 1, "9.00 P"),
    ],
)
def test_a_short_count_is_never_rounded_up(number: int, text: str) -> None:
    assert spaces(words.short_count(number)) == text


def test_a_count_with_less_room_is_shortened_earlier() -> None:
    assert spaces(words.short_count(99_999, 100_000)) == "99,999"
    assert spaces(words.short_count(123_456, 100_000)) == "123 k"
