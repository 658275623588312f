"""What goes out: projects as the contract shows them, JSON bodies and links."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import orjson
from flask import Response

from app.queries.views import JobPage
from app.rules.formats import cursor_text
from app.rules.project import Project
from app.rules.times import format_time
from app.web import etags
from app.web.packing import PACKED_VARY
from app.web.urls import fits_headers, own_path

VARY = f"Authorization, {PACKED_VARY}"


def project_fields(project: Project) -> dict[str, Any]:
    """A project as the contract shows it."""
    return {
        "project_id": project.project_id,
        "name": project.name,
        "mode": project.mode,
        "created_at": format_time(project.created_at),
    }


def json_answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """A JSON response, of a value or of JSON; it is for the holder of the key alone."""
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    every = {"Cache-Control": "private, no-cache", "Vary": VARY, **(headers or {})}
    return Response(text, status, every, content_type="application/json")


def unchanged(etag: str) -> Response | None:
    """The 304 for a client that has this answer, else None."""
    return etags.unchanged(etag, VARY)


def offset_places(total: int, limit: int, offset: int) -> dict[str, int]:
    """The offsets of the pages around one, by the name of their link."""
    last = max(0, total - 1) // limit * limit
    places = {"first": 0, "last": last}
    if offset + limit < total:
        places["next"] = offset + limit
    if offset > 0:
        places["prev"] = min(max(0, offset - limit), last)
    return places


def link_header(limit: int, offsets: Mapping[str, int]) -> dict[str, str]:
    """The Link header (RFC 8288) to pages that begin at these offsets; none to none."""
    url = f"{own_path()}?limit={limit}"
    header = _links_to(url, {name: ("offset", str(each)) for name, each in offsets.items()})
    return {"Link": header} if header else {}


def _links_to(url: str, places: Mapping[str, tuple[str, str]]) -> str:
    return ", ".join(
        f'<{url}&{how}={place}>; rel="{name}"' for name, (how, place) in places.items()
    )


def links(page: JobPage[Any], query: Sequence[tuple[str, Any]]) -> dict[str, str]:
    """The Link header (RFC 8288) around a page.

    The next and the previous page are named by the rows beside which they are, so that whoever goes
    there meets no job twice and misses none, whatever came or went meanwhile. Where the filter
    makes it too long for a header, those are left out that are needed least; there may be none.
    """
    offsets = offset_places(page.total, page.limit, page.offset)
    places = {"first": ("offset", "0")}
    if page.ends and page.offset + len(page.rows) < page.total:
        places["next"] = "cursor", cursor_text(page.ends[1], newer=False)
    if page.ends and page.offset > 0:
        places["prev"] = "cursor", cursor_text(page.ends[0], newer=True)
    elif page.offset > 0:  # beyond the end
        places["prev"] = "offset", str(offsets["prev"])
    places["last"] = "offset", str(offsets["last"])
    url = f"{own_path()}?{urlencode([*query, ('limit', page.limit)])}"
    for needless in (None, "first", "last", "prev"):
        places.pop(needless or "", None)
        header = _links_to(url, places)
        if fits_headers(header):
            return {"Link": header} if header else {}
    return {}
