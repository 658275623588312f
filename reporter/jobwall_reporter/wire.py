"""The board's HTTP API, so far as a reporter needs it; one call is one request, with an end.

Only the standard library, whose opener also takes the proxies of the environment.
"""

from __future__ import annotations

import gzip
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import quote

from jobwall_reporter.settings import Settings
from jobwall_reporter.states import now, written

PATIENCE = 10.0  # seconds for one request, all in all
MOST_READ = 8 * 1024 * 1024  # bytes of an answer
LONGEST_WAIT = 3600.0  # seconds that a server may ask for
WORDS = 300  # characters of an answer that are told


class AwayError(Exception):
    """No answer, or one that asks to come again, after `retry_after` seconds if it says so."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RefusedError(Exception):
    """The board will not take this request; `status` is that of HTTP, the message its words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(words)
        self.status = status


class Result(NamedTuple):
    """What became of one report; `words` say why where it was refused."""

    job_id: str
    status: int
    words: str = ""

    @property
    def taken(self) -> bool:
        """Whether the board has it."""
        return self.status in (200, 201)


class Known(NamedTuple):
    """What the board knows of a job: its latest attempt, and that one's status."""

    attempt: int
    status: str


class Wire:
    """One project on a board."""

    def __init__(self, settings: Settings, patience: float = PATIENCE) -> None:
        self._settings = settings
        self._patience = patience
        self._opener = urllib.request.build_opener(_NoRedirect)

    def send(self, reports: Sequence[dict[str, Any]]) -> list[Result]:
        """Report at once. Raises AwayError or RefusedError, where that may be in vain."""
        body = {"sent_at": written(now()), "jobs": reports}
        packed = gzip.compress(json.dumps(body).encode(), 4)
        headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
        answer, _ = self._ask("POST", "/bulk", packed, headers)
        try:
            results = [_result(each) for each in json.loads(answer)["results"]]
        except (ValueError, KeyError, TypeError) as error:
            raise AwayError("what answers is no board") from error
        if len(results) != len(reports):
            raise AwayError(f"{len(results)} results for {len(reports)} reports")
        return results

    def known(self, job_id: str) -> Known | None:
        """What the board knows of a job, None where it knows none. Raises as `send` does."""
        try:
            answer, headers = self._ask("GET", "/" + quote(job_id, safe=""))
        except RefusedError as refused:
            if refused.status == 404:
                return None
            raise
        try:
            status = str(json.loads(answer)["status"])
            return Known(int(headers.get("X-Job-Attempt") or 1), status)
        except (ValueError, KeyError, TypeError) as error:
            raise AwayError("what answers is no board") from error

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: dict[str, str] | None = None,
    ) -> tuple[bytes, Any]:
        request = urllib.request.Request(  # noqa: S310  settings take http and https alone
            self._settings.address + path, data=body, headers=headers or {}, method=method
        )
        request.add_header("Authorization", f"Bearer {self._settings.key}")
        request.add_header("User-Agent", "jobwall-reporter")
        until = time.monotonic() + self._patience
        try:
            with self._opener.open(request, timeout=self._patience) as answer:
                return _read(answer, until), answer.headers
        except urllib.error.HTTPError as error:
            with error:
                raise _failure(error, until) from None
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            raise AwayError(f"{type(error).__name__}: {reason}"[:WORDS]) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A report that is sent on would arrive as something else, and its key elsewhere."""

    def redirect_request(self, *_args: Any, **_options: Any) -> None:
        return None


def _read(answer: Any, until: float) -> bytes:
    """The body, if it comes in time: a server may give it byte by byte."""
    parts: list[bytes] = []
    size = 0
    while part := answer.read1(65536):
        parts.append(part)
        size += len(part)
        if size > MOST_READ or time.monotonic() > until:
            raise AwayError("its answer does not end")
    return b"".join(parts)


def _failure(error: urllib.error.HTTPError, until: float) -> Exception:
    """What an answer that is none of 200 to 299 means for who asked."""
    try:
        words = _words(_read(error, until))
    except (AwayError, OSError, http.client.HTTPException):
        words = ""
    if error.code in (408, 425, 429) or error.code >= 500:
        after = retry_after_of(error.headers.get("Retry-After"))
        return AwayError(f"status {error.code}{': ' if words else ''}{words}", after)
    where = error.headers.get("Location")
    if 300 <= error.code < 400 and where:
        words = f"it leads to {where}: is JOBWALL_URL right?"
    return RefusedError(error.code, words or str(error.reason))


def _words(body: bytes) -> str:
    """What a problem (RFC 9457) says, or the beginning of another text."""
    text = body.decode("utf-8", "replace").strip()
    try:
        problem = json.loads(text)
        return _told(problem)[:WORDS]
    except (ValueError, AttributeError, TypeError):
        return " ".join(text.split())[:WORDS]


def _told(problem: dict[str, Any]) -> str:
    fields = [f"{each['field']} {each['message']}" for each in problem.get("errors") or ()]
    return "; ".join(fields) or str(problem.get("detail") or problem.get("title") or "")


def _result(fields: dict[str, Any]) -> Result:
    error = fields.get("error")
    return Result(str(fields["job_id"]), int(fields["status"]), _told(error) if error else "")


def retry_after_of(value: str | None) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; None if neither."""
    if not value:
        return None
    try:
        seconds = float(value) if value.strip().isdigit() else _seconds_until(value)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(LONGEST_WAIT, max(0.0, seconds))


def _seconds_until(value: str) -> float:
    return (parsedate_to_datetime(value) - datetime.now(timezone.utc)).total_seconds()
