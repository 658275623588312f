"""ETags: what an answer follows from, hashed; and the 304 for who has that answer."""

import hashlib
import re
from collections.abc import Hashable
from functools import lru_cache

from flask import Response, current_app, request

Versions = tuple[int, ...]
"""What an answer follows from, and when it was so: the greater of two is the newer one."""

_UNTIL = re.compile("[0-9]{1,20}")
_VERSIONS = re.compile(r'"([0-9]{1,20}(?:\.[0-9]{1,20}){0,4})-')


def make_etag(*parts: object) -> str:
    """A strong ETag for an answer that follows from these parts and this build alone."""
    return f'"{_hash_of(current_app.config["BUILD"], *parts)}"'


def versioned_etag(slot: Hashable, versions: Versions, *, keep: bool = True) -> str:
    """The ETag of what a slot shows at these versions, which whoever gets it back can read.

    It is remembered, unless what the slot says of a client is nothing to `keep`.
    """
    find = _versioned if keep else _versioned.__wrapped__
    return find(current_app.config["BUILD"], slot, versions)


@lru_cache(maxsize=256)  # the same is asked for again and again, and twice of what is made
def _versioned(build: str, slot: Hashable, versions: Versions) -> str:
    return f'"{".".join(map(str, versions))}-{_hash_of(build, slot, versions)}"'


def lasting(etag: str, until: int | None) -> str:
    """The ETag of an answer that is true until a moment (µs), where nothing changes before."""
    return etag if until is None else f'{etag[:-1]}~{until}"'


def still_known(etag: str, now: int) -> str | None:
    """What the client sent back of this answer, where it is true yet at `now` (µs)."""
    if is_known(etag):
        return etag
    for tag in request.if_none_match.as_set(include_weak=True):
        known, _, until = tag.partition("~")
        if known == etag.strip('"') and _UNTIL.fullmatch(until) and now < int(until):
            return f'"{tag}"'
    return None


def versions_known() -> Versions:
    """The newest versions of what the client says it has; none where it has nothing of the kind.

    They may be of another slot, such as the same list with another anchor, or of another process.
    """
    given = _VERSIONS.findall(request.headers.get("If-None-Match", ""))
    return max((tuple(map(int, one.split("."))) for one in given), default=())


def _hash_of(*parts: object) -> str:
    text = repr(parts)
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def is_known(etag: str) -> bool:
    """Whether the client has this answer, which is true as long as nothing changes."""
    return request.if_none_match.contains_weak(etag.strip('"'))


def not_modified(etag: str, vary: str) -> Response:
    """The 304 for a client that has this answer. `vary` is the answer's own."""
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "Vary": vary}
    return Response(status=304, headers=headers)


def unchanged(etag: str, vary: str) -> Response | None:
    """The 304 for a client that has this answer, else None."""
    return not_modified(etag, vary) if is_known(etag) else None
