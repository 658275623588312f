"""The OpenAPI 3.1 document, made from the routes, their descriptions and the checks themselves."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from flask import Response, current_app, url_for

from app.api import blueprint
from app.api.answers import json_answer
from app.api.operations import OPERATIONS, Header, Operation, Parameter, operation
from app.ledger.merge import Merge
from app.ledger.projects import NEW_PROJECT
from app.ledger.report import MOST_REPORTS, REPORT
from app.models.project import MODES
from app.rules.fields import RESERVED_ID
from app.rules.status import STATUS_BY_WORD
from app.rules.verdicts import STATES

ALWAYS = {
    400: "The request or its body cannot be read",
    414: "The address is too long",
    421: "The request names a host that this board is not",
    431: "The header fields are too large",
    500: "Our fault, and in the log",
    503: "The database did not answer, or too many ask at once; of what was to be stored the detail"
    " says that nothing was, or that it may be",
}
WITH_KEY = {
    401: "No key, or one that is unknown, expired or revoked",
    404: "Unknown, or not for this key",
}
NO_JOB = {405: f"`{RESERVED_ID}` is no job's id, but the address to which many are reported"}
WRONG = {422: "A value is wrong"}
WRITES = {
    403: "The key may read this but not do it",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "A value is wrong, alone or beside others: a job that is known with another document, ids"
    " that are not those of the address, a document's id of too many bytes",
}
HEADERS = {
    401: (Header("WWW-Authenticate", "Bearer.", always=True),),
    503: (Header("Retry-After", "After how many seconds.", {"type": "integer"}, always=True),),
}
ETAG = Header(
    "ETag",
    "Names this answer: sent back as If-None-Match, it gives a 304 while it is true.",
    always=True,
)


@blueprint.get("/openapi.json")
@operation("This document", scope=None, answers={200: ("An OpenAPI 3.1 document", None)})
def get_openapi() -> Response:
    """The document; it is no secret, so it needs no key."""
    return json_answer(document())


def document() -> dict[str, Any]:
    """The whole document; where it is served is the request's alone, and kept for nobody."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jobwall",
            "version": "1",
            "description": "Jobs of document-ingestion pipelines: report them and list them.",
        },
        "servers": [{"url": url_for("api.get_openapi").removesuffix("/openapi.json")}],
        **_described(),
    }


@cache
def _described() -> dict[str, Any]:
    """What follows from the code alone."""
    return {
        "security": [{"key": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "An API key, ib-…"}
            },
            "schemas": _schemas(),
        },
    }


def _paths() -> dict[str, dict[str, Any]]:
    paths: dict[str, dict[str, Any]] = {}
    for rule in current_app.url_map.iter_rules():
        name = rule.endpoint.removeprefix("api.")
        if name == rule.endpoint:
            continue
        path = re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule).removeprefix(str(blueprint.url_prefix))
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            paths.setdefault(path, {})[method.lower()] = _operation(
                name, OPERATIONS[name], sorted(rule.arguments, reverse=True)
            )
    return paths


def _operation(name: str, described: Operation, arguments: list[str]) -> dict[str, Any]:
    responses = {
        str(status): _answer(sentence, schema)
        for status, (sentence, schema) in described.answers.items()
    }
    errors = ALWAYS | (WITH_KEY if described.scope else {})
    if "job_id" in arguments:
        errors |= NO_JOB
    if described.body:
        errors |= WRITES
    elif described.parameters:
        errors |= WRONG
    for status, sentence in errors.items():
        responses.setdefault(str(status), _answer(sentence, "Problem"))
    headers: dict[int, Sequence[Header]] = {**HEADERS, **described.headers}
    if described.scope and not described.body:
        responses["304"] = {"description": "Nothing changed since the answer with this ETag"}
        headers |= {200: (*headers.get(200, ()), ETAG), 304: (ETAG,)}
    for status, known in headers.items():
        if str(status) in responses:
            responses[str(status)]["headers"] = {one.name: _header(one) for one in known}
    result: dict[str, Any] = {
        "operationId": name,
        "summary": described.summary,
        "parameters": [
            {
                "name": argument,
                "in": "path",
                "required": True,
                "schema": REPORT.fields[argument].schema,
            }
            for argument in arguments
        ]
        + [_parameter(parameter) for parameter in described.parameters],
        "responses": dict(sorted(responses.items())),
    }
    if described.scope is None:
        result["security"] = []
    else:
        result["description"] = f"Needs a key that may {described.scope.name.lower()}."
    if described.body:
        result["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _ref(described.body)}},
        }
    return result


def _parameter(parameter: Parameter) -> dict[str, Any]:
    described = {
        "name": parameter.name,
        "in": parameter.place,
        "schema": parameter.schema,
        "description": parameter.description,
    }
    return described if parameter.example is None else described | {"example": parameter.example}


def _header(header: Header) -> dict[str, Any]:
    described = {"description": header.description, "schema": header.schema}
    return described | {"required": True} if header.always else described


def _answer(sentence: str, schema: str | None) -> dict[str, Any]:
    if schema is None:
        return {"description": sentence, "content": {"application/json": {}}}
    kind = "application/problem+json" if schema == "Problem" else "application/json"
    return {"description": sentence, "content": {kind: {"schema": _ref(schema)}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(properties: dict[str, Any], *optional: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def _requiring(name: str) -> dict[str, Any]:
    """The schema of a report in which this field must be, and not be null."""
    schema = REPORT.schema()
    properties = schema["properties"] | {name: REPORT.fields[name].schema}
    return {**schema, "properties": properties, "required": [name]}


def _summaries(text: Any, count: Any, moment: Any) -> dict[str, Any]:
    """The schemas of how projects stand."""
    seconds = {"type": ["number", "null"], "minimum": 0}
    said = {
        "state": {"type": "string", "enum": [state.name for state in STATES]},
        "trouble": {"type": "boolean", "description": "Whether somebody should look at it."},
        "since": moment,
        "sentence": {**text, "description": "What the pages say, with times in UTC."},
    }
    counts = ("pending", "running", "completed", "failed", "empty", "stalled", "failing_documents")
    cause = {
        "cause": text,
        "error": text,
        "documents": count,
        "remedy": {"type": ["string", "null"]},
    }
    summary = {
        "project_id": text,
        "name": text,
        **said,
        "also": {
            "type": "array",
            "description": "What else holds where something is wrong, worst first.",
            "items": _object(said),
        },
        "counts": _object(dict.fromkeys(counts, count)),
        "last_24h": _object({"completed": count, "failed": count}),
        "last_job_at": moment,
        "drained_at": {**moment, "description": "When what runs and waits will be done: a guess."},
        "causes": {
            "type": "array",
            "description": "Those by which most documents still fail; of several projects the one"
            " that the sentence names.",
            "items": _object(cause),
        },
    }
    pace = _object(
        {
            "since": moment,
            "median_seconds": seconds,
            "p95_seconds": seconds,
            "seconds_per_chunk": seconds,
            "chunks_per_minute": seconds,
        }
    )
    return {
        "ProjectSummary": _object(summary),
        "Summary": _object(summary | {"pace": pace, "as_of": moment}),
        "Summaries": _object(
            {"projects": {"type": "array", "items": _ref("ProjectSummary")}, "as_of": moment}
        ),
    }


def _schemas() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    count: dict[str, Any] = {"type": "integer", "minimum": 0}
    moment: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
    return {
        "Job": _object(
            {
                "job_id": text,
                "project_id": text,
                "source_doc_id": text,
                "status": {"type": "string", "enum": list(STATUS_BY_WORD)},
                "chunks_processed": count,
                "nodes_created": count,
                "edges_created": count,
                "started_at": moment,
                "completed_at": moment,
                "error_message": {"type": ["string", "null"]},
            }
        ),
        "JobList": _object(
            {
                "jobs": {"type": "array", "items": _ref("Job")},
                "total": count,
                "limit": count,
                "offset": count,
            }
        ),
        "Project": _object(
            {
                "project_id": text,
                "name": text,
                "mode": {"type": "string", "enum": list(MODES)},
                "created_at": {"type": "string", "format": "date-time"},
            }
        ),
        "Projects": _object({"projects": {"type": "array", "items": _ref("Project")}}),
        **_summaries(text, count, moment),
        "NewProject": NEW_PROJECT.schema(),
        "JobReport": REPORT.schema(),
        "NewJob": _requiring("source_doc_id"),
        "BulkReport": _requiring("job_id"),
        "Bulk": {
            **_object(
                {
                    "sent_at": REPORT.schema()["properties"]["sent_at"],
                    "jobs": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MOST_REPORTS,
                        "description": "Each a BulkReport. One that is not is refused alone, in its"
                        " own result, and keeps none of the others back.",
                        "items": {"anyOf": [_ref("BulkReport"), {}]},
                    },
                },
                "sent_at",
            ),
            "additionalProperties": False,
        },
        "BulkResults": _object(
            {
                "results": {
                    "type": "array",
                    "items": _object(
                        {
                            "index": count,
                            "job_id": {"type": ["string", "null"]},
                            "status": {"type": "integer"},
                            "merge": {"type": "string", "enum": [merge.value for merge in Merge]},
                            "note": text,
                            "error": _ref("Problem"),
                        },
                        "merge",
                        "note",
                        "error",
                    ),
                }
            }
        ),
        "Problem": _object(
            {
                "type": text,
                "title": text,
                "status": {"type": "integer"},
                "detail": text,
                "errors": {
                    "type": "array",
                    "items": _object({"field": text, "message": text}),
                },
                "job_id": text,
                "project_id": text,
            },
            "errors",
            "job_id",
            "project_id",
        ),
    }
