"""Sources: upstreams whose jobs are mirrored into a project, and what is known of these."""

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.database import MICROS, Base, id_text

URL = 1024  # characters
SENTENCE = 300  # characters that are kept of what went wrong


class Source(Base):
    """An upstream, of which one project is followed by one of ours.

    `sealed_key` is its key as `access.sealed` keeps it. `progress` is how far its list was read
    (`mirror.progress`), as JSON. Up to `synced_at` everything that the upstream listed is here;
    `answered_at` is its last answer, `failing_since` the first of the errors since then, of which
    `error` is the last. `refusal` says of a job that could not be taken why.
    """

    __tablename__ = "sources"

    project_id: Mapped[str] = mapped_column(
        id_text(), ForeignKey("projects.project_id", ondelete="CASCADE"), primary_key=True
    )
    url: Mapped[str] = mapped_column(String(URL))
    upstream_project: Mapped[str] = mapped_column(id_text())
    sealed_key: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[int] = mapped_column(MICROS)
    paused_at: Mapped[int | None] = mapped_column(MICROS)
    progress: Mapped[str] = mapped_column(Text)
    synced_at: Mapped[int | None] = mapped_column(MICROS)
    answered_at: Mapped[int | None] = mapped_column(MICROS)
    failing_since: Mapped[int | None] = mapped_column(MICROS)
    error: Mapped[str | None] = mapped_column(String(SENTENCE))
    retry_at: Mapped[int | None] = mapped_column(MICROS)
    requests_left: Mapped[int | None] = mapped_column(BigInteger)
    refusal: Mapped[str | None] = mapped_column(String(SENTENCE))


class MirroredJob(Base):
    """A job of an upstream that has not ended, and is asked for by itself at `due_at`.

    It is asked for less often the longer it has not changed, which it did last at `changed_at`.
    `misses` is how often in a row the upstream did not know it. Where that was once too often it is
    removed here, and this row is its tombstone: of a job that went at `gone_at`.
    """

    __tablename__ = "mirrored_jobs"
    __table_args__ = (
        Index("ix_mirrored_jobs_due", "project_id", "due_at"),
        Index("ix_mirrored_jobs_gone", "project_id", "gone_at"),
    )

    project_id: Mapped[str] = mapped_column(
        id_text(), ForeignKey("sources.project_id", ondelete="CASCADE"), primary_key=True
    )
    job_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    due_at: Mapped[int | None] = mapped_column(MICROS)
    changed_at: Mapped[int] = mapped_column(MICROS)
    misses: Mapped[int] = mapped_column(SmallInteger)
    gone_at: Mapped[int | None] = mapped_column(MICROS)
