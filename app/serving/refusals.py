"""What is refused before the app is asked: an answer is made here, and its connection closed."""

from datetime import UTC, datetime
from email.utils import format_datetime
from http import HTTPStatus

import orjson
from gunicorn.http import errors

from app.web.errors import RETRY_AFTER, problem_of

CROWDED = (503, "Too many ask for this at once. Nothing was stored; please try again.")
REFUSALS: dict[type[Exception], tuple[int, str]] = {
    errors.LimitRequestLine: (414, "The address is too long."),
    errors.LimitRequestHeaders: (431, "The header fields are too large."),
    errors.ExpectationFailed: (417, "Of expectations only 100-continue is met."),
    errors.UnsupportedTransferCoding: (501, "Send the body as it is, or in chunks."),
}


def refusal(path: str, status: int, detail: str) -> bytes:
    """An answer that closes its connection: a problem under `/api/`, plain text elsewhere."""
    if "/api/" in path:
        kind, body = "application/problem+json", orjson.dumps(problem_of(status, detail))
    else:
        kind, body = "text/plain; charset=utf-8", f"{detail}\n".encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        lines.append(f"Retry-After: {RETRY_AFTER}")
    return "\r\n".join([*lines, "", ""]).encode() + body
