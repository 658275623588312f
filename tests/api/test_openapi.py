"""The OpenAPI document says what the API does: no less, and hardly more."""

import json
import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.api.params import LIST_PARAMETERS
from tests.kit.api import Api
from tests.kit.databases import sqlite_only
from tests.kit.problems import assert_problem

T1, T2 = "2026-03-01T00:01:00Z", "2026-03-01T00:02:00Z"


@pytest.fixture
def document(api: Api) -> dict[str, Any]:
    answer = api.client.get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return answer.json


def accepts(document: dict[str, Any], schema: dict[str, Any], value: object) -> bool:
    """Whether a value is valid by a schema of the document."""
    whole = {**schema, "components": document["components"]}
    checker = Draft202012Validator.FORMAT_CHECKER
    return Draft202012Validator(whole, format_checker=checker).is_valid(value)


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_and_no_other_is_in_the_document(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<\w+:(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    base = document["servers"][0]["url"]
    described = {
        (base + path, method) for path, methods in document["paths"].items() for method in methods
    }
    assert described == routes
    assert len(described) >= 9


def test_what_needs_no_key_says_so_and_nothing_else_does(
    api: Api, document: dict[str, Any]
) -> None:
    assert document["security"], "a key is needed where nothing else is said"
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            url = "/api/v1" + path.format(project_id="p1", job_id="j")
            answer = api.client.open(url, method=method.upper(), json={})
            assert (answer.status_code != 401) == (described.get("security") == []), (method, path)


CALLS = [
    ("get", "/openapi.json", {}, 200),
    ("get", "/projects", {}, 200),
    ("get", "/projects", {"key": False}, 401),
    ("get", "/projects", {"etag": True}, 304),
    ("post", "/projects", {"json": {"name": "n", "mode": "vector_only"}}, 201),
    ("post", "/projects", {"json": {"name": "n", "mode": "kg_vector", "project_id": "p1"}}, 409),
    ("post", "/projects", {"json": {}}, 422),
    ("post", "/projects", {"json": {}, "scope": "write"}, 403),
    ("post", "/projects", {"json": {}, "key": False}, 401),
    ("get", "/projects/{project_id}", {}, 200),
    ("get", "/projects/{project_id}", {"project": "none"}, 404),
    ("get", "/projects/{project_id}", {"etag": True}, 304),
    ("get", "/projects/{project_id}/jobs", {}, 200),
    ("get", "/projects/{project_id}/jobs", {"query": "?limit=0"}, 422),
    ("get", "/projects/{project_id}/jobs", {"project": "none"}, 404),
    ("get", "/projects/{project_id}/jobs", {"key": False}, 401),
    ("get", "/projects/{project_id}/jobs", {"etag": True}, 304),
    ("get", "/projects/{project_id}/jobs/{job_id}", {}, 200),
    ("get", "/projects/{project_id}/jobs/{job_id}", {"job": "none"}, 404),
    ("get", "/projects/{project_id}/jobs/{job_id}", {"etag": True}, 304),
    ("post", "/projects/{project_id}/jobs", {"json": {"source_doc_id": "e"}}, 201),
    ("post", "/projects/{project_id}/jobs", {"json": {"job_id": "j", "source_doc_id": "d"}}, 200),
    ("post", "/projects/{project_id}/jobs", {"json": {}}, 422),
    ("post", "/projects/{project_id}/jobs", {"json": {}, "scope": "read"}, 403),
    ("post", "/projects/{project_id}/jobs", {"data": b"{"}, 400),
    ("post", "/projects/{project_id}/jobs", {"data": b" " * 2_000_000}, 413),
    ("post", "/projects/{project_id}/jobs", {"data": b"{}", "content_type": "text/plain"}, 415),
    ("patch", "/projects/{project_id}/jobs/{job_id}", {"json": {}}, 200),
    ("patch", "/projects/{project_id}/jobs/{job_id}", {"json": {}, "job": "none"}, 404),
    (
        "patch",
        "/projects/{project_id}/jobs/{job_id}",
        {"json": {"source_doc_id": "e"}, "job": "new"},
        201,
    ),
    ("patch", "/projects/{project_id}/jobs/{job_id}", {"json": {"attempt": 0}}, 422),
    (
        "post",
        "/projects/{project_id}/jobs/bulk",
        {"json": {"jobs": [{"job_id": "j"}, {"job_id": "k", "source_doc_id": "d"}, {}, 5]}},
        200,
    ),
    ("post", "/projects/{project_id}/jobs/bulk", {"json": {"jobs": []}}, 422),
]


@pytest.mark.parametrize(("method", "path", "how", "status"), CALLS)
def test_an_answer_is_what_the_document_says(
    api: Api, document: dict[str, Any], method: str, path: str, how: dict[str, Any], status: int
) -> None:
    api.post({"job_id": "j", "source_doc_id": "d", "status": "failed", "error_message": "e"})
    named = {"project_id": how.get("project", "p1"), "job_id": how.get("job", "j")}
    url = "/api/v1" + path.format(**named) + how.get("query", "")
    headers = api.headers(how.get("scope", "admin")) if how.get("key", True) else {}
    if how.get("etag"):
        headers["If-None-Match"] = api.client.get(url, headers=headers).headers["ETag"]
    sent = {name: how[name] for name in ("json", "data") if name in how}
    kind = how.get("content_type", "application/json")

    answer = api.client.open(
        url, method=method.upper(), headers=headers, content_type=kind if sent else None, **sent
    )

    assert answer.status_code == status, answer.data
    described = document["paths"][path][method]["responses"]
    assert str(status) in described
    content = described[str(status)].get("content", {})
    if not answer.data:
        assert not content
        return
    assert list(content) == [answer.headers["Content-Type"]]
    assert accepts(document, content[answer.headers["Content-Type"]].get("schema", {}), answer.json)


def test_the_schemas_of_answers_refuse_what_is_no_such_answer(document: dict[str, Any]) -> None:
    job = {
        "job_id": "j",
        "project_id": "p",
        "source_doc_id": "d",
        "status": "failed",
        "chunks_processed": 1,
        "nodes_created": 1,
        "edges_created": 1,
        "started_at": T1,
        "completed_at": None,
        "error_message": None,
    }
    schema = {"$ref": "#/components/schemas/Job"}
    assert accepts(document, schema, job)
    for name in job:
        assert not accepts(document, schema, {key: job[key] for key in job if key != name})
    for name, value in (("status", "done"), ("started_at", 5), ("nodes_created", -1)):
        assert not accepts(document, schema, {**job, name: value})


TEXT = ["d", "a b", "a\nb", "a\0b", "\0", "ä" * 1024, "x" * 1025, "", None, 5, True, [], {}]
NAME = [
    "a",
    "A.b_c:d-9",
    "a+b@c=d~e",
    "x" * 250,
    "x" * 251,
    "",
    "-a",
    "a b",
    "ä",
    "a/b",
    "bulk",
    "bulky",
    None,
    5,
    [],
    {},
]
COUNT = [0, 1, 2**53 - 1, 2**53, -1, 0.5, "1", True, False, None, [], {}]
TIME = [
    "2026-03-01T00:00:00Z", "2026-03-01T00:00:00.123+01:00", "2026-03-01t00:00:00z",
    "2026-03-01 00:00:00Z", "2026-03-01T00:00:00", "2026-03-01", "2026-02-30T00:00:00Z",
    "0000-00-00T00:00:00Z", "1999-12-31T23:59:59Z", "2000-01-01T00:00:00+23:59",
    "2099-12-31T23:59:59.999999999999-23:59", "2100-01-01T00:00:00Z", "2026-03-01T23:59:60Z",
    "2026-03-01T24:00:00Z", "2026-03-01T00:00:00+25:00", "", "now", 1772323200, True, None, [], {},
]  # fmt: skip
STATUS = ["pending", "running", "completed", "failed", "Failed", "stalled", "", None, 1, [], {}]
REPORT_VALUES = {
    "job_id": NAME,
    "source_doc_id": TEXT,
    "status": STATUS,
    "chunks_processed": COUNT,
    "chunks_total": COUNT,
    "nodes_created": COUNT,
    "edges_created": COUNT,
    "attempt": COUNT,
    "created_at": TIME,
    "started_at": TIME,
    "completed_at": TIME,
    "sent_at": TIME,
    "error_message": ["", "e", "a\0b", "a\n\u202eb", "x" * 9000, None, 5, True, [], {}],
    "project_id": ["p1", None, 5, "", []],
    "unknown": [1, None],
}


def body_of(document: dict[str, Any], method: str, path: str) -> dict[str, Any]:
    """The schema of the body of an operation."""
    return document["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]


@sqlite_only
@pytest.mark.parametrize("field", REPORT_VALUES)
def test_the_schema_of_a_report_agrees_with_the_checks(
    api: Api, document: dict[str, Any], field: str
) -> None:
    post = body_of(document, "post", "/projects/{project_id}/jobs")
    patch = body_of(document, "patch", "/projects/{project_id}/jobs/{job_id}")
    bulk = body_of(document, "post", "/projects/{project_id}/jobs/bulk")
    one_of_many = {"$ref": "#/components/schemas/BulkReport"}
    differ = []
    for number, value in enumerate(REPORT_VALUES[field]):
        report = {"job_id": f"j{number}", "source_doc_id": "d", field: value}
        update = {"source_doc_id": "d", field: value}
        target = value if field == "job_id" and isinstance(value, str) and value else f"k{number}"
        item = {**report, "job_id": value if field == "job_id" else f"b{number}"}
        many = {"jobs": [item]}
        assert accepts(document, bulk, many), "each is checked alone"
        done = api.post(many, "/bulk").json["results"][0]["status"]
        by_way = {
            "post": (accepts(document, post, report), api.post(report).status_code < 400),
            "bulk": (accepts(document, one_of_many, item), done < 400),
        }
        if field != "job_id":
            status = api.patch(target, update).status_code
            by_way["patch"] = (accepts(document, patch, update), status < 400)
        differ += [(way, value, told) for way, told in by_way.items() if told[0] != told[1]]
    if field == "source_doc_id":  # absent in a PATCH or a bulk is a question of what is stored
        differ = [one for one in differ if one[0] == "post" or one[1] is not None]
    assert differ == []


@sqlite_only
@pytest.mark.parametrize(
    "body",
    [
        {"name": "n", "mode": "kg_vector"},
        {"name": "n", "mode": "vector_only", "project_id": None},
        {"name": "n", "mode": "vector_only", "project_id": "new"},
        {"name": "n" * 200, "mode": "kg_vector"},
        {"name": "n" * 201, "mode": "kg_vector"},
        {"name": "", "mode": "kg_vector"},
        {"name": None, "mode": "kg_vector"},
        {"name": "a\0b", "mode": "kg_vector"},
        {"name": "n", "mode": None},
        {"name": "n", "mode": "graph"},
        {"name": "n"},
        {"mode": "kg_vector"},
        {"name": "n", "mode": "kg_vector", "project_id": "-"},
        {"name": "n", "mode": "kg_vector", "more": 1},
        [],
        5,
    ],
    ids=str,
)
def test_the_schema_of_a_project_agrees_with_the_checks(
    api: Api, document: dict[str, Any], body: object
) -> None:
    answer = api.client.post("/api/v1/projects", json=body, headers=api.headers())
    assert answer.status_code in (201, 422)
    schema = body_of(document, "post", "/projects")
    assert accepts(document, schema, body) == (answer.status_code == 201)


@sqlite_only
@pytest.mark.parametrize(
    "body",
    [
        {"jobs": [{"job_id": "j", "source_doc_id": "d"}]},
        {"jobs": [{"job_id": "j", "source_doc_id": "d"}] * 1000},
        {"jobs": [{"job_id": "j", "source_doc_id": "d"}] * 1001},
        {"jobs": []},
        {"jobs": None},
        {"jobs": {}},
        {},
        [],
        {"jobs": [{"job_id": "j"}], "sent_at": None},
        {"jobs": [{"job_id": "j"}], "sent_at": T1},
        {"jobs": [{"job_id": "j"}], "sent_at": "now"},
        {"jobs": [{"job_id": "j"}], "sent_at": 5},
        {"jobs": [{"job_id": "j"}], "more": 5},
        {"jobs": [{}, 5, None, {"job_id": "bulk", "source_doc_id": "d"}]},
    ],
    ids=range(14),
)
def test_the_schema_of_a_bulk_agrees_with_the_checks(
    api: Api, document: dict[str, Any], body: object
) -> None:
    status = api.post(body, "/bulk").status_code
    assert status in (200, 422)
    schema = body_of(document, "post", "/projects/{project_id}/jobs/bulk")
    assert accepts(document, schema, body) == (status == 200)


@sqlite_only
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("nodes_created", 1.0),
        ("source_doc_id", "長" * 683),
    ],
)
def test_what_no_schema_says_is_checked_all_the_same(
    api: Api, document: dict[str, Any], field: str, value: object
) -> None:
    report = {"job_id": "j", "source_doc_id": "d", field: value}
    assert_problem(api.post(report), 422, field)


ANYTHING: dict[str, list[Any]] = {
    "integer": [-1, 0, 1, 2**53 - 1, 2**53],
    "string": ["", "0", "1", "x", "2026-03-01", "x" * 2000],
    "array": [["x"], ["", "1"]],
}


KEYS = [
    "1~a",
    "0~a",
    "9" * 18 + "~a.b_c:d-e",
    "9" * 19 + "~a",
    "~a",
    "1~",
    "1",
    "",
    "1~a b",
    "1~~a",
]


@sqlite_only
@pytest.mark.parametrize("name", [parameter.name for parameter in LIST_PARAMETERS])
def test_the_parameters_of_the_list_agree_with_the_checks(
    api: Api, document: dict[str, Any], name: str
) -> None:
    described = document["paths"]["/projects/{project_id}/jobs"]["get"]["parameters"]
    [parameter] = [one for one in described if one["name"] == name]
    schema = parameter["schema"]
    assert parameter["in"] == "query"
    known: dict[str, list[Any]] = {
        "limit": [0, 1, 1000, 1001, -1],
        "offset": [0, 1, 2**53 - 1, 2**53, -1],
        "cursor": [f"{side}~{key}" for side in ("older", "newer", "at", "") for key in KEYS],
        "q": ["", "a", "a\0", "x" * 1024, "x" * 1025],
        "status": [["failed"], ["failed", "running"], ["done"], ["failed", "done"]],
        "since": [one for one in TIME if isinstance(one, str)],
        "until": [one for one in TIME if isinstance(one, str)],
        "finished": [
            "0000-00-00",
            "2026-02-29",
            "2028-02-29",
            "2026-03-01T24",
            "1999-12-31",
            "2100-01-01",
            "2026-03-01",
            "2026-03-01T03",
            "2026-03-01T3",
            "2026-03",
            "",
            "today",
        ],
        "longer": ["90s", "1d", "1w", "0s", "10", "", "1000000s"],
        "document": ["", "a", "a\0", "x" * 1024, "x" * 1025],
        "cause": ["0" * 16, "f" * 16, "7" * 15, "7F" * 8, ""],
        "stalled": ["1", "0", ""],
        "empty": ["1", "0", ""],
    }
    values = known.get(name) or [parameter["example"], *ANYTHING[schema["type"]]]
    differ = []
    for value in values:
        answer = api.client.get(api.url(), query_string={name: value}, headers=api.headers())
        assert answer.status_code in (200, 422)
        if accepts(document, schema, value) != (answer.status_code == 200):
            differ.append(value)
    assert differ == []
    if "default" in schema:
        assert api.get().json[name] == schema["default"]


KEYS = [("", 422), ("k", 201), ("k" * 255, 201), ("k" * 256, 422)]


@sqlite_only
@pytest.mark.parametrize(("key", "status"), KEYS, ids=lambda one: str(one)[:9])
@pytest.mark.parametrize("named", [{}, {"job_id": "j"}])
def test_an_idempotency_key_is_checked_whether_it_is_needed_or_not(
    api: Api, document: dict[str, Any], key: str, status: int, named: dict[str, str]
) -> None:
    [parameter] = [
        one
        for one in document["paths"]["/projects/{project_id}/jobs"]["post"]["parameters"]
        if one["in"] == "header"
    ]
    report = {"source_doc_id": "d", **named}
    assert api.post(report, **{parameter["name"]: key}).status_code == status
    assert accepts(document, parameter["schema"], key) == (status < 400)


def test_the_document_is_the_same_at_every_reading(api: Api, document: dict[str, Any]) -> None:
    again = api.client.get("/api/v1/openapi.json", headers=api.headers())
    assert json.loads(again.data) == document
