"""By which rules the causes of a project were worked out, and what became of former causes.

The jobs that are there were folded by older rules. They are folded anew afterwards, in short steps
(`app.ledger.refolding`), since that takes a while and the board may be served meanwhile.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "projects", sa.Column("rules", sa.SmallInteger(), nullable=False, server_default="1")
    )
    op.create_table(
        "former_causes",
        sa.Column("cause", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("became", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cause", name=op.f("pk_former_causes")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_former_causes_became", "former_causes", ["became"])


def downgrade() -> None:
    op.drop_table("former_causes")
    op.drop_column("projects", "rules")
