"""Errors: `application/problem+json` (RFC 9457) under `/api/`, pages elsewhere."""

import logging
from collections.abc import Sequence
from http import HTTPStatus

import orjson
from flask import Flask, Response, current_app, g, render_template, request
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from app.store import nodes, schema
from app.store.commits import InDoubtError
from app.store.faults import NO_ANSWER, reason_of, sentence_of

log = logging.getLogger(__name__)

RETRY_AFTER = "2"


class ProblemError(Exception):
    """An answer that is an error; `errors` are (field, sentence) pairs of a 422.

    `named` are more members, for programs: the ids by which to ask again. `back` is where a page
    leads besides, and in which words.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        errors: Sequence[tuple[str, str]] = (),
        headers: dict[str, str] | None = None,
        named: dict[str, str] | None = None,
        back: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers or {}
        self.named = named or {}
        self.back = back


def problem_of(
    status: int, detail: str, errors: Sequence[tuple[str, str]] = ()
) -> dict[str, object]:
    """The one shape of an error, as a dict."""
    problem: dict[str, object] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if status == HTTPStatus.UNPROCESSABLE_ENTITY:
        problem["errors"] = [{"field": field, "message": message} for field, message in errors]
    return problem


def init_app(app: Flask) -> None:
    """Give every error of the app its shape."""
    app.register_error_handler(ProblemError, _problem)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _problem(error: ProblemError) -> AnyResponse:
    if _wants_problem():
        problem = problem_of(error.status, error.detail, error.errors) | error.named
        body = orjson.dumps(problem)
        response = Response(body, error.status, content_type="application/problem+json")
    else:
        title = HTTPStatus(error.status).phrase
        told = {"status": error.status, "title": title, "detail": error.detail}
        page = render_template("error.html", **told, back=error.back)
        response = Response(page, error.status)
    response.headers.update(error.headers)
    response.headers["Cache-Control"] = "no-store"
    return response


def _wants_problem() -> bool:
    return request.path == "/api" or request.path.startswith("/api/")


def _http_error(error: HTTPException) -> AnyResponse:
    if error.response is not None or error.code is None or error.code < HTTPStatus.BAD_REQUEST:
        return error.get_response()  # a redirect
    kept = ("Allow", "Retry-After", "WWW-Authenticate")
    headers = {name: value for name, value in error.get_headers() if name in kept}
    detail = "There is nothing here." if error.code == HTTPStatus.NOT_FOUND else error.description
    return _problem(ProblemError(error.code, detail or "", headers=headers))


def may_be_stored(error: InDoubtError, advice: str, **named: str) -> ProblemError:
    """What to answer where nobody knows whether it was stored; `advice` is what to do then."""
    log.error("database: COMMIT had no answer: %s", reason_of(error))
    return _later(f"{NO_ANSWER}. It may have been stored: {advice}.", named)


def _later(detail: str, named: dict[str, str] | None = None) -> ProblemError:
    return ProblemError(503, detail, headers={"Retry-After": RETRY_AFTER}, named=named)


def _unexpected(error: Exception) -> AnyResponse:
    if again := _asked_again(error):
        return again
    if isinstance(error, InDoubtError):
        return _problem(may_be_stored(error, "look, before you do it again"))
    if sentence := sentence_of(error) or _mismatch(error):
        log.error("database: %s: %s", type(error).__name__, reason_of(error))
        reads = request.method in ("GET", "HEAD")
        return _problem(_later(f"{sentence}." if reads else f"{sentence}: nothing was stored."))
    log.error("%s %s", request.method, request.path, exc_info=_without_values(error))
    return _problem(ProblemError(500, "Something went wrong here. It has been logged."))


def _asked_again(error: Exception) -> AnyResponse | None:
    """The answer of the others, where a page met a node that is away; it is asked for once more.

    Whatever met it, that node is looked for.
    """
    if g.get("asked_again") or not nodes.suspect(error) or request.method != "GET":
        return None
    g.asked_again = True
    try:
        return current_app.make_response(current_app.dispatch_request())
    except Exception as another:
        answer = current_app.handle_user_exception(another)
        return current_app.make_response(answer)


def _mismatch(error: Exception) -> str | None:
    """What is wrong with the tables, where a statement fails since others migrated them."""
    if not isinstance(error, DBAPIError):
        return None
    try:
        return schema.fault()
    except Exception as another:
        return sentence_of(another)


def _without_values(error: Exception) -> Exception:
    """The error as a log may have it: PostgreSQL's own text quotes the row that it refused."""
    if not isinstance(error, DBAPIError):
        return error
    kind = type(error.orig or error).__name__
    plain = RuntimeError(f"{kind}: {reason_of(error)}\n[SQL: {error.statement}]")
    return plain.with_traceback(error.__traceback__)
