"""Which jobs of a project a list shows."""

from dataclasses import dataclass

from sqlalchemy import Boolean, ColumnElement, and_, literal_column, or_

from app.models import Job
from app.models.job import KEY_LENGTH, document_key
from app.status import JobStatus

LAST_CHARACTER = "\U0010ffff"


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

    def kinds(self) -> list[ColumnElement[bool]]:
        """The conditions on what kind of job it is: all but the times."""
        conditions: list[ColumnElement[bool]] = []
        if self.empty:
            # The literals let both engines see that a partial index is enough.
            conditions.append(literal_column("jobs.empty", Boolean))
        elif self.silent_since is not None:
            conditions += [Job.status == literal_column("1"), Job.heard_at <= self.silent_since]
        elif self.statuses and len(self.statuses) < len(JobStatus):
            conditions.append(Job.status.in_(sorted(self.statuses)))
        if self.q:
            start = self.q[:KEY_LENGTH]
            begins = document_key(Job.source_doc_id).between(start, start + LAST_CHARACTER)
            whole = Job.source_doc_id.between(self.q, self.q + LAST_CHARACTER)
            conditions.append(or_(Job.job_id == self.q, and_(begins, whole)))
        return conditions

    def times(self) -> list[ColumnElement[bool]]:
        """The conditions on when it was created."""
        conditions: list[ColumnElement[bool]] = []
        if self.since is not None:
            conditions.append(Job.created_at >= self.since)
        if self.until is not None:
            conditions.append(Job.created_at < self.until)
        return conditions
