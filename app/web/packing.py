"""gzip, for whoever accepts it: answers are text that shrinks to a fifth.

What is streamed is left alone, for it must not be gathered first. A page that holds a secret beside
what somebody else chose (a search in a URL) would leak it by its length (BREACH): the only secret
in a page is the form's token, which looks different every time (`access/csrf.py`).
"""

import gzip
import re

from flask import Flask, Response, request

LEAST = 1024  # bytes: fewer go in one packet anyway
# Of a page of 50 jobs (52 kB) 1 leaves 7.3 kB in 0.08 ms, 5 6.5 kB in 0.20 ms, 9 6.2 kB in 0.53 ms.
LEVEL = 5
LEVEL_KEPT = 9  # of what many will get
PACKED_VARY = "Accept-Encoding"

_NAMED = re.compile(r"(?:^|,)\s*(?:gzip|\*)\s*(?:,|$)", re.IGNORECASE)


def accepts_gzip() -> bool:
    """Whether the client of this request takes gzip."""
    accepted: str = request.environ.get("HTTP_ACCEPT_ENCODING", "")
    return accepted != "" and _takes_gzip(accepted)


def _takes_gzip(accepted: str) -> bool:
    """RFC 9110, 12.5.3: named, or covered by `*`, and not with a weight of 0."""
    if ";" not in accepted:  # as every browser says it
        return _NAMED.search(accepted) is not None
    weights: dict[str, bool] = {}
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        value = weight.strip().removeprefix("q=").strip()
        weights[name.strip()] = value.strip("0.") != "" or not weight
    return weights.get("gzip", weights.get("*", False))


def pack(body: bytes, level: int = LEVEL_KEPT) -> bytes | None:
    """The body with gzip; None where that is not worth it."""
    packed = gzip.compress(body, level, mtime=0) if len(body) > LEAST else body
    return packed if len(packed) < len(body) else None


def init_app(app: Flask) -> None:
    """Pack on the way out what is not packed yet."""

    @app.after_request
    def finish(response: Response) -> Response:
        if not accepts_gzip():
            return response
        headers = response.headers
        etag = headers.get("ETag", "")
        if etag.startswith('"'):
            # Strong would promise the bytes of the other encoding. Weak is what nginx makes of it;
            # If-None-Match compares weakly, and the 304 must bear the name that the 200 had.
            headers["ETag"] = f"W/{etag}"
        if _worth_it(response):
            body = pack(response.get_data(), LEVEL)
            if body is not None:
                response.set_data(body)
                headers["Content-Encoding"] = "gzip"
                response.vary.add(PACKED_VARY)
        return response


def _worth_it(response: Response) -> bool:
    kind = response.mimetype or ""
    return (
        "Content-Encoding" not in response.headers
        and (kind.startswith("text/") or kind.endswith("json"))
        and not response.direct_passthrough
        and not response.is_streamed
    )
