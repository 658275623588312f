"""The links under a table."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pager:
    """Where a page stands among the others; a link is None where it would lead nowhere."""

    number: int
    pages: int
    start: int
    end: int
    total: int
    first: str | None
    prev: str | None
    next: str | None
    last: str | None


def make_pager(number: int, size: int, total: int, shown: int, link: Callable[[int], str]) -> Pager:
    """The pager of page `number` (from 1) with `shown` rows of `total`; `link` makes the URLs."""
    pages = max(1, -(-total // size))
    before = number > 1
    after = number < pages
    return Pager(
        number=number,
        pages=pages,
        start=(number - 1) * size + 1 if shown else 0,
        end=(number - 1) * size + shown,
        total=total,
        first=link(1) if before else None,
        prev=link(min(number - 1, pages)) if before else None,
        next=link(number + 1) if after else None,
        last=link(pages) if number != pages else None,
    )
