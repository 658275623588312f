"""The counts that are kept in the transaction that changes a job, so that no page has to count."""

from sqlalchemy import BigInteger, SmallInteger
from sqlalchemy.orm import Mapped, mapped_column

from app.rules.status import JobStatus
from app.store.database import MICROS, Base, id_text

CREATED_COLUMNS = (*(status.word for status in JobStatus), "empty")
"""What is counted of jobs, whatever their time: each status, and which completed without nodes."""


class JobCounts:
    """How many jobs: the columns of `CREATED_COLUMNS`."""


for _name in CREATED_COLUMNS:
    _column = mapped_column(BigInteger, nullable=False, default=0, server_default="0")
    setattr(JobCounts, _name, _column)


class CreatedCount(JobCounts, Base):
    """How many jobs were created in a month (32 days), day, hour or minute.

    `level` is 0 day, 1 hour, 2 minute, 3 month; `bucket` its start in µs.
    """

    __tablename__ = "created_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    bucket: Mapped[int] = mapped_column(MICROS, primary_key=True, autoincrement=False)


class FinishedCount(Base):
    """What finished in an hour of `ended_at` (`hour` is its start in µs).

    `completed` and `failed` are the jobs whose end counts as a success or as a failure; `failing`
    the documents that failed last in this hour, and still do.
    """

    __tablename__ = "finished_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    hour: Mapped[int] = mapped_column(MICROS, primary_key=True, autoincrement=False)
    completed: Mapped[int] = mapped_column(BigInteger, default=0)
    failed: Mapped[int] = mapped_column(BigInteger, default=0)
    chunks: Mapped[int] = mapped_column(BigInteger, default=0)
    nodes: Mapped[int] = mapped_column(BigInteger, default=0)
    edges: Mapped[int] = mapped_column(BigInteger, default=0)
    failing: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")


class DurationCount(Base):
    """How many jobs that completed in an hour took how long: a histogram in logarithmic steps."""

    __tablename__ = "duration_counts"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    hour: Mapped[int] = mapped_column(MICROS, primary_key=True, autoincrement=False)
    step: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    jobs: Mapped[int] = mapped_column(BigInteger, default=0)
