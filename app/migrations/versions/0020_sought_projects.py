"""The names of projects in small letters, by which they are sought and sorted.

No engine folds letters as the other one does, so this is done here, and kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

PROJECTS = sa.table("projects", *map(sa.column, ("project_id", "name", "sought")))


def upgrade() -> None:
    kept = sa.String(600).with_variant(sa.String(600, collation="C"), "postgresql")
    op.add_column("projects", sa.Column("sought", kept, nullable=False, server_default=""))
    connection = op.get_bind()
    names = connection.execute(sa.select(PROJECTS.c.project_id, PROJECTS.c.name)).all()
    here = PROJECTS.c.project_id == sa.bindparam("of_project")
    statement = sa.update(PROJECTS).where(here).values(sought=sa.bindparam("folded"))
    rows = [{"of_project": one, "folded": name.casefold()} for one, name in names]
    if rows:
        connection.execute(statement, rows)


def downgrade() -> None:
    op.drop_column("projects", "sought")
