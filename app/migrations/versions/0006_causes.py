"""Causes of failures, how long jobs took, and the links of a project.

What a cause is, `app.rules.causes` says; so the filled columns are what today's code says of them.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from app.rules.causes import cause_of, telling_line
from app.rules.causes.folding import fold

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

BATCH = 1000
HOUR = 3_600_000_000
FAILED = 3
LINKS = ("source_link", "logs_link", "rerun_link")
FAILING = sa.text("failing_since IS NOT NULL")
HAS_CAUSE = sa.text("cause IS NOT NULL")
HAS_TOOK = sa.text("took IS NOT NULL")


def id_text(length):
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    for name in LINKS:
        op.add_column("projects", sa.Column(name, sa.String(1000), nullable=True))
    for name in ("cause", "took"):
        op.add_column("jobs", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column("documents", sa.Column("cause", sa.BigInteger(), nullable=True))
    op.create_table(
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
    op.create_table(
        "cause_counts",
        sa.Column("project_id", id_text(128), nullable=False),
        sa.Column("cause", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("hour", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("failed", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("project_id", "cause", "hour", name=op.f("pk_cause_counts")),
        sqlite_with_rowid=False,
    )
    fill(op.get_bind())
    with op.batch_alter_table("documents") as batch:
        batch.alter_column("cause", existing_type=sa.BigInteger(), nullable=False)
    op.create_index("ix_causes_last", "causes", ["project_id", "last_at"])
    op.drop_index("ix_documents_failing", "documents")
    for name, columns in (
        ("ix_documents_failing", ["project_id", "failed_at", "cause", "failing_since"]),
        ("ix_documents_cause", ["project_id", "cause", "failed_at", "failing_since"]),
    ):
        op.create_index(name, "documents", columns, sqlite_where=FAILING, postgresql_where=FAILING)
    op.create_index(
        "ix_jobs_cause",
        "jobs",
        ["project_id", "cause", "created_at", "job_id"],
        sqlite_where=HAS_CAUSE,
        postgresql_where=HAS_CAUSE,
    )
    op.create_index(
        "ix_jobs_took",
        "jobs",
        ["project_id", "took"],
        sqlite_where=HAS_TOOK,
        postgresql_where=HAS_TOOK,
    )


def fill(connection) -> None:
    """Work out what the new columns and tables say of the jobs that are there."""
    connection.execute(
        sa.text(
            "UPDATE jobs SET took = CASE WHEN ended_at > started_at THEN ended_at - started_at"
            " ELSE 0 END WHERE ended_at IS NOT NULL AND started_at IS NOT NULL"
            " AND NOT started_filled"
        )
    )
    jobs = sa.table("jobs", *map(sa.column, ("project_id", "job_id", "cause")))
    update_each(
        connection,
        jobs,
        ("project_id", "job_id"),
        (
            {**row, "cause": cause_of(row.pop("error"))}
            for row in rows(
                connection,
                "SELECT project_id, job_id, coalesce(error_message, noted_error) AS error"
                f" FROM jobs WHERE status = {FAILED}",
            )
        ),
    )
    documents = sa.table("documents", *map(sa.column, ("project_id", "document", "error", "cause")))
    update_each(
        connection,
        documents,
        ("project_id", "document"),
        (
            {**row, "error": telling_line(row["error"]), "cause": cause_of(row["error"])}
            for row in rows(
                connection,
                "SELECT d.project_id, d.document, coalesce(j.error_message, j.noted_error) AS error"
                " FROM documents d LEFT JOIN jobs j USING (project_id, job_id)",
            )
        ),
    )
    connection.execute(
        sa.text(
            "INSERT INTO cause_counts (project_id, cause, hour, failed)"
            f" SELECT project_id, cause, ended_at - ended_at % {HOUR} AS at, count(*) FROM jobs"
            " WHERE cause IS NOT NULL AND ended_at IS NOT NULL GROUP BY project_id, cause, at"
        )
    )
    fill_causes(connection)


def fill_causes(connection) -> None:
    at = "CASE WHEN ended_at < heard_at THEN ended_at ELSE heard_at END"
    found = rows(
        connection,
        f"""WITH failures AS (
            SELECT project_id, cause, job_id, coalesce(error_message, noted_error) AS error,
                {at} AS at FROM jobs WHERE cause IS NOT NULL
        ), ranked AS (
            SELECT failures.*, count(*) OVER each AS jobs, min(at) OVER each AS first_at,
                row_number() OVER (PARTITION BY project_id, cause ORDER BY at DESC, job_id DESC)
                    AS place
            FROM failures WINDOW each AS (PARTITION BY project_id, cause)
        )
        SELECT project_id, cause, job_id, error, jobs, first_at, at AS last_at,
            (SELECT count(*) FROM documents d WHERE d.project_id = ranked.project_id
                AND d.cause = ranked.cause AND d.failing_since IS NOT NULL) AS documents
        FROM ranked WHERE place = 1""",
    )
    causes = sa.table(
        "causes",
        *map(
            sa.column,
            (
                "project_id",
                "cause",
                "pattern",
                "line",
                "job_id",
                "jobs",
                "documents",
                "first_at",
                "last_at",
            ),
        ),
    )
    for batch in batches(found):
        made = []
        for row in batch:
            line = telling_line(row.pop("error"))
            made.append({**row, "line": line, "pattern": fold(line)})
        connection.execute(causes.insert(), made)


def rows(connection, statement: str) -> Iterable[dict]:
    """The rows of a statement as dicts; read to the end before anything is written."""
    return [dict(row) for row in connection.execute(sa.text(statement)).mappings()]


def update_each(connection, table, key: tuple[str, ...], values: Iterable[dict]) -> None:
    """Set the other columns of each row, which its key finds."""
    statement = sa.update(table).where(
        *(table.c[name] == sa.bindparam(f"of_{name}") for name in key)
    )
    for batch in batches(values):
        connection.execute(
            statement,
            [
                {(f"of_{name}" if name in key else name): value for name, value in row.items()}
                for row in batch
            ],
        )


def batches(values: Iterable[dict]) -> Iterable[list[dict]]:
    batch: list[dict] = []
    for value in values:
        batch.append(value)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def downgrade() -> None:
    op.drop_index("ix_jobs_took", "jobs")
    op.drop_index("ix_jobs_cause", "jobs")
    op.drop_index("ix_documents_cause", "documents")
    op.drop_index("ix_documents_failing", "documents")
    op.create_index(
        "ix_documents_failing",
        "documents",
        ["project_id", "failed_at", "error", "failing_since"],
        sqlite_where=FAILING,
        postgresql_where=FAILING,
    )
    op.drop_table("cause_counts")
    op.drop_table("causes")
    for table, names in (
        ("documents", ("cause",)),
        ("jobs", ("took", "cause")),
        ("projects", LINKS),
    ):
        for name in names:
            op.drop_column(table, name)
