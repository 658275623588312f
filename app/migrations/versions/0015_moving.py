"""When a job went on last, when a queue that stands is starved, and when empty jobs ended.

Of jobs that run it is said that they went on when they were heard of last: the past is not known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

RUNNING = sa.text("status = 1")
EMPTY = sa.text("empty")
QUARTER = 900_000_000


def upgrade() -> None:
    op.add_column("jobs", sa.Column("moved_at", sa.BigInteger(), nullable=True))
    op.execute("UPDATE jobs SET moved_at = heard_at WHERE status = 1")
    index_running("heard_at", "moved_at")
    op.create_index(
        "ix_jobs_empty_ended",
        "jobs",
        ["project_id", "ended_at"],
        sqlite_where=EMPTY,
        postgresql_where=EMPTY,
    )
    op.add_column(
        "projects",
        sa.Column("wait_after", sa.BigInteger(), nullable=False, server_default=str(QUARTER)),
    )


def index_running(*columns: str) -> None:
    op.drop_index("ix_jobs_running", "jobs")
    op.create_index(
        "ix_jobs_running",
        "jobs",
        ["project_id", *columns],
        sqlite_where=RUNNING,
        postgresql_where=RUNNING,
    )


def downgrade() -> None:
    op.drop_column("projects", "wait_after")
    op.drop_index("ix_jobs_empty_ended", "jobs")
    index_running("heard_at")
    op.drop_column("jobs", "moved_at")
