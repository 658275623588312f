"""On PostgreSQL a running job changes in its place: no index holds what a sign of life changes.

Each page of the table keeps room for that. What is written before fills its pages as it does.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

RUNNING = sa.text("status = 1")


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.execute("ALTER TABLE jobs SET (fillfactor = 85)")
    op.create_index("ix_jobs_running_of", "jobs", ["project_id"], postgresql_where=RUNNING)
    op.drop_index("ix_jobs_running", "jobs")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    op.create_index(
        "ix_jobs_running", "jobs", ["project_id", "heard_at", "moved_at"], postgresql_where=RUNNING
    )
    op.drop_index("ix_jobs_running_of", "jobs")
    op.execute("ALTER TABLE jobs RESET (fillfactor)")
