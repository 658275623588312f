"""Ids in URLs, and where a form leads."""

from flask import url_for
from werkzeug.routing import BaseConverter
from werkzeug.urls import iri_to_uri

from app.rules.fields import IDENTIFIER

LONGEST_IN_HEADERS = 3000  # characters: nginx takes 4 KiB of headers from a server, unless told


class IdConverter(BaseConverter):
    """A project's or a job's id; what cannot be one is a 404 before any database is asked."""

    regex = IDENTIFIER.pattern
    part_isolating = True


def fits_headers(text: str) -> bool:
    """Whether a header may carry this: else a proxy may refuse the whole answer."""
    return len(text) <= LONGEST_IN_HEADERS


def local_path(target: str) -> str:
    """Where to go after a form: only a path of ours, or a link could lead people astray.

    One that is too long for the header that says where leads to the overview.
    """
    safe = target.startswith("/") and not target.startswith(("//", "/\\"))
    if safe and target.isprintable() and fits_headers(iri_to_uri(target)):
        return target
    return url_for("dashboard.overview")
