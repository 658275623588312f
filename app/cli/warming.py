"""Statements that every worker needs, compiled before the workers are forked: so they share them.

What SQLAlchemy keeps of those that a project's pages ask is 5 MB in each process that made it.
"""

import logging

from flask import Flask
from sqlalchemy import Connection

from app.clock import now
from app.queries import causes, charts, jobs, projects
from app.queries.contract import CONTRACT
from app.queries.filters import JobFilter
from app.rules.project import Project
from app.rules.silence import silent_since
from app.store import deadline
from app.store.database import db, reading

WITHIN = 2.0
"""Seconds that it may take: no start waits longer for what the first pages would do as well."""

PAGE = 50

log = logging.getLogger(__name__)


def warm(app: Flask) -> None:
    """Ask what its page and a list of a project ask; nothing where that cannot be had now.

    No connection is left open: none may be shared across a fork.
    """
    with app.app_context():
        try:
            with deadline.within(WITHIN), reading() as connection:
                for project in projects.list_projects(connection, limit=1):
                    _ask(connection, project)
        except Exception as error:  # a board starts also while its store is away
            log.info("no statement was compiled before the start: %s", type(error).__name__)
        finally:
            db.engine.dispose()


def _ask(connection: Connection, project: Project) -> None:
    at = now()
    projects.list_lines(connection, at, project.project_id)
    charts.get_chart(connection, project, at, running=True)
    causes.list_causes(connection, project, at)
    jobs.count_jobs(connection, project, JobFilter(), silent_since(at, project.silent_after))
    jobs.list_jobs(connection, project, JobFilter(), limit=PAGE, now=at, reading=jobs.WHOLE)
    jobs.list_jobs(connection, project, JobFilter(), limit=PAGE, now=at, reading=CONTRACT)
