"""Ids in URLs, where we are, and where a form leads."""

from urllib.parse import urlsplit

from flask import request, url_for
from werkzeug.routing import BaseConverter
from werkzeug.urls import iri_to_uri

from app.rules.fields import IDENTIFIER, RESERVED_ID

LONGEST_IN_HEADERS = 3000  # characters: nginx takes 4 KiB of headers from a server, unless told


class IdConverter(BaseConverter):
    """A project's or a job's id; what cannot be one is a 404 before any database is asked."""

    regex = IDENTIFIER.pattern
    part_isolating = True


class JobIdConverter(IdConverter):
    """A job's id in the API, where what is reserved is an address of its own."""

    regex = rf"(?!{RESERVED_ID}\Z){IDENTIFIER.pattern}"


def own_path() -> str:
    """The path of this request, as a link to it says it."""
    return request.script_root + request.path


def own_address() -> str:
    """The same with its query."""
    query = request.query_string.decode("latin-1")
    return f"{own_path()}?{query}" if query else own_path()


def host_of(address: str) -> str | None:
    """The name of the host in an address, in small letters; None where it has none."""
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def fits_headers(text: str) -> bool:
    """Whether a header may carry this: else a proxy may refuse the whole answer."""
    return len(text) <= LONGEST_IN_HEADERS


def local_path(target: str) -> str:
    """Where to go after a form: only a path of ours, or a link could lead people astray.

    One that is too long for the header that says where leads to the overview.
    """
    safe = target.startswith(f"{request.script_root}/") and not target.startswith(("//", "/\\"))
    if safe and target.isprintable() and fits_headers(iri_to_uri(target)):
        return target
    return url_for("dashboard.overview")
