"""Televisions that show the wall, and the codes by which they come to."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MICROS = sa.BigInteger


def id_text(length):
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "screens",
        sa.Column("screen_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("every_project", sa.Boolean(), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=True),
        sa.Column("link_hash", sa.String(64), nullable=True),
        sa.Column("link_until", MICROS(), nullable=True),
        sa.Column("address", sa.String(45), nullable=True),
        sa.Column("browser", sa.String(300), nullable=True),
        sa.Column("created_at", MICROS(), nullable=False),
        sa.Column("last_seen_at", MICROS(), nullable=True),
        sa.Column("revoked_at", MICROS(), nullable=True),
        sa.PrimaryKeyConstraint("screen_id", name=op.f("pk_screens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_screens_token_hash")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_screens_link_hash")),
    )
    op.create_table(
        "screen_projects",
        sa.Column("screen_id", sa.Integer(), nullable=False),
        sa.Column("project_id", id_text(128), nullable=False),
        sa.ForeignKeyConstraint(
            ["screen_id"],
            ["screens.screen_id"],
            name=op.f("fk_screen_projects_screen_id_screens"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["projects.project_id"],
            name=op.f("fk_screen_projects_project_id_projects"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("screen_id", "project_id", name=op.f("pk_screen_projects")),
    )
    op.create_table(
        "pairings",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("code", sa.String(8), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("network", sa.String(45), nullable=False),
        sa.Column("browser", sa.String(300), nullable=False),
        sa.Column("expires_at", MICROS(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_pairings")),
        sa.UniqueConstraint("code", name=op.f("uq_pairings_code")),
    )
    op.create_table(
        "wrong_codes",
        sa.Column("wrong_code_id", sa.Integer(), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("at", MICROS(), nullable=False),
        sa.PrimaryKeyConstraint("wrong_code_id", name=op.f("pk_wrong_codes")),
    )
    op.create_index("ix_wrong_codes_who", "wrong_codes", ["who", "at"])


def downgrade() -> None:
    for name in ("wrong_codes", "pairings", "screen_projects", "screens"):
        op.drop_table(name)
