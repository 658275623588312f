"""The latest state of a job: what is kept of it, and what is reported."""

from __future__ import annotations

import itertools
import time
from datetime import datetime, timezone
from typing import Any, Union

COUNTS = ("chunks_processed", "chunks_total", "nodes_created", "edges_created")
MOST = 2**53 - 1  # of a count, as the board takes it
_NUMBERS = itertools.count(1)


class State:
    """What one attempt of a job is at; times are seconds since 1970, None where there is none.

    `attempt` is None until the board was asked: until then `run` counts the runs under this id that
    nobody has reported yet. `number` tells it from all others of its process. `revision` rises with
    every change: what was kept or acknowledged of an older one is not all.
    """

    __slots__ = (
        "__weakref__",
        "attempt",
        "chunks_processed",
        "chunks_total",
        "completed_at",
        "created_at",
        "edges_created",
        "error_message",
        "job_id",
        "nodes_created",
        "number",
        "revision",
        "run",
        "source_doc_id",
        "started_at",
        "status",
    )

    def __init__(self, job_id: str, source_doc_id: str) -> None:
        self.job_id = job_id
        self.source_doc_id = source_doc_id
        self.number = next(_NUMBERS)
        self.status = "pending"
        self.attempt: int | None = 1
        self.run = 1
        self.created_at: float | None = None
        self.started_at: float | None = None
        self.completed_at: float | None = None
        self.chunks_processed = 0
        self.chunks_total: int | None = None
        self.nodes_created = 0
        self.edges_created = 0
        self.error_message: str | None = None
        self.revision = 0

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of this attempt."""
        return self.completed_at is not None

    def report(self) -> dict[str, Any]:
        """The fields of a report, as the board takes them: totals, and all times."""
        fields: dict[str, Any] = {
            "job_id": self.job_id,
            "source_doc_id": self.source_doc_id or None,
            "status": self.status,
            "attempt": self.attempt,
            "error_message": self.error_message,
        }
        for name in COUNTS:
            fields[name] = getattr(self, name)
        for name in ("created_at", "started_at", "completed_at"):
            at = getattr(self, name)
            fields[name] = None if at is None else written(at)
        return {name: value for name, value in fields.items() if value is not None}

    def stored(self) -> dict[str, Any]:
        """All of it, for the spool."""
        return {name: getattr(self, name) for name in KEPT}


_OWN = ("__weakref__", "number", "revision")
KEPT = tuple(name for name in State.__slots__ if name not in _OWN)


def restored(fields: dict[str, Any]) -> State:
    """The state that `stored` wrote. Raises KeyError or TypeError where it did not."""
    state = State(fields["job_id"], fields["source_doc_id"])
    for name in KEPT:
        setattr(state, name, fields[name])
    return state


def written(at: float) -> str:
    """A moment as the board reads it, to the microsecond."""
    text = datetime.fromtimestamp(at, timezone.utc).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


Moment = Union[datetime, float, None]
"""When something was: a datetime (a naive one is of this place), seconds since 1970, None: now."""


def seconds_of(at: Moment) -> float:
    """A moment in seconds since 1970."""
    if at is None:
        return now()
    return at.timestamp() if isinstance(at, datetime) else float(at)


def now() -> float:
    """The present, in seconds since 1970."""
    return time.time()
