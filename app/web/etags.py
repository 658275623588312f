"""ETags: what an answer follows from, hashed; and the 304 for who has that answer."""

import hashlib

from flask import Response, current_app, request


def make_etag(*parts: object) -> str:
    """A strong ETag for an answer that follows from these parts and this build alone."""
    text = repr((current_app.config["BUILD"], *parts))
    return '"' + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32] + '"'


def is_known(etag: str) -> bool:
    """Whether the client has this answer."""
    return request.if_none_match.contains_weak(etag.strip('"'))


def not_modified(etag: str, vary: str) -> Response:
    """The 304 for a client that has this answer. `vary` is the answer's own."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": vary}
    return Response(status=304, headers=headers)


def unchanged(etag: str, vary: str) -> Response | None:
    """The 304 for a client that has this answer, else None."""
    return not_modified(etag, vary) if is_known(etag) else None
