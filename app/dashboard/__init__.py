"""The HTML face: the overview, and the pages of a project, its causes, documents and jobs."""

from flask import Blueprint

blueprint = Blueprint("dashboard", __name__)

from app.dashboard import (  # noqa: E402, F401  they add their routes
    causes,
    document,
    export,
    first_project,
    job,
    overview,
    project,
    project_settings,
    report,
)
