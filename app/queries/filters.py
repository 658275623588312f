"""Which jobs of a project a list shows."""

from dataclasses import dataclass
from typing import Literal

from app.status import JobStatus

Kind = JobStatus | Literal["every", "empty"]


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Each part narrows the list; what is left out does not. Times in µs.

    `since` is inclusive and `until` exclusive, both on `created_at`. `q` is an exact job id or the
    beginning of a document id. `silent_since` keeps running jobs not heard of since then;
    `empty` keeps completed ones without nodes.
    """

    statuses: frozenset[JobStatus] = frozenset()
    q: str = ""
    since: int | None = None
    until: int | None = None
    silent_since: int | None = None
    empty: bool = False

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of the created counts that add up to this list, None if they cannot."""
        if self.q or self.silent_since is not None:
            return None
        if self.empty:
            return ("empty",)
        return tuple(status.word for status in sorted(self.statuses or JobStatus))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of job that the list is made of, each with an index of its own."""
        if self.empty:
            return ("empty",)
        if self.statuses and len(self.statuses) < len(JobStatus):
            return tuple(sorted(self.statuses))
        return ("every",)
