"""A node of a Citus that does not answer: what is of the others is there, and says what is not.

With `--citus` it is a real one, without one a stand-in for what is asked of it (`kit.nodes`).
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.config import read
from app.rules.times import SECOND, format_time
from app.store import nodes
from app.store.database import db, reading
from tests.kit.asks import ASKS, CLOCK, PART, Ask, Store, make_store
from tests.kit.databases import Databases, postgres_only
from tests.kit.forms import without_token
from tests.kit.nodes import Nodes, wait_for_look

pytestmark = postgres_only
IDS = ["own", *(f"p{number}" for number in range(1, 9))]
OF_ONE = [
    ask
    for asks in ASKS.values()
    for ask in asks
    if ask.method == "GET" and "p1" in ask.path
    if not re.match(r"/\?|/report|/sources|.*project=own", ask.path)  # which are of all
]
OF_ALL = ["/", "/wall", "/wall/board", "/api/v1/summary", "/?state=failing"]


class Torn:
    """A board, and its database of which one node goes away; p1 is on another."""

    def __init__(self, settings: dict[str, str], store: Store, made: Nodes) -> None:
        self.settings, self.store, self.nodes = settings, store, made
        self.node, self.gone = made.without(IDS, "p1")
        self.there = sorted(set(IDS) - set(self.gone))

    @contextmanager
    def process(self) -> Iterator[Flask]:
        """A process of the board, which at last knows that every node answers."""
        app = create_app(read(self.settings))
        try:
            yield app
            wait_until_all_answer(app)
        finally:
            with app.app_context():
                db.engine.dispose()


@pytest.fixture(scope="module")
def torn(
    databases: Databases,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Torn]:
    with databases.new(tmp_path_factory.mktemp("nodes") / "store") as settings:
        url = settings["DATABASE_URL"].replace("+psycopg", "")
        made = Nodes(url, real=request.config.getoption("--citus") is not None)
        store = make_store(settings, len(IDS) - 1, 30)
        for app in (store.app, store.cached):
            with app.app_context():
                db.engine.dispose()
        yield Torn(settings, store, made)
        made.close()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: CLOCK * 1000))
    monkeypatch.setattr(nodes, "AGAIN", 0.05)


@pytest.fixture
def app(torn: Torn) -> Iterator[Flask]:
    """A process that looked at all projects, and knows of no node that is away."""
    with torn.process() as app:
        assert torn.store.visitor(app).get("/").status_code == 200
        yield app


def wait_until_all_answer(app: Flask) -> None:
    wait_for_look(app)
    assert not app.extensions["nodes"].apart, "it believes still that a node is away"


def said(torn: Torn, app: Flask, path: str) -> tuple[int, str]:
    answer = Ask(path, 0).send(torn.store, torn.store.visitor(app))[0]
    body = without_token(answer.data.decode(errors="replace"))
    return answer.status_code, body.replace("\xa0", " ")


@pytest.mark.parametrize("path", OF_ALL)
def test_the_others_are_shown_and_it_is_said_what_is_not(torn: Torn, app: Flask, path: str) -> None:
    with torn.nodes.away(torn.node, app):
        for _ in range(2):  # the first finds it out
            status, body = said(torn, app, path)
            assert status == 200
            if path.startswith("/api"):
                continue
            assert f"<b>{len(torn.gone)} projects have not answered</b>" in body
    wait_until_all_answer(app)
    status, body = said(torn, app, path)
    assert status == 200
    assert "have not answered" not in body


def test_a_program_is_told_of_how_many_and_since_when(torn: Torn, app: Flask) -> None:
    client = torn.store.visitor(app)
    headers = {"Authorization": f"Bearer {torn.store.key}"}
    whole = client.get("/api/v1/summary", headers=headers).json
    assert whole["unanswered"] is None
    with torn.nodes.away(torn.node, app):
        answer = client.get("/api/v1/summary", headers=headers)
        assert answer.json["unanswered"] == {
            "projects": len(torn.gone),
            "since": format_time(CLOCK),
        }
        there = [line for line in whole["projects"] if line["project_id"] in torn.there]
        assert answer.json["projects"] == there
        known = headers | {"If-None-Match": answer.headers["ETag"]}
        assert client.get("/api/v1/summary", headers=known).status_code == 304
    wait_until_all_answer(app)
    back = client.get("/api/v1/summary", headers=known)
    assert (back.status_code, back.json["projects"]) == (200, whole["projects"])


@pytest.mark.parametrize("ask", OF_ONE, ids=str)
def test_what_is_of_another_node_answers_as_ever(torn: Torn, app: Flask, ask: Ask) -> None:
    path = ask.path
    before = said(torn, app, path)
    with torn.nodes.away(torn.node, app):
        assert said(torn, app, "/")[0] == 200
        assert said(torn, app, path) == before


def test_what_is_of_that_node_is_refused_before_it_is_asked(torn: Torn, app: Flask) -> None:
    gone = torn.gone[0]
    with torn.nodes.away(torn.node, app):
        assert said(torn, app, "/")[0] == 200
        for ask in (
            Ask(f"/projects/{gone}", 2),
            Ask(f"/projects/{gone}", 2, part=True),
            Ask(f"/api/v1/projects/{gone}/jobs", 2),
            Ask(f"/api/v1/projects/{gone}/jobs", 2, "POST", json=lambda _: {"source_doc_id": "d"}),
        ):
            answer, heard = ask.send(torn.store, torn.store.visitor(app))
            assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
            assert b"The part of the database that has this does not answer" in answer.data
            assert ask.method == "GET" or b"nothing was stored" in answer.data
            assert not [one for one in heard if "FROM projects \nWHERE" in one or "jobs" in one]


def test_a_report_that_meets_it_has_it_looked_for(torn: Torn) -> None:
    """Where nobody looks at a page, pipelines must not wait for a frozen node again and again."""
    path = f"/api/v1/projects/{torn.gone[0]}/jobs"
    sent = Ask(path, 0, "POST", json=lambda _: {"source_doc_id": "d"})
    with torn.process() as fresh:
        assert said(torn, fresh, "/api/v1/summary")[0] == 200
        with torn.nodes.away(torn.node, fresh):
            first, _ = sent.send(torn.store, fresh.test_client())
            assert first.status_code == 503
            assert fresh.extensions["nodes"].apart
            second, _ = sent.send(torn.store, fresh.test_client())
            assert b"The part of the database that has this does not answer" in second.data


@pytest.mark.parametrize(
    "path",
    ["/api/v1/projects", "/api/v1/projects?limit=3", "/sources", "/screens", "/screens/link"],
)
def test_what_is_of_all_is_refused_before_it_is_asked(torn: Torn, app: Flask, path: str) -> None:
    with torn.nodes.away(torn.node, app):
        assert said(torn, app, "/")[0] == 200
        answer, heard = Ask(path, 0).send(torn.store, torn.store.visitor(app))
        assert answer.status_code == 503
        assert not [one for one in heard if re.search("FROM (projects|sources)|JOIN projects", one)]


def test_all_processes_say_the_same(torn: Torn, app: Flask, monkeypatch) -> None:
    with torn.process() as other:  # which has looked at nothing yet
        with torn.nodes.away(torn.node, app, other):
            first = said(torn, app, "/api/v1/summary")[1]
            later = SimpleNamespace(time_ns=lambda: (CLOCK + 30 * SECOND) * 1000)
            monkeypatch.setattr("app.clock.time", later)
            second = said(torn, other, "/api/v1/summary")[1]
        wait_until_all_answer(app)
    missing = f'"unanswered":{{"projects":{len(torn.gone)},"since":"{format_time(CLOCK)}"}}'
    assert missing in first
    assert missing in second
    with app.app_context(), reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM node_outages")) == 0


def test_where_nobody_knew_how_many_it_is_said_of_the_nodes(torn: Torn) -> None:
    with torn.process() as app, torn.nodes.away(torn.node, app):
        page, summary = (said(torn, app, path)[1] for path in ("/", "/api/v1/summary"))
    assert "<b>The projects of 1 of 2 nodes have not answered</b> since" in page
    assert '"unanswered":{"projects":null,' in summary


def test_a_wall_of_some_counts_those_of_its_own(torn: Torn, app: Flask) -> None:
    gone = torn.gone[0]
    with torn.nodes.away(torn.node, app):
        both = said(torn, app, f"/wall?project=p1&project={gone}")[1]
        assert "<b>1 project has not answered</b>" in both
        assert 'class="head__project' not in both, "one alone of two has no closeup"
        assert "have not answered" not in said(torn, app, "/wall?project=p1")[1]
        alone = said(torn, app, f"/wall?project={gone}")[1]
        assert "<b>1 project has not answered</b>" in alone
        assert "unknown here" not in alone
        assert "of the others" not in alone
        assert "projects</span>" not in alone, "none is said to be all"


def test_an_outage_whose_end_nobody_saw_is_over(torn: Torn, app: Flask, monkeypatch) -> None:
    long_ago = CLOCK - 2 * nodes.FORGOTTEN
    values = {"node": "x:1", "since": long_ago, "now": long_ago, "projects": 7, "forgotten": 0}
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(nodes._NOTE, values)
        again = values | {"now": CLOCK, "since": CLOCK, "projects": None}
        found = connection.execute(nodes._NOTE, again | {"forgotten": CLOCK - nodes.FORGOTTEN})
        assert found.one() == (CLOCK, None)
        connection.execute(nodes._FORGET, {"away": []})


def test_a_poller_is_told_too(torn: Torn, app: Flask) -> None:
    client = torn.store.visitor(app)
    first = client.get("/", headers=PART)
    with torn.nodes.away(torn.node, app):
        answer = client.get("/", headers=PART | {"If-None-Match": first.headers["ETag"]})
        assert answer.status_code == 200
        assert b"have not answered" in answer.data
