"""Which jobs of a project a list shows."""

from dataclasses import dataclass, replace
from typing import Literal

from app.rules.status import JobStatus

Kind = JobStatus | Literal["every", "empty"]


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Each part narrows the list; what is left out does not. Times and spans in µs.

    `since` is inclusive and `until` exclusive, both on `created_at`. `q` is an exact job id, the
    beginning of a document id, or words of an error. `silent_since` keeps running jobs not heard
    of since then; `empty` keeps completed ones without nodes. `document` is a document id and
    `cause` a number of `app.rules.causes`. `finished` keeps jobs that ended in [start, end), and
    `longer` those that took longer, as far as that is known.
    """

    statuses: frozenset[JobStatus] = frozenset()
    q: str = ""
    since: int | None = None
    until: int | None = None
    silent_since: int | None = None
    empty: bool = False
    document: str = ""
    cause: int | None = None
    finished: tuple[int, int] | None = None
    longer: int | None = None

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of the created counts that add up to this list, None if they cannot."""
        if self.q or self.document:
            return None
        if (self.silent_since, self.cause, self.finished, self.longer) != (None,) * 4:
            return None
        if self.empty:
            # Of no other status is any job empty.
            possible = not self.statuses or any(status.success for status in self.statuses)
            return ("empty",) if possible else ()
        return tuple(status.word for status in sorted(self.statuses or JobStatus))

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of job that the list is made of, each with an index of its own."""
        if self.empty:
            return ("empty",)
        if self.statuses and len(self.statuses) < len(JobStatus):
            return tuple(sorted(self.statuses))
        return ("every",)

    @property
    def of_any_kind(self) -> "JobFilter":
        """The same without what it says of kinds: status, empty, silent."""
        return replace(self, statuses=frozenset(), silent_since=None, empty=False)
