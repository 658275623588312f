"""Where jobs come from that others' events tell of, and whose namespaces are whose."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def id_text(length, longest=None):
    kept = sa.String(longest or length, collation="C")
    return sa.String(length).with_variant(kept, "postgresql")


def upgrade() -> None:
    op.create_table(
        "job_origins",
        sa.Column("project_id", id_text(128, 250), nullable=False),
        sa.Column("job_id", id_text(128, 250), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("namespace", sa.Text(), nullable=False),
        sa.Column("job_name", sa.Text(), nullable=False),
        sa.Column("document_by", sa.SmallInteger(), nullable=False),
        sa.Column("project_by", sa.SmallInteger(), nullable=False),
        sa.Column("integration", sa.Text(), nullable=True),
        sa.Column("producer", sa.Text(), nullable=True),
        sa.Column("log_url", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "job_id", name=op.f("pk_job_origins")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lineage_namespaces",
        sa.Column("pattern", id_text(250), nullable=False),
        sa.Column("project_id", id_text(128, 250), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.project_id"],
            name=op.f("fk_lineage_namespaces_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pattern", name=op.f("pk_lineage_namespaces")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("lineage_namespaces")
    op.drop_table("job_origins")
