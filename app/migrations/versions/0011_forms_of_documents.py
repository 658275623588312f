"""A document is known by its id in NFC; the form that was sent stands beside it where it differs.

Which document an id names, `app.rules.documents` says, and which line of an error tells,
`app.rules.causes`. Only jobs with an id in another form are written, and no index is made anew.
"""

import hashlib
from collections.abc import Iterable

import sqlalchemy as sa
from alembic import op

from app.rules.causes import telling_line
from app.rules.documents import LONGEST, identity

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

BATCH = 1000
COMPLETED, FAILED = 2, 3
JOBS = sa.table(
    "jobs",
    *map(
        sa.column,
        (
            "project_id",
            "job_id",
            "source_doc_id",
            "sent_doc_id",
            "status",
            "ended_at",
            "heard_at",
            "error_message",
            "noted_error",
            "cause",
        ),
    ),
)
DOCUMENTS = sa.table(
    "documents",
    *map(
        sa.column,
        (
            "project_id",
            "document",
            "failed_at",
            "job_id",
            "error",
            "cause",
            "failing_since",
            "succeeded_at",
        ),
    ),
)
Document = tuple[str, str]
"""A project, and the id of a document in it."""


def id_text(length):
    return sa.String(length).with_variant(sa.String(length, collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("jobs", sa.Column("sent_doc_id", id_text(1024), nullable=True))
    connection = op.get_bind()
    # What has no character of several bytes has one form.
    octets = sa.func.length(sa.cast(JOBS.c.source_doc_id, sa.LargeBinary))
    if connection.dialect.name == "postgresql":
        octets = sa.func.octet_length(JOBS.c.source_doc_id)
    several = octets > sa.func.length(JOBS.c.source_doc_id)
    found = stream(connection, several)
    known = ((*job, sent, identity(sent)) for *job, sent, _ in found)
    rename(
        connection,
        (
            (*job, sent, one, sent)
            for *job, sent, one in known
            if sent != one and len(one) <= LONGEST  # else nobody can ask for it, as before
        ),
    )


def downgrade() -> None:
    connection = op.get_bind()
    found = stream(connection, JOBS.c.sent_doc_id.is_not(None))
    rename(connection, ((*job, one, sent, None) for *job, one, sent in found))
    op.drop_column("jobs", "sent_doc_id")


def stream(connection, condition) -> Iterable[sa.Row]:
    """Projects, jobs and the ids of their documents, as known and as sent; few at a time."""
    columns = (JOBS.c.project_id, JOBS.c.job_id, JOBS.c.source_doc_id, JOBS.c.sent_doc_id)
    query = sa.select(*columns).where(condition)
    return connection.execute(query, execution_options={"yield_per": BATCH})


def rename(connection, rows: Iterable[tuple]) -> None:
    """Know the documents of some jobs by other ids: (project, job, old id, new id, as sent).

    How those documents stand is worked out anew.
    """
    change = (
        sa.update(JOBS)
        .where(JOBS.c.project_id == sa.bindparam("p"), JOBS.c.job_id == sa.bindparam("j"))
        .values(source_doc_id=sa.bindparam("id"), sent_doc_id=sa.bindparam("sent"))
    )
    touched: set[Document] = set()
    for batch in batches(rows):
        touched |= {(p, one) for p, _, old, new, _ in batch for one in (old, new)}
        connection.execute(
            change, [{"p": p, "j": j, "id": new, "sent": sent} for p, j, _, new, sent in batch]
        )
    if touched:
        judge(connection, touched)


def judge(connection, touched: set[Document]) -> None:
    """Write how these documents stand, by all their jobs, and how many fail by each cause."""
    for batch in batches(sorted(touched)):
        connection.execute(
            sa.delete(DOCUMENTS).where(
                DOCUMENTS.c.project_id == sa.bindparam("p"),
                DOCUMENTS.c.document == sa.bindparam("d"),
            ),
            [{"p": project_id, "d": key_of(document)} for project_id, document in batch],
        )
    projects = sorted({project_id for project_id, _ in touched})
    for project_id in projects:
        found = connection.execute(failed_documents(project_id)).mappings().all()
        mine = (row for row in found if (project_id, row["source_doc_id"]) in touched)
        for batch in batches(mine):
            connection.execute(sa.insert(DOCUMENTS), [document_row(row) for row in batch])
        connection.execute(
            sa.text(
                "UPDATE causes SET documents = (SELECT count(*) FROM documents d"
                " WHERE d.project_id = causes.project_id AND d.cause = causes.cause"
                " AND d.failing_since IS NOT NULL) WHERE project_id = :project_id"
            ),
            {"project_id": project_id},
        )


def failed_documents(project_id: str) -> sa.Select:
    """Of each document with a failed job the latest failure, the latest success, and since when."""
    at = sa.func.coalesce(JOBS.c.ended_at, JOBS.c.heard_at).label("at")
    successes = (
        sa.select(JOBS.c.source_doc_id, sa.func.max(at).label("succeeded_at"))
        .where(JOBS.c.project_id == project_id, JOBS.c.status == COMPLETED)
        .group_by(JOBS.c.source_doc_id)
        .subquery()
    )
    failures = (
        sa.select(JOBS, at)
        .where(JOBS.c.project_id == project_id, JOBS.c.status == FAILED)
        .subquery()
    )
    one = failures.c.source_doc_id
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
        .outerjoin(successes, successes.c.source_doc_id == one)
        .subquery()
    )
    return sa.select(ranked).where(ranked.c.place == 1)


def document_row(row) -> dict[str, object]:
    return {
        "project_id": row["project_id"],
        "document": key_of(row["source_doc_id"]),
        "failed_at": row["at"],
        "job_id": row["job_id"],
        "error": telling_line(row["error_message"] or row["noted_error"]),
        "cause": row["cause"],
        "failing_since": row["failing_since"],
        "succeeded_at": row["succeeded_at"],
    }


def key_of(document: str) -> str:
    if len(document) < 256:
        return document
    return document[:192] + hashlib.sha256(document.encode()).hexdigest()


def batches(values: Iterable) -> Iterable[list]:
    batch: list = []
    for value in values:
        batch.append(value)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
