"""Reports recorded by the ledger itself, into a project known by its id."""

from collections.abc import Sequence

from app.ledger import record as ledger
from app.ledger.job import Recorded
from app.ledger.report import Report
from app.queries.projects import get_project
from app.store.database import reading


def record(
    project_id: str, reports: Sequence[Report], *, now: int, skew: int | None = None
) -> list[Recorded]:
    """Record reports as the API does, with the project as it is now."""
    with reading() as connection:
        project = get_project(connection, project_id)
    assert project is not None, project_id
    return ledger.record(project, reports, now=now, skew=skew)
