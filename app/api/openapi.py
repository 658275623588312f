"""The OpenAPI 3.1 document, made from the routes, their descriptions and the checks themselves."""

import re
from functools import cache
from typing import Any

from flask import Response, current_app, url_for

from app.api import blueprint
from app.api.answers import json_answer
from app.api.operations import OPERATIONS, Operation, Parameter, operation
from app.ledger.merge import Merge
from app.ledger.projects import NEW_PROJECT
from app.ledger.report import MOST_REPORTS, REPORT
from app.models.project import MODES
from app.rules.status import STATUS_BY_WORD

ALWAYS = {
    401: "No key, or one that is unknown, expired or revoked",
    404: "Unknown, or not for this key",
}
WRITES = {
    400: "The body cannot be read",
    403: "The key may read this but not do it",
    413: "The body is too large",
    415: "The body is not JSON",
    422: "A value is wrong",
    503: "The database did not answer; the detail says that nothing was stored, or that it may be",
}


@blueprint.get("/openapi.json")
@operation("This document", scope=None, answers={200: ("An OpenAPI 3.1 document", None)})
def get_openapi() -> Response:
    """The document; it is no secret, so it needs no key."""
    return json_answer(document())


@cache
def document() -> dict[str, Any]:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Jobwall",
            "version": "1",
            "description": "Jobs of document-ingestion pipelines: report them and list them.",
        },
        "servers": [{"url": url_for("api.get_openapi").removesuffix("/openapi.json")}],
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
        path = re.sub(r"<id:(\w+)>", r"{\1}", rule.rule).removeprefix(str(blueprint.url_prefix))
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
    if described.headers:
        responses["200"]["headers"] = {
            header: {"description": sentence, "schema": {"type": "string"}}
            for header, sentence in described.headers.items()
        }
    errors = dict(ALWAYS) if described.scope else {}
    if described.body:
        errors |= WRITES
    elif described.parameters:
        errors[422] = WRITES[422]
    for status, sentence in errors.items():
        responses.setdefault(str(status), _answer(sentence, "Problem"))
    if described.scope and not described.body:
        responses["304"] = {"description": "Nothing changed since the answer with this ETag"}
    result: dict[str, Any] = {
        "operationId": name,
        "summary": described.summary,
        "parameters": [
            {"name": argument, "in": "path", "required": True, "schema": {"type": "string"}}
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
        "NewProject": NEW_PROJECT.schema(),
        "JobReport": REPORT.schema(),
        "NewJob": _requiring("source_doc_id"),
        "Bulk": {
            **_object(
                {
                    "sent_at": moment,
                    "jobs": {
                        "type": "array",
                        "minItems": 1,
                        "maxItems": MOST_REPORTS,
                        "items": _requiring("job_id"),
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
                            "error": _ref("Problem"),
                        },
                        "merge",
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
