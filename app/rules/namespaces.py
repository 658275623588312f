"""Which namespaces of OpenLineage a pattern means: one, or (with a `*` at its end) a beginning."""

from collections.abc import Iterable

LONGEST = 250  # characters of a pattern
MOST = 50  # patterns of a project
ANY = "*"
_BETWEEN = ", "
LONGEST_LINE = MOST * (LONGEST + len(_BETWEEN))


def read_patterns(text: str) -> list[str]:
    """The patterns of a line, parted by commas; raises ValueError with what is wrong with it."""
    patterns = sorted({one.strip() for one in text.split(",")} - {""})
    if len(patterns) > MOST:
        raise ValueError(f"has at most {MOST} of them")
    for one in patterns:
        if len(one) > LONGEST:
            raise ValueError(f"has at most {LONGEST} characters for each")
        if ANY in one[:-1]:
            raise ValueError("knows a * at the end alone")
        if not one.isprintable():
            raise ValueError("must be readable")
    return patterns


def write_patterns(patterns: Iterable[str]) -> str:
    """What `read_patterns` reads."""
    return _BETWEEN.join(sorted(patterns))


def patterns_of(namespace: str) -> list[str]:
    """Every pattern that can mean this namespace, the one that says most first."""
    beginnings = range(min(len(namespace), LONGEST - len(ANY)), -1, -1)
    patterns = [namespace, *(namespace[:length] + ANY for length in beginnings)]
    return [one for one in patterns if one.isprintable() and len(one) <= LONGEST]
