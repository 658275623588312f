"""Projects."""

from sqlalchemy import BigInteger, CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.database import MICROS, Base, id_text
from app.times import MINUTE

MODES = ("kg_vector", "vector_only")


class Project(Base):
    """A project. `version` rises in every transaction that changes what someone could see."""

    __tablename__ = "projects"
    __table_args__ = (CheckConstraint("mode IN ('kg_vector', 'vector_only')", name="mode"),)

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    mode: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[int] = mapped_column(MICROS)
    version: Mapped[int] = mapped_column(BigInteger, default=0)
    silent_after: Mapped[int] = mapped_column(MICROS, default=15 * MINUTE)
    expect_every: Mapped[int | None] = mapped_column(MICROS)
