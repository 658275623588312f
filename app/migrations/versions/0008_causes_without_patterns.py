"""What the lines of a cause have in common is kept no more: nothing reads it, and a line tells it.

What it says on the way down is what today's code says.
"""

import sqlalchemy as sa
from alembic import op

from app.rules.causes.folding import fold

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BATCH = 1000


def id_text(length):
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.drop_column("causes", "pattern")


def downgrade() -> None:
    # Made anew, since no engine adds a column in between.
    connection = op.get_bind()
    rows = [dict(row) for row in connection.execute(sa.text("SELECT * FROM causes")).mappings()]
    op.drop_table("causes")
    causes = op.create_table(
        "causes",
        sa.Column("project_id", id_text(128), nullable=False),
        sa.Column("cause", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("pattern", sa.Text(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("job_id", id_text(128), nullable=False),
        sa.Column("jobs", sa.BigInteger(), nullable=False),
        sa.Column("documents", sa.BigInteger(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "cause", name=op.f("pk_causes")),
        sqlite_with_rowid=False,
    )
    for first in range(0, len(rows), BATCH):
        batch = [{**row, "pattern": fold(row["line"])} for row in rows[first : first + BATCH]]
        connection.execute(causes.insert(), batch)
    op.create_index("ix_causes_last", "causes", ["project_id", "last_at"])
