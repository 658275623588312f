"""Ids in URLs, and where a form leads."""

from flask import url_for
from werkzeug.routing import BaseConverter

from app.rules.fields import IDENTIFIER


class IdConverter(BaseConverter):
    """A project's or a job's id; what cannot be one is a 404 before any database is asked."""

    regex = IDENTIFIER.pattern
    part_isolating = True


def local_path(target: str) -> str:
    """Where to go after a form: only a path of ours, or a link could lead people astray."""
    safe = target.startswith("/") and not target.startswith(("//", "/\\"))
    return target if safe and target.isprintable() else url_for("dashboard.overview")
