"""A page with a live part: the whole of it, the part alone, or that nothing changed.

The shell is per viewer; the live part names no viewer, so that it is made once for all of them.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Response, render_template
from markupsafe import Markup

from app.web.cache import Made, body_of, serve
from app.web.etags import (
    Versions,
    is_known,
    lasting,
    not_modified,
    still_known,
    versioned_etag,
    versions_known,
)
from app.web.packing import PACKED_VARY

PACE = 1200  # ms between an answer and the next poll, which then waits for a change (serving/watch)
IDLE_PACE = 5000  # ms, where nothing is reported that could change the page
PATIENCE = 0.5  # seconds: what changes all the time is made anew for pollers so often


class Head(NamedTuple):
    """What the shell says of the live part, and the part itself keeps up to date.

    `alarm` says that something is in trouble: the mark and the icon show it. It is true
    `until` then (µs), if nothing changes; the next poll comes after `pace` (ms).
    """

    name: str
    alarm: bool = False
    title: str = ""
    until: int | None = None
    pace: int = PACE


def answer(
    name: str,
    slot: tuple[object, ...],
    versions: Versions,
    build: Callable[[], tuple[Head, dict[str, Any]]],
    *,
    part: bool,
    now: int,
    vary: str = "Cookie",
    keep: bool = True,
    **shell: Any,
) -> Response:
    """Answer with `name`.html, or (`part`) with its live part `_name`.html alone.

    `slot` says what is shown and `versions` what it follows from. `build` gives the context of the
    live part at `now` (µs); it is not called where that was made already, and is to `keep`. `shell`
    is the rest of the page's.
    A person who loads the page gets the current one; a poller may get one of the last half second,
    whose `Age` says so, but never one older than its last.
    """
    slot = (name, *slot)
    vary = f"{vary}, {PACKED_VARY}"
    etag = versioned_etag(slot, versions, keep=keep)
    if part and (same := still_known(etag, now)):
        return not_modified(same, vary)

    def make(etag: str) -> Made:
        head, context = build()
        etag = lasting(etag, head.until)
        text = render_template(f"_{name}.html", **context, now=now, head=head, etag=etag)
        return Made(text.strip().encode(), head, etag, head.until)

    patience = PATIENCE if part else 0
    known = versions_known()
    kept = serve(slot, versions, make, now=now, patience=patience, known=known, keep=keep)
    if part and is_known(kept.etag):
        response = not_modified(kept.etag, vary)
    else:
        body: bytes | str
        body, encoding = body_of(slot, kept) if part else (b"", {})
        if not part:
            live = Markup(kept.body.decode())  # noqa: S704  our own template made it
            body = render_template(f"{name}.html", live=live, head=kept.about, now=now, **shell)
        response = Response(body, headers=encoding, content_type="text/html; charset=utf-8")
        response.headers["Cache-Control"] = "private, no-cache"
        response.headers["Vary"] = vary
        if part:
            response.headers["ETag"] = kept.etag
    if kept.versions != versions:
        response.headers["Age"] = str(max(1, math.ceil(kept.age)))
    return response
