"""The reporter: what a pipeline holds."""

from __future__ import annotations

import functools
import inspect
import threading
import uuid
from collections.abc import Iterable, Iterator
from typing import Any, Callable, TypeVar

from jobwall_reporter.job import Job
from jobwall_reporter.log import log
from jobwall_reporter.outbox import Outbox
from jobwall_reporter.settings import SettingsError, settings_of
from jobwall_reporter.states import Moment, State, seconds_of

Item = TypeVar("Item")
Function = TypeVar("Function", bound=Callable[..., Any])


class Reporter:
    """Reports the jobs of a pipeline to one project on a board.

    Of arguments that are not given the environment decides: JOBWALL_URL, JOBWALL_KEY,
    JOBWALL_PROJECT, and JOBWALL_SPOOL, a folder for what could not be sent. Without a URL it does
    nothing; with a wrong setting it says so once, and does nothing.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        project: str | None = None,
        *,
        spool: str | None = None,
    ) -> None:
        self._outbox: Outbox | None = None
        try:
            settings = settings_of(url, key, project, spool)
        except SettingsError as error:
            log.error("nothing is reported: %s", error)
            return
        if settings is not None:
            self._outbox = Outbox(settings)

    @classmethod
    def default(cls) -> Reporter:
        """The one of this process that is made of the environment alone, by whoever asks first."""
        with _making:
            if not _default:
                _default.append(cls())
            return _default[0]

    @property
    def reports(self) -> bool:
        """Whether it reports at all."""
        return self._outbox is not None

    @property
    def refusal(self) -> str | None:
        """With which words the board refuses whatever it is sent now; None unless it does."""
        return self._outbox.refusal if self._outbox is not None else None

    def job(
        self,
        document: str,
        *,
        job_id: str | None = None,
        attempt: int | None = None,
        created_at: Moment = None,
    ) -> Job:
        """A job for a document, which begins with `start` or with its block.

        Without a `job_id` it is a new one. Of one that was run before under its id the attempt
        rises by itself, unless it is given. `created_at` is when it was made, if that is not now. A
        document "" says nothing: the board knows it of that id already, or refuses the job.
        """
        state = State(job_id or uuid.uuid4().hex, str(document))
        outbox = self._outbox
        if outbox is not None:
            state.created_at = seconds_of(created_at)
            if attempt is not None:
                state.attempt = max(1, int(attempt))
            elif job_id is not None:
                with outbox.lock:
                    state.attempt, state.run = None, outbox.attempts.next_run(job_id)
            job = Job(state, outbox)
            outbox.opened(state)
            return job
        return Job(state, None)

    def start(self, document: str, **named: Any) -> Job:
        """The same, begun at once: for who ends it by hand."""
        return self.job(document, **named).start()

    def waiting(self, document: str, **named: Any) -> Job:
        """The same, told to the board as one that waits."""
        job = self.job(document, **named)
        job.update()
        return job

    def track(
        self, items: Iterable[Item], *, key: Callable[[Item], str] = str
    ) -> Iterator[tuple[Item, Job]]:
        """Each item with a job for it, which completes as the loop goes on.

        `key` names the document of an item. Of a loop that is left, by a break or an exception, the
        job at hand fails; what it catches itself it tells by `job.fail`.
        """
        for item in items:
            job = self.start(key(item))
            try:
                yield item, job
            except GeneratorExit:  # a break, or an exception that this cannot see
                job.fail("The loop was left while this document was at hand.")
                raise
            job.complete()

    def tracked(self, key: Callable[..., str]) -> Callable[[Function], Function]:
        """Decorates a function, sync or async, so that each of its calls is a job.

        `key` names the document, of the same arguments.
        """

        def decorate(function: Function) -> Function:
            if inspect.iscoroutinefunction(function):

                @functools.wraps(function)
                async def called(*args: Any, **named: Any) -> Any:
                    with self.job(self.named(key, *args, **named) or "unnamed"):
                        return await function(*args, **named)

            else:

                @functools.wraps(function)
                def called(*args: Any, **named: Any) -> Any:
                    with self.job(self.named(key, *args, **named) or "unnamed"):
                        return function(*args, **named)

            return called  # type: ignore[return-value]

        return decorate

    def named(self, key: Callable[..., str | None], /, *args: Any, **named: Any) -> str | None:
        """What names a document, of these arguments; None, and a line in the log, if it raises."""
        try:
            name = key(*args, **named)
        except Exception as error:
            log.error("a document could not be named: %r", error)
            return None
        return None if name is None else str(name)

    def flush(self, patience: float = 10.0) -> bool:
        """Wait until the board has all of it, for so long (seconds) at most; whether it has."""
        return self._outbox is None or self._outbox.flush(patience)

    def close(self) -> None:
        """Send what there is within two seconds; what cannot be, the next run sends.

        Called by itself as the process ends.
        """
        if self._outbox is not None:
            self._outbox.close()


_default: list[Reporter] = []
_making = threading.Lock()
