"""Celery: every task is a job.

```python
from jobwall_reporter.adapters.celery import report_tasks

app = Celery("ingest", broker=…)
report_tasks(document=lambda task, args, kwargs: args[0])
```

Once, where the app is made: then whoever sends a task reports that it waits, and its worker the
rest. The job has the task's id, and each of its tries is an attempt: one that is retried fails with
the reason, and the next one waits. What ends a task from outside ends its job too: a time limit, a
revocation, an expiry, a worker process that dies. In the task `jobwall_reporter.current()` is the
job. Without late acknowledgement a worker that is killed with all its processes says nothing more:
its jobs stall.
"""

from __future__ import annotations

from collections import OrderedDict
from contextvars import Token
from typing import Any, Callable, NamedTuple, Optional

from celery import signals

from jobwall_reporter.job import Job, enter, leave
from jobwall_reporter.reporter import Reporter

MOST_RECEIVED = 10_000  # tasks that a worker remembers; it takes a few at a time

Naming = Callable[[str, Any, Any], Optional[str]]
"""The document of a task, by its name, its args and kwargs; None: this one is not reported."""


class _Running(NamedTuple):
    job: Job
    token: Token[Job | None]


def report_tasks(*, document: Naming, reporter: Reporter | None = None) -> Reporter:
    """Report tasks from now on; gives the reporter, which is made of the environment by default.

    `document` names what a task ingests, for example `lambda task, args, kwargs: args[0]`; a task
    for which it gives None is not reported. What it raises is logged.
    """
    reports = _Reports(document, reporter or Reporter.default())
    reports.connect()
    return reports.reporter


class _Reports:
    """The receivers of Celery's signals, which come in any process that has loaded the app."""

    def __init__(self, document: Naming, reporter: Reporter) -> None:
        self._document, self.reporter = document, reporter
        self._running: dict[str, _Running] = {}
        self._received: OrderedDict[str, tuple[str, int]] = OrderedDict()

    def connect(self) -> None:
        """Listen, as long as the process lives."""
        for signal, receiver in (
            (signals.after_task_publish, self._wait),
            (signals.task_received, self._receive),
            (signals.task_prerun, self._begin),
            (signals.task_success, self._succeed),
            (signals.task_failure, self._fail),
            (signals.task_retry, self._retry),
            (signals.task_revoked, self._revoke),
            (signals.task_postrun, self._end),
            # Its processes leave without what Python does at its end.
            (signals.worker_process_shutdown, self._shut_down),
        ):
            signal.connect(receiver, weak=False)

    def _wait(self, sender: str, headers: dict[str, Any], body: Any, **_: Any) -> None:
        """It waits; a retry is published by the worker that gave it up."""
        if not isinstance(body, (tuple, list)):  # of Celery's first protocol
            return
        args, kwargs = body[:2]
        if (name := self._name(sender, args, kwargs)) is not None:
            attempt = (headers.get("retries") or 0) + 1
            self.reporter.waiting(name, job_id=headers["id"], attempt=attempt)

    def _receive(self, request: Any, **_: Any) -> None:
        """Remember what a task is about: whoever ends it from outside is not told."""
        if (name := self._name(request.name, request.args, request.kwargs)) is not None:
            self._received[request.id] = name, (request.request_dict.get("retries") or 0) + 1
            if len(self._received) > MOST_RECEIVED:
                self._received.popitem(last=False)

    def _begin(self, task_id: str, task: Any, args: Any, kwargs: Any, **_: Any) -> None:
        if (name := self._name(task.name, args, kwargs)) is not None:
            job = self.reporter.start(name, job_id=task_id, attempt=task.request.retries + 1)
            self._running[task_id] = _Running(job, enter(job))

    def _succeed(self, sender: Any, **_: Any) -> None:
        if running := self._running.get(sender.request.id):
            running.job.complete()

    def _fail(self, task_id: str, exception: BaseException, **_: Any) -> None:
        if job := self._job(task_id):
            job.fail(exception)

    def _retry(self, request: Any, reason: Any, **_: Any) -> None:
        if job := self._job(request.id):
            job.fail(getattr(reason, "exc", None) or str(reason))

    def _revoke(self, request: Any, terminated: bool, expired: bool, **_: Any) -> None:
        # One that was never received is known by its id alone, and to the board by its sender.
        attempt = (request.retries or 0) + 1
        job = self._job(request.id) or self.reporter.job("", job_id=request.id, attempt=attempt)
        job.fail("Expired" if expired else "Terminated" if terminated else "Revoked")

    def _end(self, task_id: str, **_: Any) -> None:
        if running := self._running.pop(task_id, None):
            leave(running.token)

    def _shut_down(self, **_: Any) -> None:
        self.reporter.close()

    def _job(self, task_id: str) -> Job | None:
        """The job of a task that runs in this process, else of one that it handed to another."""
        if running := self._running.get(task_id):
            return running.job
        received = self._received.pop(task_id, None)
        if received is None:
            return None
        name, attempt = received
        return self.reporter.job(name, job_id=task_id, attempt=attempt)

    def _name(self, task: str, args: Any, kwargs: Any) -> str | None:
        if task.startswith("celery."):  # of its own: backend_cleanup, chord_unlock
            return None
        return self.reporter.named(self._document, task, args, kwargs)
