"""Dramatiq: every message is a job.

```python
from jobwall_reporter.adapters.dramatiq import ReportMessages

broker.add_middleware(ReportMessages(document=lambda actor, args, kwargs: args[0]))
```

Who sends a message reports that it waits, its worker the rest. The job has the message's id, and
each try is an attempt: one that is retried fails with its exception, and the next one waits. In the
actor `jobwall_reporter.current()` is the job.
"""

from __future__ import annotations

from contextvars import Token
from typing import Any, Callable, Optional

import dramatiq

from jobwall_reporter.job import Job, enter, leave
from jobwall_reporter.reporter import Reporter

Naming = Callable[[str, Any, Any], Optional[str]]
"""The document of a message, by its actor, args and kwargs; None: this one is not reported."""


class ReportMessages(dramatiq.Middleware):  # type: ignore[misc]  # where it is not installed
    """A middleware, the last one of its broker: the others have changed a message before."""

    def __init__(self, *, document: Naming, reporter: Reporter | None = None) -> None:
        self._document = document
        self.reporter = reporter or Reporter.default()
        self._running: dict[str, tuple[Job, Token[Job | None]]] = {}

    def after_enqueue(self, _broker: Any, message: Any, _delay: Any) -> None:
        """It waits; a retry is enqueued again under its id."""
        if (name := self._name(message)) is not None:
            self.reporter.waiting(name, job_id=message.message_id, attempt=_attempt(message))

    def before_process_message(self, _broker: Any, message: Any) -> None:
        """It runs."""
        if (name := self._name(message)) is not None:
            job = self.reporter.start(name, job_id=message.message_id, attempt=_attempt(message))
            self._running[message.message_id] = job, enter(job)

    def after_process_message(
        self,
        _broker: Any,
        message: Any,
        *,
        result: Any = None,  # noqa: ARG002  it is called with it
        exception: BaseException | None = None,
    ) -> None:
        """It is done, or failed; called before the middleware that retries it."""
        job, token = self._running.pop(message.message_id, (None, None))
        if job is not None and token is not None:
            leave(token)
            job.complete() if exception is None else job.fail(exception)

    def after_skip_message(self, _broker: Any, message: Any) -> None:
        """Another middleware did not let it run."""
        job, token = self._running.pop(message.message_id, (None, None))
        if token is not None:
            leave(token)
        if job is None and (name := self._name(message)) is not None:
            job = self.reporter.job(name, job_id=message.message_id, attempt=_attempt(message))
        if job is not None:
            job.fail("Skipped")

    def _name(self, message: Any) -> str | None:
        return self.reporter.named(self._document, message.actor_name, message.args, message.kwargs)


def _attempt(message: Any) -> int:
    return int(message.options.get("retries") or 0) + 1
