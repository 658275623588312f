"""Jobs, their earlier attempts and their events.

No foreign keys here: the ledger alone writes these tables, and raising the project's version in
the same transaction proves that the project is there.
"""

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Index,
    SmallInteger,
    Text,
    func,
    text,
)
from sqlalchemy.orm import InstrumentedAttribute, Mapped, mapped_column

from app.store.database import MICROS, Base, id_text, inlined

KEY_LENGTH = 256  # characters: an entry of PostgreSQL's btree has at most 2704 bytes


class AttemptColumns:
    """What is known of one attempt: the evidence that `ledger.merge.AttemptState` holds.

    `end_heard_at` is set only where the end that was given lies after its receipt.
    """

    attempt: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[int] = mapped_column(SmallInteger)
    chunks_processed: Mapped[int] = mapped_column(BigInteger)
    chunks_total: Mapped[int | None] = mapped_column(BigInteger)
    nodes_created: Mapped[int] = mapped_column(BigInteger)
    edges_created: Mapped[int] = mapped_column(BigInteger)
    skew_seconds: Mapped[int | None] = mapped_column(BigInteger)
    end_heard_at: Mapped[int | None] = mapped_column(MICROS)
    started_at: Mapped[int | None] = mapped_column(MICROS)
    started_filled: Mapped[bool]
    completed_at: Mapped[int | None] = mapped_column(MICROS)
    completed_filled: Mapped[bool]
    error_message: Mapped[str | None] = mapped_column(Text)
    noted_completed_at: Mapped[int | None] = mapped_column(MICROS)
    noted_error: Mapped[str | None] = mapped_column(Text)


class Job(AttemptColumns, Base):
    """A job: what the reports of its newest attempt say, merged.

    `source_doc_id` is the document as it is known, in NFC; `sent_doc_id` the form in which it was
    sent and is shown, where that is another (`rules.documents`).

    `moved_at` is when what it made, its status or its attempt changed last; None of jobs that ended
    before that was kept.

    `ended_at`, `empty`, `cause` and `took` repeat what the rules derive, so that an index can hold
    them: when it ended as that is judged, the cause of a failed job, and how long (µs) a job took
    whose start and end are known.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_created", "project_id", "created_at", "job_id"),
        Index("ix_jobs_status", "project_id", "status", "created_at", "job_id"),
        Index(
            "ix_jobs_document",
            "project_id",
            text(f"substr(source_doc_id, 1, {KEY_LENGTH})"),
            "created_at",
            "job_id",
        ),
        Index(
            "ix_jobs_ended",
            "project_id",
            "status",
            "ended_at",
            sqlite_where=text("ended_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index(
            "ix_jobs_running",
            "project_id",
            "heard_at",
            "moved_at",
            sqlite_where=text("status = 1"),
        ).ddl_if(dialect="sqlite"),
        # What no index holds can change in its place: there a sign of life is a new row in all of
        # them, were there one index that holds when it came.
        Index(
            "ix_jobs_running_of",
            "project_id",
            postgresql_where=text("status = 1"),
        ).ddl_if(dialect="postgresql"),
        Index(
            "ix_jobs_empty",
            "project_id",
            "created_at",
            "job_id",
            sqlite_where=text("empty"),
            postgresql_where=text("empty"),
        ),
        Index(
            "ix_jobs_empty_ended",
            "project_id",
            "ended_at",
            sqlite_where=text("empty"),
            postgresql_where=text("empty"),
        ),
        Index(
            "ix_jobs_cause",
            "project_id",
            "cause",
            "created_at",
            "job_id",
            sqlite_where=text("cause IS NOT NULL"),
            postgresql_where=text("cause IS NOT NULL"),
        ),
        Index(
            "ix_jobs_took",
            "project_id",
            "took",
            sqlite_where=text("took IS NOT NULL"),
            postgresql_where=text("took IS NOT NULL"),
        ),
    )

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    job_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    source_doc_id: Mapped[str] = mapped_column(id_text(1024))
    created_at: Mapped[int] = mapped_column(MICROS)
    received_at: Mapped[int] = mapped_column(MICROS)
    sent_doc_id: Mapped[str | None] = mapped_column(id_text(1024))
    heard_at: Mapped[int] = mapped_column(MICROS)
    moved_at: Mapped[int | None] = mapped_column(MICROS)
    ended_at: Mapped[int | None] = mapped_column(MICROS)
    empty: Mapped[bool]
    cause: Mapped[int | None] = mapped_column(BigInteger)
    took: Mapped[int | None] = mapped_column(MICROS)
    event_count: Mapped[int] = mapped_column(SmallInteger)


def document_key(document: InstrumentedAttribute[str]) -> ColumnElement[str]:
    """The beginning of a document id that the index holds; it finds, the whole id decides."""
    # Written out, since an index on an expression only serves the very same expression.
    return func.substr(document, inlined(1), inlined(KEY_LENGTH))


class Attempt(AttemptColumns, Base):
    """The state in which an earlier attempt of a job was left, or in which late reports put it."""

    __tablename__ = "attempts"

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    job_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    attempt: Mapped[int] = mapped_column(BigInteger, primary_key=True)


class Event(Base):
    """A change of status, a new attempt or a conflict: at most 50 a job, the first 50."""

    __tablename__ = "events"

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    job_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    number: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(MICROS)
    kind: Mapped[str] = mapped_column(Text)
    attempt: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[int] = mapped_column(SmallInteger)
    detail: Mapped[str | None] = mapped_column(Text)
