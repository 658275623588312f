"""Upstreams whose jobs are mirrored, and which of these have not ended."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    identifier = sa.String(128).with_variant(sa.String(250, collation="C"), "postgresql")
    op.create_table(
        "sources",
        sa.Column("project_id", identifier, nullable=False),
        sa.Column("url", sa.String(1024), nullable=False),
        sa.Column("upstream_project", identifier, nullable=False),
        sa.Column("sealed_key", sa.Text()),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("paused_at", sa.BigInteger()),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.Column("synced_at", sa.BigInteger()),
        sa.Column("answered_at", sa.BigInteger()),
        sa.Column("failing_since", sa.BigInteger()),
        sa.Column("error", sa.String(300)),
        sa.Column("retry_at", sa.BigInteger()),
        sa.Column("requests_left", sa.BigInteger()),
        sa.Column("refusal", sa.String(300)),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_sources")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.project_id"],
            name=op.f("fk_sources_project_id_projects"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "mirrored_jobs",
        sa.Column("project_id", identifier, nullable=False),
        sa.Column("job_id", identifier, nullable=False),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("misses", sa.SmallInteger(), nullable=False),
        sa.Column("gone_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("project_id", "job_id", name=op.f("pk_mirrored_jobs")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["sources.project_id"],
            name=op.f("fk_mirrored_jobs_project_id_sources"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_mirrored_jobs_due", "mirrored_jobs", ["project_id", "due_at"])
    op.create_index("ix_mirrored_jobs_gone", "mirrored_jobs", ["project_id", "gone_at"])


def downgrade() -> None:
    op.drop_table("mirrored_jobs")
    op.drop_table("sources")
