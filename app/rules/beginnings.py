"""Lines that begin alike, told apart: where each of them begins to be its own."""

import re
from collections.abc import Sequence
from itertools import takewhile

LEAST = 20
"""So many characters two lines share at least before one that is cut may be taken for the other."""

_WHOLE_WORDS = re.compile(r".*[\s/\\:;,=(]", re.DOTALL)


def told_apart(lines: Sequence[str]) -> list[tuple[str, str]]:
    """For each line what it begins with like another one, in whole words, and the rest of it.

    The beginning is empty where no other line has so much in common with it.
    """
    return [_apart(line, [*lines[:place], *lines[place + 1 :]]) for place, line in enumerate(lines)]


def _apart(line: str, others: Sequence[str]) -> tuple[str, str]:
    shared = max((_shared(line, other) for other in others), default=0)
    shared = min(shared, len(line) - 1)  # or nothing would be left that could tell them apart
    words = _WHOLE_WORDS.match(line, 0, max(shared, 0))
    start = words.end() if words else shared
    return (line[:start], line[start:]) if start >= LEAST else ("", line)


def _shared(line: str, other: str) -> int:
    """With how many characters both begin."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(line, other, strict=False))
    )
