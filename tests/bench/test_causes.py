"""What the board says of error texts, beside what people say."""

from bench.causes import GIVEN, OWN, agreement


def test_the_board_agrees_with_people() -> None:
    """Of the texts that were given, and of others, which are harder."""
    given, own = agreement(*GIVEN), agreement(*OWN)
    assert given.precision >= 0.97
    assert given.recall >= 0.95
    assert given.lines >= 0.95
    assert own.precision >= 0.95
    assert own.recall >= 0.8
    assert own.lines >= 0.9
