"""A filtered list as a file: CSV for spreadsheets, NDJSON for programs, streamed batch by batch."""

import csv
import errno
import io
import logging
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import orjson
from flask import Response, copy_current_request_context, request
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException

from app.access.viewer import visiting
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.asked import parse_filter
from app.queries import exports, failing
from app.queries.contract import Fields
from app.queries.search import limit_header
from app.queries.standby import reading_of
from app.rules.causes import parse_cause
from app.rules.legible import BLANK
from app.rules.project import Project
from app.rules.times import format_time
from app.store import deadline
from app.store.faults import reason_of
from app.web.errors import ProblemError
from app.web.urls import own_path

log = logging.getLogger(__name__)

Write = Callable[[Sequence[Fields]], bytes]

# Without it Excel takes UTF-8 for the machine's old code page. Programs have NDJSON.
BYTE_ORDER_MARK = "\ufeff"
# What a spreadsheet takes for a formula, as wide as it may be and behind whatever is not seen; and
# what moves a cell that is pasted.
FORMULA = re.compile(rf"[{BLANK}]*+[=+@＝＋－＠-]|[\t\r\n]")


@blueprint.get("/projects/<id:project_id>/jobs.csv")
def jobs_csv(project_id: str) -> Response:
    """The list of the project's page, with its filter, as a table."""
    head = BYTE_ORDER_MARK.encode() + _lines([exports.FIELDS])
    return _export(project_id, _JOBS, File("csv", "text/csv; charset=utf-8", write_csv, head))


@blueprint.get("/projects/<id:project_id>/jobs.ndjson")
def jobs_ndjson(project_id: str) -> Response:
    """The same, a JSON object a line."""
    return _export(project_id, _JOBS, File("ndjson", "application/x-ndjson", write_ndjson))


@blueprint.get("/projects/<id:project_id>/failing.txt")
def failing_txt(project_id: str) -> Response:
    """The documents that still fail, or by one `cause`: an id a line, to be run again."""
    file = File("txt", "text/plain; charset=utf-8", write_ids)
    return _export(project_id, _FAILING, file)


@blueprint.get("/projects/<id:project_id>/failing.ndjson")
def failing_ndjson(project_id: str) -> Response:
    """The same, with how often and since when they fail: a JSON object a line."""
    return _export(project_id, _FAILING, File("ndjson", "application/x-ndjson", write_ndjson))


class File(NamedTuple):
    """How a file is written: its ending, its type, its batches and what stands before them."""

    ending: str
    kind: str
    write: Write
    head: bytes = b""


class Listed(NamedTuple):
    """What a file lists: its word, how it begins at a moment, and how the next batch is read."""

    word: str
    begin: Callable[[Connection, Project, int], Any]
    read: Callable[[Connection, Project, Any], tuple[list[Fields], Any]]


def _begin_jobs(connection: Connection, project: Project, at: int) -> exports.Export:
    wanted = parse_filter(own_path(), request.args)
    if wanted.left_out:  # a page says so beside what it shows; a file would be of other jobs
        said = (sentence.partition(";")[0] for sentence in wanted.left_out)
        raise ProblemError(422, f"No file is made of such a filter: {'; '.join(said)}.")
    return exports.begin(connection, project, wanted.to_query(at, project.silent_after))


def _begin_failing(_connection: Connection, _project: Project, _at: int) -> failing.Failing:
    name = request.args.get("cause")
    try:
        return failing.Failing(None if name is None else parse_cause(name))
    except ValueError as error:
        raise ProblemError(422, f"cause {error}.") from None


_JOBS = Listed("jobs", _begin_jobs, exports.read)
_FAILING = Listed("failing-documents", _begin_failing, failing.read)


def _export(project_id: str, listed: Listed, file: File) -> Response:
    if request.environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        # It knows no chunks: there, what breaks off looks like a whole file.
        raise ProblemError(
            505, "Files are sent by HTTP/1.1 alone; a proxy before us must speak it."
        )
    at = now()
    with visiting(project_id, at) as (connection, project):
        export = listed.begin(connection, project, at)
        # Before the answer begins, for what goes wrong here can still be said.
        rows, rest = _read(listed, connection, project, export, at)
    begun = file.head + file.write(rows)

    @copy_current_request_context
    def read(left: Any) -> tuple[list[Fields], Any]:
        # Who asks is found out for each batch: a session that is closed gets no more.
        at = now()
        with (
            deadline.within(deadline.REQUEST),
            visiting(project_id, at) as (connection, project),
        ):
            return _read(listed, connection, project, left, at)

    def stream(told: int, left: Any) -> Iterator[bytes]:
        # Nothing is open while a batch is on its way, neither a transaction nor a context.
        yield begun
        while left is not None:
            try:
                rows, left = read(left)
                batch = file.write(rows)
            except Exception as error:
                raise _broken_off(project_id, listed.word, told, error) from None
            told += len(rows)
            if rows:
                yield batch

    name = f"{project_id}-{listed.word}-{format_time(at)[:10]}.{file.ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        **limit_header(export.capped),
    }
    return Response(stream(len(rows), rest), headers=headers, content_type=file.kind)


def _read(
    listed: Listed, primary: Connection, project: Project, left: Any, at: int
) -> tuple[list[Fields], Any]:
    """The next batch, and what is left then."""
    return reading_of(primary, project, lambda there: listed.read(there, project, left), now=at)()


def _broken_off(project_id: str, word: str, told: int, error: Exception) -> ConnectionResetError:
    """What ends a file in the middle, so that no half of it looks whole; noted in one line.

    The last chunk must not be sent. As if the connection were gone, the server sends nothing more
    and closes it without words of its own; the client misses the end, and says so.
    """
    what = f"export of {project_id} broken off after {told} {word}"
    if isinstance(error, HTTPException):
        log.warning("%s: who asks may not see it any more", what)
    else:
        ours = not isinstance(error, SQLAlchemyError)
        kind = type(error).__name__
        log.error("%s: %s: %s", what, kind, reason_of(error), exc_info=error if ours else None)
    return ConnectionResetError(errno.ECONNRESET, "broken off")


def write_csv(rows: Sequence[Fields]) -> bytes:
    """Rows as RFC 4180 says; no cell is a formula to a spreadsheet."""
    return _lines([_harmless(row[name]) for name in exports.FIELDS] for row in rows)


def write_ids(rows: Sequence[Fields]) -> bytes:
    """The documents alone, one a line; an id that has line breaks itself as a JSON text."""
    ids = (str(row["source_doc_id"]) for row in rows)
    return b"".join(
        (orjson.dumps(one) if one.startswith('"') or one.splitlines() != [one] else one.encode())
        + b"\n"
        for one in ids
    )


def write_ndjson(rows: Sequence[Fields]) -> bytes:
    """Rows as JSON, one a line."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value
