"""Which attempt a run is, where nobody said it: counted here, and from what the board knew before.

A run that begins while the board is away has no number yet, only its place among the runs that the
board has not heard of. What earlier processes left in the spool began before all of ours.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from jobwall_reporter.states import State
from jobwall_reporter.wire import Known

MOST = 10_000  # job ids that are remembered


class Attempts:
    """The runs of jobs whose ids are given, in this process."""

    def __init__(self) -> None:
        self._runs: OrderedDict[str, int] = OrderedDict()
        self._bases: OrderedDict[str, int] = OrderedDict()
        self.earlier: dict[str, int] = {}
        """Runs of jobs that earlier processes left."""

    def next_run(self, job_id: str) -> int:
        """The place of a run that begins now, from 1 on."""
        self._runs[job_id] = self._runs.pop(job_id, 0) + 1
        while len(self._runs) > MOST:
            old, _ = self._runs.popitem(last=False)
            self._bases.pop(old, None)
        return self._runs[job_id]

    def resolve(
        self, state: State, ask: Callable[[str], Known | None], before: Mapping[str, int]
    ) -> None:
        """Give a state its attempt; the board is asked of each job once. Raises what that does.

        `before` are the runs that began before those of whoever wrote the state.
        """
        job_id = state.job_id
        base = self._bases.get(job_id)
        if base is None:
            known = ask(job_id)
            # One that waits was announced, and is what begins now.
            base = 0 if known is None else known.attempt - (known.status == "pending")
            self._bases[job_id] = base
            while len(self._bases) > 2 * MOST:
                self._bases.popitem(last=False)
        state.attempt = base + before.get(job_id, 0) + state.run


def runs_in(states: Iterable[State]) -> dict[str, int]:
    """How many runs of each job are among these, of those that have no attempt yet."""
    runs: dict[str, int] = {}
    for state in states:
        if state.attempt is None:
            runs[state.job_id] = max(runs.get(state.job_id, 0), state.run)
    return runs
