"""What a Citus needs of us, held without one: each part of a statement names its project.

So one node answers it. The same statements run on one server here, where they must say what the
others say. The suite itself runs on a Citus too: `pytest --citus URL -m postgresql`.
"""

import re
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from sqlalchemy import Connection, event, select

from app import create_app
from app.config import read
from app.ledger.audit import verify
from app.ledger.projects import create_project
from app.store import distributing
from app.store.database import Base, db, reading
from app.store.prepared import FEW_ROWS
from tests.kit.asks import ASKS, CLOCK, Ask, Store, make_store, report
from tests.kit.databases import Databases, postgres_only
from tests.kit.forms import without_token
from tests.kit.recording import record
from tests.kit.statements import statements

LAID_OUT = distributing.by_project()
NODE_BY_NODE = {
    "the projects that changed, of all that are seen": r"^SELECT projects\.project_id, "
    r"projects\.version(, projects\.created_at)? \nFROM projects( \nWHERE projects\.project_id IN"
    r" \([^()]*\))?$",
    "how projects stand, each from its own rows": r"^WITH seen AS NOT MATERIALIZED",
    "a page of projects": r"^SELECT projects\.project_id, projects\.name, [^()]*\nFROM projects "
    r"(\nWHERE [^()]*)?ORDER BY",
    "a page of projects by their names, and those of some ids": r"^SELECT projects\.project_id, "
    r"projects\.name, [^()]*\nFROM projects \nWHERE .* ORDER BY projects\.sought",
    "the hours of those that are shown": r"^SELECT finished_counts\.project_id.* IN \(SELECT "
    r"projects\.project_id",
    "how many projects there are": r"^SELECT count\(\*\) AS count_1 \nFROM projects( \nWHERE "
    r"\(?strpos\(projects\.sought, .*)?$",
    "the sources of all projects": r"^SELECT sources\.project_id.*ORDER BY sources\.project_id$",
    "the names of the projects that screens show": r"^SELECT screen_projects\.screen_id, "
    r"projects\.project_id, projects\.name \nFROM screen_projects JOIN projects ON",
    "the projects that a screen or a form offers": r"^SELECT projects\.project_id, projects\.name"
    r" \nFROM projects ORDER BY[^()]*$",
}
"""Why, and what: statements that every node answers for its own projects."""

_TABLE = re.compile(
    rf"(?:FROM|JOIN|UPDATE|,)\s+({'|'.join(LAID_OUT)})(?![\w.=]| =| BIGINT)(?:\s+AS\s+(?!\()(\w+))?"
)
_COLUMNS = re.compile(r"^INSERT INTO \w+ \([^()]*\)")


def unnamed(statement: str) -> set[str]:
    """The tables that a statement reads or changes more often than it names their project."""
    seen: dict[str, int] = {}
    for table, alias in _TABLE.findall(_COLUMNS.sub("", statement)):
        name = alias or table
        seen[name] = seen.get(name, 0) + 1
    return {name for name, times in seen.items() if len(_named(statement, name)) < times}


def _named(statement: str, name: str) -> list[str]:
    key = rf"(?<![\w.]){name}\.project_id"
    one = r"(?:ANY \(|CAST\(%\(|%\()"
    return re.findall(rf"{key} = {one}|{one}[^\s]* = {key}", statement)


@pytest.mark.parametrize(
    ("statement", "tables"),
    [
        ("SELECT 1 FROM jobs WHERE jobs.project_id = %(a)s", set()),
        ("SELECT 1 FROM jobs WHERE jobs.job_id = %(a)s", {"jobs"}),
        ("SELECT 1 FROM jobs WHERE jobs.project_id = ANY (%(some)s)", set()),
        (
            "SELECT 1 FROM jobs AS j JOIN causes ON causes.project_id = j.project_id",
            {"j", "causes"},
        ),
        ("DELETE FROM jobs WHERE jobs.status = 1", {"jobs"}),
        ("UPDATE jobs SET status = 1 WHERE jobs.project_id = %(a)s", set()),
        (
            "SELECT (SELECT count(*) FROM jobs) FROM jobs WHERE jobs.project_id = %(a)s",
            {"jobs"},
        ),
        ("SELECT 1 FROM sessions, jobs WHERE jobs.job_id = 'a'", {"jobs"}),
    ],
)
def test_what_names_no_project_is_seen(statement: str, tables: set[str]) -> None:
    assert unnamed(statement) == tables


@pytest.fixture(scope="module")
def stores(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Store, Store]]:
    """A board that believes that its projects are on several nodes, and one that does not."""
    with databases.new(tmp_path_factory.mktemp("apart") / "store") as settings:
        alone = make_store(settings, 4, 30)
        app = create_app(read(settings | {"CACHE_MB": "0"}))
        with app.app_context():
            event.listen(db.engine, "connect", _believe)
        yield Store(app, app, alone.key, alone.jobs), alone
        for one in (app, alone.app, alone.cached):
            with one.app_context():
                db.engine.dispose()


def _believe(_connection: object, record: object) -> None:
    record.info["distributed"] = True  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: CLOCK * 1000))


@postgres_only
@pytest.mark.parametrize("ask", [ask for asks in ASKS.values() for ask in asks], ids=str)
def test_each_statement_names_its_project_in_each_of_its_parts(
    stores: tuple[Store, Store], ask: Ask
) -> None:
    store, alone = stores
    told = None
    if ask.method == "GET":
        told, _ = ask.send(alone, alone.visitor(alone.app))
    said, heard = ask.send(store, store.visitor(store.app))
    assert said.status_code == ask.status, said.data
    if told is not None:
        assert _facts(said.data) == _facts(told.data)
    for statement in heard:
        if not any(re.search(known, statement, re.S) for known in NODE_BY_NODE.values()):
            assert unnamed(statement) == set(), statement


def _facts(body: bytes) -> str:
    return without_token(body.decode(errors="replace"))


def test_what_goes_to_nodes_is_what_is_of_a_project() -> None:
    assert LAID_OUT[0] == "projects"
    assert set(LAID_OUT) >= {"jobs", "attempts", "events", "documents", "causes", "sources"}
    assert not set(LAID_OUT) & {"api_keys", "sessions", "screens", "screen_projects", "secrets"}


@postgres_only
def test_without_citus_it_says_what_is_missing(
    stores: tuple[Store, Store], capsys: pytest.CaptureFixture[str]
) -> None:
    with stores[0].app.app_context(), reading() as connection:
        [sentence] = distributing.obstacles(connection)
    assert "has no Citus" in sentence
    assert "CREATE EXTENSION citus" in sentence


@postgres_only
@pytest.mark.parametrize("amount", [1, FEW_ROWS, FEW_ROWS + 1])
def test_few_rows_go_as_values_and_are_stored_as_many_are(
    stores: tuple[Store, Store], amount: int
) -> None:
    found = []
    for store, apart in zip(stores, (True, False), strict=True):
        with store.app.app_context():
            project_id = f"{'apart' if apart else 'alone'}{amount}"
            create_project(project_id, name=project_id, mode="kg_vector", now=CLOCK)
            reports = [report(3 * number) for number in range(amount)]  # each fails
            with statements(db.engine) as heard:
                record(project_id, reports, now=CLOCK)
                record(project_id, reports, now=CLOCK)
            inserts = [one for one in heard if one.startswith("INSERT INTO jobs ")]
            assert len(inserts) == 1
            assert ("VALUES" in inserts[0]) == (apart and amount <= FEW_ROWS)
            with reading() as connection:
                found.append([_rows(connection, name, project_id) for name in LAID_OUT[1:]])
                assert verify(connection, project_id, lambda _done, _total: None) == []
    assert found[0] == found[1]


def _rows(connection: Connection, table: str, project_id: str) -> list[tuple[object, ...]]:
    rows = Base.metadata.tables[table]
    some = [column for column in rows.c if column.name != "project_id"]
    return sorted(
        connection.execute(select(*some).where(rows.c.project_id == project_id)), key=repr
    )
