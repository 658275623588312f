"""The counts that are kept in the transaction that changes a job, so that no page has to count."""

from sqlalchemy import BigInteger, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.store.database import MICROS, Base, id_text

CREATED_COLUMNS = ("pending", "running", "completed", "failed", "empty")
"""What is counted of the jobs created in a time; `empty` is a part of `completed`."""


class CreatedCount(Base):
    """How many jobs were created in a month (32 days), day, hour or minute, a column per status.

    `level` is 0 day, 1 hour, 2 minute, 3 month; `bucket` its start in µs. `empty` is the part of
    `completed` that made no node from its chunks.
    """

    __tablename__ = "created_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(MICROS, primary_key=True, autoincrement=False)
    pending: Mapped[int] = mapped_column(BigInteger, default=0)
    running: Mapped[int] = mapped_column(BigInteger, default=0)
    completed: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    empty: Mapped[int] = mapped_column(BigInteger, default=0)


class FinishedCount(Base):
    """What finished in an hour of `completed_at` (`hour` is its start in µs)."""

    __tablename__ = "finished_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    hour: Mapped[int] = mapped_column(MICROS, primary_key=True, autoincrement=False)
    completed: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    chunks: Mapped[int] = mapped_column(BigInteger, default=0)
    nodes: Mapped[int] = mapped_column(BigInteger, default=0)
    edges: Mapped[int] = mapped_column(BigInteger, default=0)


class DurationCount(Base):
    """How many jobs that completed in an hour took how long: a histogram in logarithmic steps."""

    __tablename__ = "duration_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    hour: Mapped[int] = mapped_column(MICROS, primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    jobs: Mapped[int] = mapped_column(BigInteger, default=0)
