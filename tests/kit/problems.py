"""The one shape of an error under `/api/`, checked wherever a test meets one."""

import json
from http import HTTPStatus
from typing import Any

from werkzeug.test import TestResponse


def read_problem(status: int, content_type: str | None, body: bytes) -> dict[str, Any]:
    """The problem in an answer; fails where it has another shape than the contract's."""
    assert content_type == "application/problem+json", (status, content_type, body[:200])
    problem = json.loads(body)
    expected = ["type", "title", "status", "detail"]
    if status == 422:
        expected.append("errors")
        assert problem["errors"], "a 422 names what is wrong"
        for error in problem["errors"]:
            assert list(error) == ["field", "message"]
            assert all(isinstance(text, str) for text in error.values())
    named = [name for name in ("job_id", "project_id") if status == 503 and name in problem]
    assert list(problem) == expected + named
    assert all(problem[name] in problem["detail"] for name in named)
    assert problem["type"] == "about:blank"
    assert problem["title"] == HTTPStatus(status).phrase
    assert problem["status"] == status
    assert isinstance(problem["detail"], str)
    assert problem["detail"]
    return problem


def assert_problem(response: TestResponse, status: int, *fields: str) -> dict[str, Any]:
    """Assert that the answer is this error, and (422) about these fields; gives the problem."""
    assert response.status_code == status, (response.status_code, response.data[:300])
    problem = read_problem(status, response.headers["Content-Type"], response.data)
    assert response.headers["Cache-Control"] == "no-store"
    if fields:
        assert [error["field"] for error in problem["errors"]] == list(fields)
    return problem
