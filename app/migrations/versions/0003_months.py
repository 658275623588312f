"""Created counts by 32 days, so that a place in a history of many years is as near."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MONTH = 32 * 24 * 3600 * 1_000_000
AMOUNTS = ("pending", "running", "completed", "failed", "empty")
COUNTS = sa.table(
    "created_counts",
    *(sa.column(name) for name in ("project_id", "bucket", *AMOUNTS)),
    sa.column("level", sa.Integer),
)


def upgrade() -> None:
    month = (COUNTS.c.bucket - COUNTS.c.bucket % MONTH).label("month")
    sums = [sa.func.sum(COUNTS.c[name]) for name in AMOUNTS]
    days = sa.select(COUNTS.c.project_id, sa.literal(3, sa.Integer), month, *sums)
    days = days.where(COUNTS.c.level == 0).group_by(COUNTS.c.project_id, month)
    names = ["project_id", "level", "bucket", *AMOUNTS]
    op.execute(COUNTS.insert().from_select(names, days))


def downgrade() -> None:
    op.execute(COUNTS.delete().where(COUNTS.c.level == 3))
