"""PostgreSQL plans for a project as if each had a two-hundredth of all jobs.

What it learns by itself is how many jobs the great projects have; of any other it then believes
that it has next to none, and looks through all its jobs where a seek would do.
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # To set the type that it has forgets what was learnt; else that would stay for ever.
        op.execute('ALTER TABLE jobs ALTER COLUMN project_id TYPE varchar(128) COLLATE "C"')
        op.execute("ALTER TABLE jobs ALTER COLUMN project_id SET STATISTICS 0")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("ALTER TABLE jobs ALTER COLUMN project_id SET STATISTICS -1")
