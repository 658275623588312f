"""The OpenAPI 3.1 document, made from the routes, their descriptions and the checks themselves."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from flask import Response, current_app, url_for

from app.api import blueprint
from app.api.answers import json_answer
from app.api.operations import OPERATIONS, Header, Operation, Parameter, operation
from app.api.schemas import ref, schemas
from app.ledger.report import REPORT
from app.rules.fields import RESERVED_ID

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
RETRY_AFTER = Header("Retry-After", "After how many seconds.", {"type": "integer"}, always=True)
HEADERS = {
    401: (Header("WWW-Authenticate", "Bearer.", always=True),),
    429: (RETRY_AFTER,),
    503: (RETRY_AFTER,),
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
            "schemas": schemas(),
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
            "content": {"application/json": {"schema": ref(described.body)}},
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
    return {"description": sentence, "content": {kind: {"schema": ref(schema)}}}
