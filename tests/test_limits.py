"""What a limit leaves of rows is the same on both engines: each says of those that tie which."""

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import String
from sqlalchemy.dialects import postgresql

from app.queries import blame, causes, depth
from app.queries.habits import output, pace
from app.store.database import Base, db
from tests.kit.asks import ASKS, CLOCK, Ask, Store, make_store
from tests.kit.databases import Databases

LAST = {"job_id", "cause", "document", "project_id", "attempt", "bucket"}
"""What tells rows apart, projects or those of one: the last by which they are sorted."""

BY_CHANCE = {
    "a search looks at so many, and says by what they are the first": r"\.job_id.* FROM .*"
    r" ORDER BY \w+\.(ended_at|took|heard_at) DESC LIMIT",
    "a text means more jobs than are looked at, and it is said that these are some": r"\.job_id.*"
    r" FROM (jobs WHERE .* BETWEEN .*|\(\) AS \w+) LIMIT",
    "whether the last failures are all of one document": r"^SELECT jobs\.source_doc_id .* LIMIT 20",
    "all of them matter, or that there are more": r"^SELECT documents\.cause .* LIMIT 1001",
}
"""Why, and what: where it is by chance which of those that tie are taken. Each is a limit of a
look that no index ends with a key for, which every report would pay for."""

UNSORTABLE = {
    column.name
    for table in Base.metadata.tables.values()
    for column in table.columns
    if isinstance(column.type, String)
    and column.type.dialect_impl(postgresql.dialect()).collation != "C"
}
"""Columns of texts that engines compare each by the rules of its own."""


def parts_of(statement: str) -> Iterator[str]:
    """It, and all that stands in brackets: each without what stands in brackets there."""
    texts = [""]
    for letter in " ".join(statement.split()):
        if letter == "(":
            texts[-1] += "()"
            texts.append("")
        elif letter == ")":
            yield texts.pop()
        else:
            texts[-1] += letter
    yield texts.pop()


def order_of(part: str) -> list[str]:
    """The names of the columns by which it is sorted."""
    found = re.search(r" ORDER BY (.*?)( LIMIT .*| FETCH .*)?$", part)
    return [re.sub(r"^\w+\.| .*$", "", key) for key in found[1].split(", ")] if found else []


def says_which(part: str) -> bool:
    """Whether a limit leaves the same rows of it in whatever order they lie, or their number."""
    if " LIMIT" not in part or " LIMIT ALL" in part or " WITH TIES" in part:
        return True
    selected = re.search(r"(?:^|\) )SELECT (.*?)( FROM .*)?$", part)
    assert selected is not None, part
    order = order_of(part)
    names = {re.sub(r"^\w+\.| .*$", "", one) for one in selected[1].split(", ")}
    return names <= {"1", "count()", *order} or bool(order and order[-1] in LAST)


@pytest.mark.parametrize(
    ("statement", "which"),
    [
        ("SELECT a.b FROM a ORDER BY a.c DESC LIMIT 3", False),
        ("SELECT a.b FROM a LIMIT 3", False),
        ("SELECT a.b FROM a ORDER BY a.c DESC, a.job_id DESC LIMIT 3", True),
        ("SELECT a.c FROM a ORDER BY a.c DESC LIMIT 3", True),
        ("SELECT count(*) FROM (SELECT 1 FROM a LIMIT 3)", True),
        ("SELECT 1 FROM b WHERE b.c IN (SELECT a.b FROM a ORDER BY a.c LIMIT 3)", False),
        ("SELECT a.b FROM a ORDER BY a.c DESC FETCH FIRST 3 ROWS WITH TIES", True),
    ],
)
def test_a_limit_that_does_not_say_which_is_seen(statement: str, which: bool) -> None:
    assert all(map(says_which, parts_of(statement))) == which


@pytest.fixture(scope="module")
def store(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with databases.new(tmp_path_factory.mktemp("limits") / "store") as settings:
        made = make_store(settings, 3, 30)
        yield made
        for app in (made.app, made.cached):
            with app.app_context():
                db.engine.dispose()


@pytest.mark.parametrize("ask", [ask for asks in ASKS.values() for ask in asks], ids=str)
def test_each_limit_says_which_rows_it_leaves(
    store: Store, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: CLOCK * 1000))
    monkeypatch.setattr(depth, "SHALLOW", 1)
    _, heard = ask.send(store, store.visitor(store.app))
    for part in (part for statement in heard for part in parts_of(statement)):
        assert not UNSORTABLE.intersection(order_of(part)), part
        assert says_which(part) or any(re.search(one, part) for one in BY_CHANCE.values()), part


@pytest.mark.parametrize(
    "build",
    [
        causes._failing,
        blame._blamed,
        output._runs,
        pace._first_slow,
        pace._last_running,
        lambda dialect: pace._last_completed(dialect, 7),
    ],
)
def test_so_does_what_is_asked_of_projects_in_doubt(app: Flask, build) -> None:
    dialect = db.engine.dialect
    statement = build(dialect.name).compile(dialect=dialect)
    assert all(map(says_which, parts_of(str(statement))))
