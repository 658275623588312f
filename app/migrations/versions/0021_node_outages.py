"""Since when a node does not answer: so that all processes of a board say the same."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "node_outages",
        sa.Column("node", sa.String(300), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("projects", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("node", name=op.f("pk_node_outages")),
    )


def downgrade() -> None:
    op.drop_table("node_outages")
