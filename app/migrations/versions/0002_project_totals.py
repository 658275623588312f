"""Totals in the row of the project, and document ids of any script in an index."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TOTALS = ("pending", "running", "completed", "failed", "empty")
ENDED = sa.text("ended_at IS NOT NULL")


def upgrade() -> None:
    for name in TOTALS:
        column = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("projects", column)
    names = ("project_id", *TOTALS)
    projects = sa.table("projects", *map(sa.column, names))
    counts = sa.table("created_counts", sa.column("level"), *map(sa.column, names))
    for name in TOTALS:
        mine = sa.and_(counts.c.project_id == projects.c.project_id, counts.c.level == 0)
        total = sa.select(sa.func.coalesce(sa.func.sum(counts.c[name]), 0)).where(mine)
        op.execute(projects.update().values({name: total.scalar_subquery()}))
    op.drop_index("ix_jobs_document", "jobs")
    op.drop_index("ix_jobs_ended", "jobs")
    # An entry of PostgreSQL's btree has at most 2704 bytes; 1024 characters may have 4096.
    op.create_index(
        "ix_jobs_document",
        "jobs",
        ["project_id", sa.text("substr(source_doc_id, 1, 256)"), "created_at", "job_id"],
    )
    op.create_index(
        "ix_jobs_ended",
        "jobs",
        ["project_id", "status", "ended_at"],
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )


def downgrade() -> None:
    op.drop_index("ix_jobs_ended", "jobs")
    op.drop_index("ix_jobs_document", "jobs")
    op.create_index(
        "ix_jobs_document", "jobs", ["project_id", "source_doc_id", "created_at", "job_id"]
    )
    op.create_index(
        "ix_jobs_ended",
        "jobs",
        ["project_id", "status", "ended_at", "source_doc_id"],
        sqlite_where=ENDED,
        postgresql_where=ENDED,
    )
    for name in TOTALS:
        op.drop_column("projects", name)
