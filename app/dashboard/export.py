"""A filtered list as a file: CSV for spreadsheets, NDJSON for programs, streamed batch by batch."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
from flask import Response, copy_current_request_context, request

from app.access.viewer import visiting
from app.clock import now
from app.dashboard import blueprint
from app.dashboard.filters import parse_filter
from app.queries import exports
from app.queries.contract import Fields
from app.queries.search import limit_header
from app.rules.legible import BLANK
from app.rules.times import format_time
from app.store import deadline
from app.web.urls import own_path

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
    return _export(project_id, "csv", "text/csv; charset=utf-8", write_csv, head)


@blueprint.get("/projects/<id:project_id>/jobs.ndjson")
def jobs_ndjson(project_id: str) -> Response:
    """The same, a JSON object a line."""
    return _export(project_id, "ndjson", "application/x-ndjson", write_ndjson)


def _export(project_id: str, ending: str, kind: str, write: Write, head: bytes = b"") -> Response:
    at = now()
    wanted = parse_filter(own_path(), request.args)
    with visiting(project_id, at) as (connection, project):
        export = exports.begin(connection, project, wanted.to_query(at, project.silent_after))

    @copy_current_request_context
    def read(left: exports.Export) -> tuple[list[Fields], exports.Export | None]:
        # Who asks is found out for each batch: a session that is closed gets no more. What that
        # raises breaks the answer off, so that no half file looks like a whole one.
        with (
            deadline.within(deadline.REQUEST),
            visiting(project_id, now()) as (connection, project),
        ):
            return exports.read(connection, project, left)

    def stream() -> Iterator[bytes]:
        # Nothing is open while a batch is on its way, neither a transaction nor a context.
        if head:
            yield head
        left: exports.Export | None = export
        while left is not None:
            rows, left = read(left)
            if rows:
                yield write(rows)

    name = f"{project_id}-jobs-{format_time(at)[:10]}.{ending}"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
        **limit_header(export.capped),
    }
    return Response(stream(), headers=headers, content_type=kind)


def write_csv(rows: Sequence[Fields]) -> bytes:
    """Rows as RFC 4180 says; no cell is a formula to a spreadsheet."""
    return _lines([_harmless(row[name]) for name in exports.FIELDS] for row in rows)


def write_ndjson(rows: Sequence[Fields]) -> bytes:
    """Rows as JSON, one a line."""
    return b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value
