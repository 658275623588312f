"""The words of a search: whose errors have them, and how far was looked."""

from collections.abc import Sequence

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from app.ledger.projects import create_project
from app.models import Cause
from app.queries import indexes, search
from app.queries.filters import JobFilter
from app.queries.indexes import find_causes
from app.store.database import reading, writing
from tests.kit.api import Api

T0 = 1_800_000_000_000_000


def store(lines: Sequence[str]) -> None:
    """Causes of these lines, the last one seen last; their numbers count from 0."""
    same = {"project_id": "p", "job_id": "j", "jobs": 1, "documents": 1, "first_at": T0}
    rows = [same | {"cause": n, "line": line, "last_at": T0 + n} for n, line in enumerate(lines)]
    with writing() as connection:
        connection.execute(delete(Cause))
        if rows:
            connection.execute(insert(Cause), rows)


words = st.text("aAbé.%_K\u212a", min_size=1, max_size=4)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    lines=st.lists(st.lists(words, max_size=4).map(" ".join), max_size=8),
    sought=st.lists(words, min_size=1, max_size=4),
)
def test_those_are_found_whose_line_has_every_word(
    app: Flask, lines: list[str], sought: list[str]
) -> None:
    def small(text: str) -> str:
        return "".join(one.lower() if one.isascii() else one for one in text)

    store(lines)
    plain = [
        number
        for number, line in enumerate(lines)
        if all(small(word) in small(line) for word in sought)
    ]
    with reading() as connection:
        assert find_causes(connection, "p", " ".join(sought)) == (plain[::-1], 0)


def test_it_says_how_many_causes_were_looked_at(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(["timeout"] * 40)
    with reading() as connection:
        assert find_causes(connection, "p", "time out")[1] == 0
        monkeypatch.setattr(indexes, "MOST_MATCHING_CAUSES", 30)
        assert find_causes(connection, "p", "timeout") == (list(range(39, 9, -1)), 30)
        monkeypatch.setattr(indexes, "AT_ONCE", 8)
        monkeypatch.setattr(indexes, "LOOKING", -1)
        assert find_causes(connection, "p", "timeout") == (list(range(39, 32, -1)), 7)
        monkeypatch.setattr(indexes, "MOST_CAUSES", 5)
        assert find_causes(connection, "p", "timeout") == (list(range(39, 34, -1)), 5)


def test_a_search_that_found_enough_causes_says_so_everywhere(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "MOST_MATCHING_CAUSES", 3)
    kinds = ["one", "two", "three", "four", "five"]
    job = {"source_doc_id": "d", "status": "failed"}
    items = [{**job, "job_id": one, "error_message": f"timeout {one}"} for one in kinds]
    assert api.post({"jobs": items}, "/bulk").status_code == 200
    answer = api.get("?q=timeout")
    assert (answer.json["total"], answer.headers[search.LIMITED]) == (3, "causes 3")
    assert search.LIMITED not in api.get("?q=timeout%20tw").headers
    api.sign_in()
    page = api.client.get(f"/projects/{api.project}?q=timeout").text
    assert "these are among those of the 3 causes seen last." in page
    export = api.client.get(f"/projects/{api.project}/jobs.csv?q=timeout")
    assert (export.text.count("timeout"), export.headers[search.LIMITED]) == (3, "causes 3")


def test_a_hostile_search_looks_at_a_bounded_number_of_lines(app: Flask) -> None:
    create_project("p", name="p", mode="kg_vector", now=T0)
    store(["ab" * 150] * indexes.MOST_CAUSES)
    q = " ".join("ab" * 12 + letter for letter in "cdefghijklmnopqrstuvwxyzCDEFGHIJKLMNOP")
    with reading() as connection:
        found = search.find(connection, "p", JobFilter(q=q[:1024]))
    assert found.keys == []
