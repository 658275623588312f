"""Reports, recorded by the ledger itself into a project known by its id."""

from collections.abc import Sequence

from app.ledger import record as ledger
from app.ledger.job import Recorded
from app.ledger.report import Report
from app.queries.projects import get_project
from app.rules.status import JobStatus
from app.rules.times import SECOND
from app.store.database import reading


def done(
    at: int, *, took: int = 30, chunks: int = 10, nodes: int = 5, failed: bool = False
) -> Report:
    """Of a job that ended at `at` (µs), after so many seconds."""
    return Report(
        job_id=f"j{at}",
        source_doc_id=f"d{at}",
        status=JobStatus.FAILED if failed else JobStatus.COMPLETED,
        created_at=at - took * SECOND,
        started_at=at - took * SECOND,
        completed_at=at,
        chunks_processed=chunks,
        nodes_created=nodes,
        error_message="timeout" if failed else None,
    )


def record(
    project_id: str, reports: Sequence[Report], *, now: int, skew: int | None = None
) -> list[Recorded]:
    """Record reports as the API does, with the project as it is now."""
    with reading() as connection:
        project = get_project(connection, project_id)
    assert project is not None, project_id
    return ledger.record(project, reports, now=now, skew=skew)
