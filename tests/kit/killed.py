"""A child process that is killed at its n-th step: at each, one after the other.

A step is what Python itself tells of (`sys.addaudithook`) before it opens, makes, renames, locks or
removes a file; and what the task tells of.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator

TOLD = {
    "fcntl.flock",
    "open",
    "os.chmod",
    "os.link",
    "os.remove",
    "os.rename",
    "os.symlink",
    "sqlite3.connect",
    "sqlite3.connect/handle",
}


def killed_at_each_step(task: Callable[[Callable[[], None]], object]) -> Iterator[int]:
    """Run a task in a child again and again; gives the step at which it was just killed.

    The task is given what it calls at steps of its own. It ends when one run comes to its end.
    """
    step = 0
    while True:
        step += 1
        child = os.fork()
        if not child:
            try:
                _run(task, step)
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            yield step
            continue
        assert os.waitstatus_to_exitcode(status) == 0, "the task failed by itself"
        return


def _run(task: Callable[[Callable[[], None]], object], step: int) -> None:
    left = step

    def count() -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    def hear(event: str, _words: tuple[object, ...]) -> None:
        if event in TOLD:
            count()

    sys.addaudithook(hear)
    task(count)
    os._exit(0)
