"""How far a sender's clock is off, and what is said of it."""

import pytest

from app.rules.sentences import ago, say
from app.rules.skew import TOLERANCE, greatest, of_job, of_project, skew_of
from app.rules.times import HOUR, MINUTE, SECOND
from app.rules.words import NBSP

ASKS = " Is local time sent as UTC?"


@pytest.mark.parametrize(
    ("ahead", "skew"),
    [(0, None), (TOLERANCE, None), (-TOLERANCE, None), (TOLERANCE + 1, 120), (-3 * MINUTE, -180)],
)
def test_what_two_right_clocks_may_differ_by_is_no_skew(ahead: int, skew: int | None) -> None:
    assert skew_of(ahead) == skew


def test_the_greatest_in_size_is_told() -> None:
    assert greatest([]) is greatest([None, None]) is None
    assert greatest([180, None, -300]) == -300
    assert greatest([-300, 300]) == greatest([300, -300]) == 300


@pytest.mark.parametrize(
    ("off", "words", "zone"),
    [
        (3 * MINUTE + 20 * SECOND, "3 min", False),
        (HOUR, "1 h", True),
        (8 * HOUR - 9 * SECOND, "8 h", True),
        (5 * HOUR + 30 * MINUTE, "5 h 30 m", True),
        (5 * HOUR + 45 * MINUTE, "5 h 45 m", True),
        (5 * HOUR + 15 * MINUTE, "5 h 15 m", False),
        (8 * HOUR + 5 * MINUTE, "8 h 05 m", False),
        (14 * HOUR, "14 h", True),
        (24 * HOUR, "1 d", False),
        (3652 * 24 * HOUR, "3652 d", False),
    ],
)
def test_it_is_said_in_words_and_a_zone_is_known(off: int, words: str, zone: bool) -> None:
    asks = ASKS if zone else ""
    ahead, behind = (of_job(sign * off // SECOND).replace(NBSP, " ") for sign in (1, -1))
    rule = "Its times are shown as sent, and judged by their receipt."
    assert ahead == f"The sender's clock is {words} ahead. {rule}{asks}"
    assert behind == (
        f"The sender's clock is {words} behind. Its times are shown and judged as sent.{asks}"
    )


def test_a_project_says_it_while_it_is_known() -> None:
    told = of_project(180, 7)
    assert told == say(f"A sender's clock is 3{NBSP}min ahead, seen last ", ago(7), ".")
    assert of_project(None, 7) == of_project(180, None) == ()
