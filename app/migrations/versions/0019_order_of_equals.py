"""Indexes that know an order among equals: causes by their numbers, documents by their keys.

So what a limit leaves of those that tie is the same on both engines, and nothing is sorted for it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

FAILING_BY = sa.text("documents > 0")
FAILING = sa.text("failing_since IS NOT NULL")


def upgrade() -> None:
    replace("ix_causes_last", "causes", sa.text("last_at DESC"), "cause")
    replace("ix_causes_documents", "causes", sa.text("documents DESC"), "cause", where=FAILING_BY)
    after = ("failed_at", "document")
    replace("ix_documents_failing", "documents", *after, "cause", "failing_since", where=FAILING)
    replace("ix_documents_cause", "documents", "cause", *after, "failing_since", where=FAILING)


def replace(name: str, table: str, *columns: object, where: sa.TextClause | None = None) -> None:
    op.drop_index(name, table)
    some = {} if where is None else {"sqlite_where": where, "postgresql_where": where}
    op.create_index(name, table, ["project_id", *columns], **some)


def downgrade() -> None:
    replace("ix_causes_last", "causes", "last_at")
    replace("ix_causes_documents", "causes", "documents", where=FAILING_BY)
    for name, first, then in (
        ("ix_documents_failing", "failed_at", "cause"),
        ("ix_documents_cause", "cause", "failed_at"),
    ):
        replace(name, "documents", first, then, "failing_since", where=FAILING)
