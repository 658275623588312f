"""Progress bars, on stderr: stdout is for what a script reads."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def bar_of(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; gives what moves it, called with (done, in all)."""
    shown: Any = click.progressbar(length=1, label=label, file=sys.stderr)

    def progress(done: int, total: int) -> None:
        shown.length = max(total, 1)
        shown.update(done - shown.pos)

    with shown:
        yield progress
