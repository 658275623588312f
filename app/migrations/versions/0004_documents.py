"""Documents that ever failed, with their latest failure and success."""

import hashlib

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

BATCH = 1000
COMPLETED, FAILED = 2, 3
FAILING = sa.text("failing_since IS NOT NULL")
JOBS = sa.table(
    "jobs",
    *map(
        sa.column,
        (
            "project_id",
            "job_id",
            "source_doc_id",
            "status",
            "ended_at",
            "heard_at",
            "error_message",
            "noted_error",
        ),
    ),
)


def id_text(length):
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    documents = op.create_table(
        "documents",
        sa.Column("project_id", id_text(128), nullable=False),
        sa.Column("document", id_text(256), nullable=False),
        sa.Column("failed_at", sa.BigInteger(), nullable=False),
        sa.Column("job_id", id_text(128), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("succeeded_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("project_id", "document", name=op.f("pk_documents")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_documents_failing",
        "documents",
        ["project_id", "failed_at", "error", "failing_since"],
        sqlite_where=FAILING,
        postgresql_where=FAILING,
    )
    connection = op.get_bind()
    rows = connection.execute(failed_documents()).mappings()
    for batch in rows.partitions(BATCH):
        connection.execute(documents.insert(), [document_row(row) for row in batch])


def failed_documents() -> sa.Select:
    """Of each document with a failed job the latest failure, the latest success, and since when."""
    ended = sa.func.coalesce(JOBS.c.ended_at, JOBS.c.heard_at)
    at = sa.case((ended < JOBS.c.heard_at, ended), else_=JOBS.c.heard_at).label("at")
    of = (JOBS.c.project_id, JOBS.c.source_doc_id)
    successes = (
        sa.select(*of, sa.func.max(at).label("succeeded_at"))
        .where(JOBS.c.status == COMPLETED)
        .group_by(*of)
        .subquery()
    )
    failures = (
        sa.select(*of, JOBS.c.job_id, JOBS.c.error_message, JOBS.c.noted_error, at)
        .where(JOBS.c.status == FAILED)
        .subquery()
    )
    one = (failures.c.project_id, failures.c.source_doc_id)
    later = failures.c.at >= sa.func.coalesce(successes.c.succeeded_at, failures.c.at)
    ranked = (
        sa.select(
            failures,
            successes.c.succeeded_at,
            sa.func.row_number()
            .over(partition_by=one, order_by=(failures.c.at.desc(), failures.c.job_id.desc()))
            .label("place"),
            sa.func.min(sa.case((later, failures.c.at)))
            .over(partition_by=one)
            .label("failing_since"),
        )
        .select_from(failures)
        .outerjoin(
            successes,
            sa.and_(
                successes.c.project_id == failures.c.project_id,
                successes.c.source_doc_id == failures.c.source_doc_id,
            ),
        )
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.place == 1)


def document_row(row) -> dict[str, object]:
    document, error = row["source_doc_id"], row["error_message"] or row["noted_error"] or ""
    if len(document) >= 256:
        document = document[:192] + hashlib.sha256(document.encode()).hexdigest()
    return {
        "project_id": row["project_id"],
        "document": document,
        "failed_at": row["at"],
        "job_id": row["job_id"],
        "error": error.strip()[:300].partition("\n")[0].strip(),
        "failing_since": row["failing_since"],
        "succeeded_at": row["succeeded_at"],
    }


def downgrade() -> None:
    op.drop_table("documents")
