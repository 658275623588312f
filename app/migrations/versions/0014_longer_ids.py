"""The ids of projects and jobs may have 250 characters, where they had 128.

SQLite asks for no length. PostgreSQL writes nothing anew where a column may hold more.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _change(128, 250)


def downgrade() -> None:
    _change(250, 128)


def _change(before: int, after: int) -> None:
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    inspector = sa.inspect(connection)
    for table in inspector.get_table_names():
        changes = [
            f'ALTER COLUMN {column["name"]} TYPE varchar({after}) COLLATE "C"'
            for column in inspector.get_columns(table)
            if column["name"] in ("project_id", "job_id")
            and getattr(column["type"], "length", None) == before
        ]
        if changes:
            op.execute(f"ALTER TABLE {table} {', '.join(changes)}")
