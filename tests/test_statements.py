"""How many statements each answer costs: the same for a small store and for a large one."""

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.access.scopes import hashed, new_secret
from app.queries import depth
from app.queries.habits.doubt import DOUBTED
from app.screens.store import add_screen
from app.store.database import db, writing
from app.web.cookies import SCREEN
from tests.kit.asks import ASKS, CLOCK, MOST_DOUBTS, Ask, Store, make_store
from tests.kit.cookies import give
from tests.kit.databases import Databases
from tests.kit.forms import without_token
from tests.kit.statements import statements

SIZES = {"small": (1, 3), "large": (12, 300)}  # projects, and jobs of the first and of `own`
KEPT = [
    ask
    for endpoint, asks in ASKS.items()
    for ask in asks
    if endpoint in ("api.get_jobs", "dashboard.overview", "dashboard.project", "dashboard.job")
    or endpoint.startswith("wall")
    if ask.status == 200
]


@pytest.fixture(scope="module")
def stores(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Store]]:
    """A store of each size."""
    folder = tmp_path_factory.mktemp("stores")
    with databases.new(folder / "small") as few, databases.new(folder / "large") as many:
        settings = {"small": few, "large": many}
        made = {name: make_store(settings[name], *size) for name, size in SIZES.items()}
        yield made
        for store in made.values():
            for app in (store.app, store.cached):
                with app.app_context():
                    db.engine.dispose()


@pytest.fixture(autouse=True)
def _one_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No minute ends while two answers are compared; the last job of three is not shallow."""
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: CLOCK * 1000))
    monkeypatch.setattr(depth, "SHALLOW", 1)


def test_every_route_has_its_number(stores: dict[str, Store]) -> None:
    rules = {rule.endpoint for rule in stores["small"].app.url_map.iter_rules()}
    assert rules - {"static"} == set(ASKS)


@pytest.mark.parametrize("ask", [ask for asks in ASKS.values() for ask in asks], ids=str)
def test_an_answer_costs_the_same_in_a_store_of_any_size(
    stores: dict[str, Store], ask: Ask
) -> None:
    for name, store in stores.items():
        answer, heard = ask.send(store, store.visitor(store.app))
        assert answer.status_code == ask.status, answer.text
        with store.app.app_context():
            walks = ask.walks if db.engine.dialect.name == "sqlite" else 0
        doubts = [one for one in heard if DOUBTED in one]
        assert len(heard) - len(doubts) == ask.statements + walks, (name, *heard)
        assert len(doubts) <= MOST_DOUBTS


@pytest.mark.parametrize("ask", KEPT, ids=str)
def test_what_was_made_already_costs_one_statement(stores: dict[str, Store], ask: Ask) -> None:
    for store in stores.values():
        client = store.visitor(store.cached)
        made, _ = ask.send(store, client)
        again, heard = ask.send(store, client)
        assert (again.status_code, len(heard)) == (200, 1), heard
        assert without_token(again.text) == without_token(made.text)
        etag = made.headers.get("ETag")
        assert again.headers.get("ETag") == etag
        if etag is not None:
            unchanged, heard = ask.send(store, client, etag)
            assert (unchanged.status_code, unchanged.data, len(heard)) == (304, b"", 1), heard
            assert unchanged.headers["ETag"] == etag


def screen(app: Flask) -> FlaskClient:
    """A television, just let in, that may see the projects `own` and `p1`."""
    client, token = app.test_client(), new_secret()
    with app.app_context(), writing() as connection:
        names = {"name": "tv", "projects": ["own", "p1"]}
        add_screen(connection, **names, token_hash=hashed(token), now=CLOCK)
    give(client, SCREEN, token)
    return client


def poll(client: FlaskClient, **headers: str):
    """Poll the board to the end of the answer, and what that asked of the database."""
    with client.application.app_context():
        engine = db.engine
    with statements(engine) as heard:
        answer = client.get("/wall/board", headers=headers)
        answer.close()
    return answer, heard


def test_a_televisions_poll_costs_one_statement_and_once_a_minute_a_note(
    stores: dict[str, Store],
) -> None:
    for store in stores.values():
        made, heard = poll(screen(store.app))
        asked = [one for one in heard if DOUBTED not in one]
        assert (made.status_code, len(asked)) == (200, 6), heard
        client = screen(store.cached)
        poll(client)
        for known, status in (({}, 200), ({"If-None-Match": made.headers["ETag"]}, 304)):
            polled, heard = poll(client, **known)
            assert (polled.status_code, len(heard)) == (status, 1), heard


def test_letting_a_television_in_costs_the_same_in_a_store_of_any_size(
    stores: dict[str, Store],
) -> None:
    for store in stores.values():
        with store.app.app_context():
            engine = db.engine
        locks = 1 if engine.dialect.name == "postgresql" else 0
        tv = store.app.test_client()
        with statements(engine) as heard:
            code = tv.post("/wall/code", headers={"X-Requested-With": "wall"}).json["code"]
        assert len(heard) == 4 + locks, heard
        form = {"code": code, "step": "done", "name": "tv", "projects": "some", "project": "p1"}
        ask = Ask("/screens/pair", 0, "POST", form=lambda _, form=form: form)
        answer, heard = ask.send(store, store.visitor(store.app))
        assert answer.status_code == 303
        assert len(heard) == 8, heard


def test_what_only_pollers_ask_has_an_etag(stores: dict[str, Store]) -> None:
    store = stores["small"]
    client = store.visitor(store.cached)
    for ask in KEPT:
        answer, _ = ask.send(store, client)
        polled = ask.part or ask.path.startswith(("/api", "/wall/board"))
        assert ("ETag" in answer.headers) == polled, ask
