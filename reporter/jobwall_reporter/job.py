"""A job that a pipeline has in hand."""

from __future__ import annotations

from contextvars import ContextVar, Token
from types import TracebackType
from typing import Callable

from jobwall_reporter.errors import message_of
from jobwall_reporter.log import log
from jobwall_reporter.outbox import Outbox
from jobwall_reporter.states import MOST, Moment, State, now, seconds_of


class Job:
    """One run of a job: tell it what it made, and that it ended.

    As a context manager, sync or async, it starts by itself, completes at the end of its block, and
    fails with the exception that leaves it, which goes on. Nothing here ever raises. Where nothing
    is to be reported, it does nothing.
    """

    __slots__ = ("__weakref__", "_outbox", "_state", "_token")

    def __init__(self, state: State, outbox: Outbox | None) -> None:
        self._state = state
        self._outbox = outbox
        self._token: Token[Job | None] | None = None

    @property
    def job_id(self) -> str:
        """Its id on the board."""
        return self._state.job_id

    def start(self, at: Moment = None) -> Job:
        """It runs, from now on or since then."""
        return self._change(status="running", at=at)

    def add(self, *, chunks: int = 0, nodes: int = 0, edges: int = 0, of: int | None = None) -> Job:
        """So many more were made; `of` how many chunks there are in all, where that is known."""

        def change(state: State) -> None:
            _begin(state)
            state.chunks_processed = _count(state.chunks_processed + chunks)
            state.nodes_created = _count(state.nodes_created + nodes)
            state.edges_created = _count(state.edges_created + edges)
            if of is not None:
                state.chunks_total = _count(of)

        return self._tell(change)

    def update(
        self,
        *,
        chunks: int | None = None,
        nodes: int | None = None,
        edges: int | None = None,
        of: int | None = None,
    ) -> Job:
        """So many were made in all; the board keeps the greatest that it was told."""

        def change(state: State) -> None:
            if chunks or nodes or edges:
                _begin(state)
            if chunks is not None:
                state.chunks_processed = _count(chunks)
            if nodes is not None:
                state.nodes_created = _count(nodes)
            if edges is not None:
                state.edges_created = _count(edges)
            if of is not None:
                state.chunks_total = _count(of)

        return self._tell(change)

    def complete(self, at: Moment = None) -> None:
        """It is done, now or then. What is said of it after its end is left out."""
        self._change(status="completed", at=at)

    def fail(self, error: BaseException | str, at: Moment = None) -> None:
        """It failed, by an exception with all that caused it, or by these words."""
        self._change(status="failed", message=message_of(error), at=at)

    def _change(self, status: str, message: str | None = None, at: Moment = None) -> Job:
        def change(state: State) -> None:
            moment = seconds_of(at)
            if state.started_at is None:
                state.started_at = moment
            if status != "running":
                state.completed_at = moment
            state.status, state.error_message = status, message

        return self._tell(change)

    def _tell(self, change: Callable[[State], None]) -> Job:
        """Change the state of a job that has not ended, and have it sent; nothing is raised."""
        outbox = self._outbox
        if outbox is None:
            return self
        try:
            with outbox.lock:
                if not self._state.ended:
                    change(self._state)
                    outbox.changed(self._state)
        except Exception as error:
            log.error("a report was left out: %r", error)
        return self

    def __enter__(self) -> Job:
        self._token = enter(self)
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        token, self._token = self._token, None
        if token is not None:
            leave(token)
        # The end of a generator or a loop that is left is no fault of its job.
        if error is None or isinstance(error, GeneratorExit):
            self.complete()
        else:
            self.fail(error)

    async def __aenter__(self) -> Job:
        return self.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.__exit__(kind, error, traceback)


_current: ContextVar[Job | None] = ContextVar("jobwall_job", default=None)


def current() -> Job:
    """The job whose block, or whose task of a library, this is in; else one that tells nobody."""
    return _current.get() or Job(State("", ""), None)


def enter(job: Job) -> Token[Job | None]:
    """Let it be the current one of this thread or task, until `leave`."""
    return _current.set(job)


def leave(token: Token[Job | None]) -> None:
    """Let the one before be the current one again."""
    try:
        _current.reset(token)
    except ValueError:  # a generator may be closed in another context than it was begun in
        _current.set(None)


def _begin(state: State) -> None:
    """What makes something runs, also where nobody said that it started."""
    if state.started_at is None:
        state.started_at, state.status = now(), "running"


def _count(value: int) -> int:
    """A count that the board takes."""
    return max(0, min(MOST, int(value)))
