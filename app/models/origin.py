"""Where jobs come from that nobody reported in our own words, and whose namespaces are whose."""

from sqlalchemy import ForeignKey, SmallInteger, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.rules.namespaces import LONGEST
from app.store.database import Base, id_text


class JobOrigin(Base):
    """Where a job comes from (`rules.origins.Origin`), and what its document was chosen by.

    There is none of a job that was only ever reported.
    """

    __tablename__ = "job_origins"
    __table_args__ = {"sqlite_with_rowid": False}

    project_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    job_id: Mapped[str] = mapped_column(id_text(), primary_key=True)
    source: Mapped[str] = mapped_column(String(16))
    namespace: Mapped[str] = mapped_column(Text)
    job_name: Mapped[str] = mapped_column(Text)
    document_by: Mapped[int] = mapped_column(SmallInteger)
    project_by: Mapped[int] = mapped_column(SmallInteger)
    integration: Mapped[str | None] = mapped_column(Text)
    producer: Mapped[str | None] = mapped_column(Text)
    log_url: Mapped[str | None] = mapped_column(Text)


class LineageNamespace(Base):
    """A pattern of namespaces (`rules.namespaces`) whose runs are a project's."""

    __tablename__ = "lineage_namespaces"
    __table_args__ = {"sqlite_with_rowid": False}

    pattern: Mapped[str] = mapped_column(id_text(LONGEST), primary_key=True)
    project_id: Mapped[str] = mapped_column(
        id_text(), ForeignKey("projects.project_id", ondelete="CASCADE")
    )
