"""Projects."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.models.counts import JobCounts
from app.rules.causes import RULES
from app.rules.project import sought_as
from app.rules.times import MINUTE
from app.store.database import MICROS, Base, id_text

MODES = ("kg_vector", "vector_only")


def _sought(context: Any) -> str:
    return sought_as(context.get_current_parameters()["name"])


class Project(JobCounts, Base):
    """A project. `version` rises in every transaction that changes what someone could see.

    See `ledger.versions`. The links are templates that a job's page fills (`rules.links`). The
    counts are the totals of its jobs, and `failing` is how many of its documents still fail.
    `skew_seconds` is how far a sender's clock was off when that was seen last, `skewed_at` (µs).
    `rules` is the version of the rules of its causes, `sought` its name as it is sought.
    """

    __tablename__ = "projects"
    __table_args__ = (CheckConstraint("mode IN ('kg_vector', 'vector_only')", name="mode"),)

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    sought: Mapped[str] = mapped_column(id_text(600), default=_sought, server_default="")
    mode: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[int] = mapped_column(MICROS)
    version: Mapped[int] = mapped_column(BigInteger)
    silent_after: Mapped[int] = mapped_column(MICROS, default=15 * MINUTE)
    wait_after: Mapped[int] = mapped_column(
        MICROS, default=15 * MINUTE, server_default=str(15 * MINUTE)
    )
    expect_every: Mapped[int | None] = mapped_column(MICROS)
    source_link: Mapped[str | None] = mapped_column(String(1000))
    logs_link: Mapped[str | None] = mapped_column(String(1000))
    rerun_link: Mapped[str | None] = mapped_column(String(1000))
    skew_seconds: Mapped[int | None] = mapped_column(BigInteger)
    skewed_at: Mapped[int | None] = mapped_column(MICROS)
    rules: Mapped[int] = mapped_column(SmallInteger, default=RULES)
    failing: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
