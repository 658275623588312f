"""Ids in URLs."""

from werkzeug.routing import BaseConverter

from app.ledger.fields import IDENTIFIER


class IdConverter(BaseConverter):
    """A project's or a job's id; what cannot be one is a 404 before any database is asked."""

    regex = IDENTIFIER.pattern
    part_isolating = True
