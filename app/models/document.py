"""Documents that ever failed, so that what still fails is found without asking their history."""

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.database import MICROS, Base, id_text

_FAILING = text("failing_since IS NOT NULL")


class Document(Base):
    """A source document of which some finished job failed: its latest failure and success.

    `document` is `ledger.standing.key_of` its id. It is failing, since `failing_since`, where no
    success is later than its latest failure; `error` is the telling line of that one, `cause` its
    cause. `failures` counts the jobs that failed since then.
    """

    __tablename__ = "documents"
    __table_args__ = (
        Index(
            "ix_documents_failing",
            "project_id",
            "failed_at",
            "document",
            "cause",
            "failing_since",
            sqlite_where=_FAILING,
            postgresql_where=_FAILING,
        ),
        Index(
            "ix_documents_cause",
            "project_id",
            "cause",
            "failed_at",
            "document",
            "failing_since",  # which each of them has, but SQLite looks into the row to see it
            sqlite_where=_FAILING,
            postgresql_where=_FAILING,
        ),
        {"sqlite_with_rowid": False},
    )

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    document: Mapped[str] = mapped_column(id_text(256), primary_key=True)
    failed_at: Mapped[int] = mapped_column(MICROS)
    job_id: Mapped[str] = mapped_column(id_text())
    error: Mapped[str] = mapped_column(Text)
    cause: Mapped[int] = mapped_column(BigInteger)
    failing_since: Mapped[int | None] = mapped_column(MICROS)
    succeeded_at: Mapped[int | None] = mapped_column(MICROS)
    failures: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
