"""The app as it is wired together."""

import ast

import flask.app
import pytest

from tests.kit import ROOT
from tests.kit.api import Api
from tests.kit.databases import sqlite_only


def test_no_function_of_ours_is_async() -> None:
    functions = [
        node
        for path in (ROOT / "app").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert len(functions) > 1000
    assert not [node.name for node in functions if isinstance(node, ast.AsyncFunctionDef)]


@sqlite_only
def test_no_request_looks_for_one_that_is(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(flask.app, "iscoroutinefunction", lambda one: looked.append(one.__name__))
    assert api.get().status_code == 200
    assert looked == []
