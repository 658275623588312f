"""What every API request needs: who asks, and a body that is bounded and readable."""

import zlib
from typing import Any

import orjson
from flask import request
from sqlalchemy import Connection

from app.access.door import visit_everything_with_key, visit_with_key
from app.access.entry import OverviewVisit
from app.access.keys import find_key
from app.access.scopes import Grant, Scope
from app.clock import now
from app.rules.project import Project
from app.web.errors import ProblemError

MIB = 1024 * 1024
BODY = MIB
BULK_BODY = 5 * MIB


def authenticate(connection: Connection, scope: Scope) -> Grant:
    """The grant of the key in the Authorization header; cookies count for nothing here.

    Raises ProblemError 401 without a valid key and 403 where its scope is too low.
    """
    found = find_key(connection, _key(), now())
    if found is None:
        raise _unknown_key()
    grant = found[1]
    _require(grant, scope)
    return grant


def open_project(connection: Connection, project_id: str, scope: Scope = Scope.READ) -> Project:
    """The project of the URL, for a key that may see it: one statement.

    Raises ProblemError: 404 where it is unknown or not for this key, which look alike, and so
    before a 403.
    """
    visit = visit_with_key(connection, _key(), project_id, now())
    if visit is None:
        raise _unknown_key()
    if visit.project is None:
        raise ProblemError(404, "No such project.")
    _require(visit.grant, scope)
    return visit.project


def open_everything(connection: Connection) -> OverviewVisit:
    """What the key may see, and the versions of that: one statement. Raises ProblemError 401."""
    visit = visit_everything_with_key(connection, _key(), now())
    if visit is None:
        raise _unknown_key()
    return visit


def _key() -> str:
    """The key in the header; an empty one is nobody's."""
    kind, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if kind.lower() == "bearer" else ""


def _unknown_key() -> ProblemError:
    detail = "Send a valid key: Authorization: Bearer ib-…"
    return ProblemError(401, detail, headers={"WWW-Authenticate": "Bearer"})


def _require(grant: Grant, scope: Scope) -> None:
    if grant.scope < scope:
        detail = f"This key may {grant.scope.name.lower()}; this needs {scope.name.lower()}."
        raise ProblemError(403, detail)


def read_json(limit: int = BODY) -> Any:
    """The JSON value in the body, at most `limit` bytes of it after inflating.

    Raises ProblemError: 415 for another type or encoding, 413 where it is too large, 400 where it
    is not JSON.
    """
    if request.mimetype != "application/json":
        raise ProblemError(415, "Send JSON with Content-Type: application/json.")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise ProblemError(
            415, "Send the body as it is, or with gzip.", headers={"Accept-Encoding": "gzip"}
        )
    too_large = ProblemError(413, f"The body is larger than {limit // MIB} MiB.")
    if (request.content_length or 0) > limit:
        raise too_large
    # One byte more, because werkzeug cuts a chunked body off there and says nothing.
    request.max_content_length = limit + 1
    body = request.get_data(cache=False)
    if len(body) > limit:
        raise too_large
    if encoding == "gzip":
        body = _inflate(body, limit)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProblemError(400, f"The body is not JSON: {error.msg}.") from None


def _inflate(body: bytes, limit: int) -> bytes:
    """Inflate one gzip stream and stop at the limit, so that a bomb never unfolds."""
    inflater = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise ProblemError(400, "The body is not gzip, as it claims.") from None
    if len(inflated) > limit:
        raise ProblemError(413, f"The body is larger than {limit // MIB} MiB inflated.")
    if not inflater.eof or inflater.unused_data:
        raise ProblemError(400, "The gzip body is cut off or has something behind it.")
    return inflated
