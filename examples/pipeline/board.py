"""The HTTP API of the board, as seen by someone who reads it; what reports is the reporter."""

import logging
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote

import requests

from pipeline.jobs import Project
from pipeline.stop import Stop

TRY_AGAIN = {429, 500, 502, 503, 504}
LONGEST_WAIT = 30.0  # seconds between tries, unless the board asks for more
PATIENCE = 20.0  # seconds for one answer
PAGE = 1000  # jobs, the most that the API lists at once

log = logging.getLogger(__name__)
Answer = dict[str, Any]


class BoardRefusedError(Exception):
    """The board will not do this however often it is asked; the message says what to do."""


class BoardAwayError(Exception):
    """No answer, or one that asks to come again, after `retry_after` seconds if it says so."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """Give the reason in words and the wait in seconds."""
        super().__init__(reason)
        self.retry_after = retry_after


class BearerKey(requests.auth.AuthBase):
    """Sends the key. As an `auth`, since a ~/.netrc would take the place of a plain header."""

    def __init__(self, key: str) -> None:
        """Take the key as it was handed out: ib-…"""
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header to a request that is about to be sent."""
        request.headers["Authorization"] = f"Bearer {self._key}"
        return request


class Board:
    """One project on a board. Waits for a board that is away until `stop` is set."""

    def __init__(self, url: str, project_id: str, key: str, stop: Stop) -> None:
        """Nothing is asked yet."""
        self.url = url.rstrip("/")
        self._project_id = project_id
        self._project = f"{self.url}/api/v1/projects/{quote(project_id, safe='')}"
        self._session = requests.Session()
        self._session.auth = BearerKey(key)
        self._stop = stop

    def close(self) -> None:
        """Close the connections to the board."""
        self._session.close()

    def project(self) -> Project:
        """The project itself, which tells whether address, id and key are right."""
        answer = self._call("")
        try:
            return Project(answer["project_id"], answer["created_at"], answer["mode"])
        except (KeyError, TypeError) as error:
            raise BoardRefusedError(f"What answers at {self.url} is no board") from error

    def jobs(self) -> Iterator[Answer]:
        """Every job of the project, page by page, most recent first."""
        offset, total = 0, 1
        while offset < total:
            page = self._call(f"/jobs?limit={PAGE}&offset={offset}")
            yield from page["jobs"]
            offset, total = offset + PAGE, page["total"]

    def _call(self, path: str) -> Answer:
        tries = 0
        while True:
            try:
                answer = self._try(path)
            except BoardAwayError as away:
                if tries == 0:
                    log.warning("No answer from %s (%s): trying again", self.url, away)
                self._stop.sleep(seconds_to_wait(tries, away.retry_after))
                tries += 1
            else:
                if tries:
                    log.warning("%s answers again", self.url)
                return answer

    def _try(self, path: str) -> Answer:
        try:
            response = self._session.get(
                self._project + path, timeout=(3.0, PATIENCE), allow_redirects=False
            )
            if response.status_code in TRY_AGAIN:
                after = parse_retry_after(response.headers.get("Retry-After"))
                raise BoardAwayError(f"status {response.status_code}", after)
            if response.status_code != 200:
                raise BoardRefusedError(self._explain(response))
            answer: Answer = response.json()
            return answer
        except requests.JSONDecodeError as error:
            raise BoardRefusedError(f"What answers at {self.url} is no board: no JSON") from error
        except requests.RequestException as error:
            if isinstance(error, ValueError):  # how requests marks a URL that cannot work
                raise BoardRefusedError(f"The URL {self.url} cannot be used: {error}") from error
            raise BoardAwayError(type(error).__name__) from error

    def _explain(self, response: requests.Response) -> str:
        match response.status_code:
            case 401:
                return "The board does not know this key (401): set JOBWALL_KEY to a valid one"
            case 403:
                return "The key may not report jobs (403): JOBWALL_KEY needs the scope 'write'"
            case 404:
                return (
                    f"The board has no project '{self._project_id}' that this key may see (404): "
                    "check --project"
                )
            case 301 | 302 | 303 | 307 | 308:
                return f"{self.url} leads to {response.headers.get('Location')}: check --url"
            case status:
                return f"The board refused the request ({status}): {response.text[:300]}"


def seconds_to_wait(tries: int, retry_after: float | None) -> float:
    """As long as the board asks, else twice as long each time, spread so that clients part."""
    if retry_after is not None:
        return retry_after
    return random.uniform(0.5, 1) * min(LONGEST_WAIT, 2.0 ** min(tries, 10))  # noqa: S311


def parse_retry_after(value: str | None) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; None if neither."""
    try:
        if value is None or value.strip().isdigit():
            return float(value) if value else None
        return max(0.0, (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None
