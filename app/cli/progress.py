"""Progress bars, on stderr: stdout is for what a script reads."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import click


@contextmanager
def bar_of(label: str) -> Iterator[Callable[[int, int], None]]:
    """A progress bar; gives what moves it, called with (done, in all).

    It appears with the first step, so that what is refused at once is said in one line.
    """
    with ExitStack() as stack:
        shown: Any = None

        def progress(done: int, total: int) -> None:
            nonlocal shown
            if shown is not None and done < shown.pos:  # it is done once more
                stack.close()
                shown = None
            if shown is None:
                shown = click.progressbar(length=1, label=label, file=sys.stderr)
                stack.enter_context(shown)
            shown.length = max(total, 1)
            shown.update(done - shown.pos)

        yield progress
