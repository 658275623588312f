"""Causes: failed jobs whose errors say the same, counted."""

from sqlalchemy import BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from app.store.database import MICROS, Base, id_text

_FAILING = text("documents > 0")


class Cause(Base):
    """A cause (`app.rules.causes`) by which jobs of a project fail just now.

    `jobs` counts them, `documents` those that still fail by it. `job_id` is the one of them that
    failed last, `line` its telling line. `first_at` and `last_at` (µs) are when it was first and
    last seen, by jobs that are gone too. Of causes that tie the least number comes first.
    """

    __tablename__ = "causes"
    __table_args__ = (
        Index("ix_causes_last", "project_id", text("last_at DESC"), "cause"),
        Index(
            "ix_causes_documents",
            "project_id",
            text("documents DESC"),
            "cause",
            sqlite_where=_FAILING,
            postgresql_where=_FAILING,
        ),
        {"sqlite_with_rowid": False},
    )

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    cause: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    line: Mapped[str] = mapped_column(Text)
    job_id: Mapped[str] = mapped_column(id_text())
    jobs: Mapped[int] = mapped_column(BigInteger)
    documents: Mapped[int] = mapped_column(BigInteger)
    first_at: Mapped[int] = mapped_column(MICROS)
    last_at: Mapped[int] = mapped_column(MICROS)


class FormerCause(Base):
    """What became of a cause when the rules changed, so that links to it still lead somewhere.

    The rules look at nothing but an error's text: it is the same in every project.
    """

    __tablename__ = "former_causes"
    __table_args__ = (Index("ix_former_causes_became", "became"), {"sqlite_with_rowid": False})

    cause: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    became: Mapped[int] = mapped_column(BigInteger)


class CauseCount(Base):
    """How many jobs failed by a cause in an hour of `ended_at` (`hour` is its start in µs).

    `failing` are the documents that failed last in this hour, by this cause, and still do.
    By cause first: a page asks for few causes, and for all hours of a time.
    """

    __tablename__ = "cause_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    cause: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    hour: Mapped[int] = mapped_column(MICROS, primary_key=True, autoincrement=False)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    failing: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
