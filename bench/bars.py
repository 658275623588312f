"""Progress bars, on standard error so that the table can be redirected."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Progress = Callable[[str, float], object]
"""Told what is being done, and how much of the whole is done (0 … 1)."""


@contextmanager
def bar(label: str) -> Iterator[Progress]:
    """A bar that says what is being done."""
    with click.progressbar(
        length=1000, label=label, item_show_func=lambda what: what, file=sys.stderr
    ) as shown:

        def progress(what: str, done: float) -> None:
            shown.update(int(done * 1000) - shown.pos, what)

        yield progress
