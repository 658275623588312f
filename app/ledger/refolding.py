"""Working out the causes of a project anew, where the rules have changed since.

In short transactions, while others report: what comes meanwhile is folded by today's rules already,
and what was there keeps its cause until its turn comes. It may be broken off at any time and run
again. A former cause leads to the one that its jobs have now (`models.FormerCause`).
"""

from collections.abc import Callable

from sqlalchemy import func, select

from app.ledger.mending import derive_anew
from app.ledger.projects import change_project
from app.ledger.removal import BATCH
from app.models import Job, Project
from app.rules.causes import RULES
from app.store.alone import alone
from app.store.database import db, reading

Progress = Callable[[int, int], None]


def projects_of_other_rules() -> list[str]:
    """The projects whose causes were worked out by other rules than today's."""
    with reading() as connection:
        other = select(Project.project_id).where(Project.rules != RULES)
        return list(connection.scalars(other.order_by(Project.project_id)))


def refold(project_id: str, progress: Progress) -> None:
    """Work out the causes of all failed jobs of a project by today's rules.

    `progress` is called with (jobs done, jobs in all). Raises BusyError where the store is being
    mended already.
    """
    mine = (Job.project_id == project_id, Job.cause.is_not(None))
    done, last = 0, ""
    with alone(db.engine, "rebuild"):
        with reading() as connection:
            total = connection.scalar(select(func.count()).where(*mine)) or 0
        while True:
            with reading() as connection:
                some = select(Job.job_id).where(*mine, Job.job_id > last)
                ids = list(connection.scalars(some.order_by(Job.job_id).limit(BATCH)))
            if not ids:
                break
            derive_anew(project_id, ids)
            done, last = done + len(ids), ids[-1]
            progress(min(done, total), total)
        change_project(project_id, {"rules": RULES})
