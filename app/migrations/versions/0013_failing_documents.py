"""How many documents still fail: in a project, in an hour, by a cause in an hour; and how often.

So that no page counts them. A document's row has a key; its latest failure tells its whole id.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

HOUR = 3_600_000_000
FAILED = 3
COUNTED = ("projects", "finished_counts", "cause_counts")


def upgrade() -> None:
    for table in COUNTED:
        _add_column(table, "failing")
    _add_column("documents", "failures")
    op.create_index(
        "ix_causes_documents",
        "causes",
        ["project_id", "documents"],
        sqlite_where=sa.text("documents > 0"),
        postgresql_where=sa.text("documents > 0"),
    )
    op.execute(f"""
        CREATE TEMPORARY TABLE failing_now AS
        SELECT project_id, cause, failed_at - failed_at % {HOUR} AS hour, count(*) AS documents
        FROM documents WHERE failing_since IS NOT NULL GROUP BY 1, 2, 3""")
    for table, keys in (
        ("projects", ("project_id",)),
        ("finished_counts", ("project_id", "hour")),
        ("cause_counts", ("project_id", "cause", "hour")),
    ):
        listed = ", ".join(keys)
        same = " AND ".join(f"counted.{key} = {table}.{key}" for key in keys)
        op.execute(f"""
            UPDATE {table} SET failing = counted.documents FROM (
                SELECT {listed}, sum(documents) AS documents FROM failing_now GROUP BY {listed}
            ) AS counted WHERE {same}""")
    op.execute("DROP TABLE failing_now")
    op.execute(f"""
        UPDATE documents SET failures = (
            SELECT count(*) FROM jobs AS last JOIN jobs ON jobs.project_id = last.project_id
            AND substr(jobs.source_doc_id, 1, 256) = substr(last.source_doc_id, 1, 256)
            AND jobs.source_doc_id = last.source_doc_id
            AND jobs.status = {FAILED} AND jobs.ended_at >= documents.failing_since
            WHERE last.project_id = documents.project_id AND last.job_id = documents.job_id)
        WHERE failing_since IS NOT NULL""")


def _add_column(table: str, name: str) -> None:
    op.add_column(table, sa.Column(name, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_index("ix_causes_documents", "causes")
    op.drop_column("documents", "failures")
    for table in COUNTED:
        op.drop_column(table, "failing")
