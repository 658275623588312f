"""A standby that lags, stops, freezes or is promoted: what it makes is what the primary would."""

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import requests
from flask import Flask

from app import create_app
from app.access.keys import create_key
from app.access.scopes import Scope
from app.config import read
from app.ledger.projects import create_project
from app.ledger.report import Report
from app.ledger.sources import create_source, note_answer
from app.rules.status import JobStatus
from app.rules.times import HOUR, MINUTE
from app.store import deadline
from app.store.database import db, writing
from app.store.standby import Standby
from app.web.cache import MIB, PageCache
from tests.kit.asks import ASKS, CLOCK, Ask, Store, report
from tests.kit.board import served
from tests.kit.databases import Databases, postgres_only
from tests.kit.forms import without_token
from tests.kit.recording import record
from tests.kit.servers import Server
from tests.kit.statements import statements

pytestmark = postgres_only

PATIENCE = 60  # s
ITSELF = 1  # statement that asks whether it is a standby, with whatever else it is asked
READS = [
    (endpoint, ask)
    for endpoint, asks in ASKS.items()
    for ask in asks
    if ask.method == "GET" and endpoint != "healthz.healthz"
]
HELPED = {
    *("api.get_jobs", "api.get_summaries", "api.get_summary"),
    *("dashboard.overview", "dashboard.project", "dashboard.job", "dashboard.document"),
    *("dashboard.jobs_csv", "dashboard.jobs_ndjson", "dashboard.causes", "dashboard.cause"),
    *("dashboard.failing_txt", "dashboard.failing_ndjson"),
    *("wall.index", "wall.board"),
}


@dataclass
class Boards:
    """A board with a standby and one without, on one primary; and the standby's own server."""

    helped: Store
    alone: Store
    primary: Server
    server: Server
    moment: list[int]

    def __post_init__(self) -> None:
        self._visitors = [store.visitor(store.cached) for store in (self.helped, self.alone)]

    @property
    def standby(self) -> Standby:
        standby: Standby = self.helped.cached.extensions["standby"]
        return standby

    def forget(self) -> None:
        """Let the board with a standby make everything anew."""
        self.helped.cached.extensions |= {"page_cache": PageCache(16 * MIB), "lines": {}}

    def ask(self, ask: Ask) -> int:
        """Ask both, who must say the same; gives how many statements the standby was asked."""
        with statements(self.standby.engine) as heard:
            said, _ = ask.send(self.helped, self._visitors[0])
        told, _ = ask.send(self.alone, self._visitors[1])
        assert said.status_code == told.status_code, (str(ask), said.data)
        assert said.headers.get("Link") == told.headers.get("Link")
        assert _facts(said.data) == _facts(told.data), str(ask)
        return len(heard)

    def ask_all(self) -> set[str]:
        """Ask all that can be read, and what was kept once more.

        Gives the endpoints for which the standby read more than whether it may.
        """
        helped = set()
        for endpoint, ask in READS:
            self.forget()
            if self.ask(ask) > ITSELF + 1:
                helped.add(endpoint)
            self.ask(ask)
        return helped

    def catch_up(self) -> None:
        """Wait until the standby has all that the primary has."""
        [[place]] = self.primary.execute("SELECT pg_current_wal_lsn()")
        deadline = time.monotonic() + PATIENCE
        while self.server.execute(f"SELECT pg_last_wal_replay_lsn() >= '{place}'") != [(True,)]:
            assert time.monotonic() < deadline, "it does not follow"
            time.sleep(0.02)

    @contextmanager
    def lag(self) -> Iterator[None]:
        """The standby stays as it is meanwhile."""
        self.catch_up()
        self.server.execute("SELECT pg_wal_replay_pause()")
        deadline = time.monotonic() + PATIENCE
        while self.server.execute("SELECT pg_get_wal_replay_pause_state()") != [("paused",)]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield
        self.server.execute("SELECT pg_wal_replay_resume()")
        self.catch_up()

    def come_back(self) -> None:
        """Let the standby be asked at once, where it was away."""
        self.standby._again = 0.0
        self.standby.open()


def _facts(body: bytes) -> str:
    """What a page says, but for tokens, and for when it is looked at again: that may be sooner."""
    return re.sub(r"~\d+(?=&#34;)", "", without_token(body.decode(errors="replace")))


def _url(server: Server) -> str:
    return f"postgresql://postgres@127.0.0.1:{server.port}/migrated"


def _app(primary: Server, folder: Path, **more: str) -> Flask:
    return create_app(read({"INSTANCE": str(folder), "DATABASE_URL": _url(primary), **more}))


@pytest.fixture
def servers(databases: Databases) -> Iterator[tuple[Server, Server]]:
    with databases.copied_twice() as (first, second):
        first.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        first.execute("SELECT pg_reload_conf()")
        yield first, second


@pytest.fixture
def boards(
    servers: tuple[Server, Server], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Boards]:
    moment = [CLOCK]
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: moment[0] * 1000))
    first, second = servers
    helped = _app(first, tmp_path, DATABASE_REPLICA_URL=_url(second))
    alone = _app(first, tmp_path, CACHE_MB="0")
    with alone.app_context():
        for project_id in ("own", "p1", "p2"):
            create_project(project_id, name=project_id, mode="kg_vector", now=CLOCK)
            record(project_id, [report(number) for number in range(30)], now=CLOCK)
        with writing() as connection:
            key = create_key(connection, name="k", scope=Scope.ADMIN, now=CLOCK).text
    stores = [Store(app, app, key, 30) for app in (helped, alone)]
    boards = Boards(*stores, first, second, moment)
    boards.catch_up()
    boards.come_back()
    yield boards
    for app in (helped, alone):
        with app.app_context():
            for engine in db.engines.values():
                engine.dispose()


@pytest.fixture
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a machine with much else to do, one that answers late is not away."""
    monkeypatch.setattr("app.store.standby.PATIENCE", 4.0)


@pytest.mark.usefixtures("_patient")
def test_it_makes_what_is_asked_for_and_no_other_answer_comes_of_it(boards: Boards) -> None:
    assert boards.ask_all() == HELPED


@pytest.mark.usefixtures("_patient")
def test_what_it_has_not_yet_the_primary_tells(boards: Boards) -> None:
    news = [replace(report(number), job_id=f"n{number}") for number in range(5)]
    with boards.lag():
        with boards.alone.app.app_context():
            record("p1", news, now=CLOCK)
            record("own", [Report(job_id="j0", source_doc_id="doc-0", attempt=2)], now=CLOCK)
            create_project("p3", name="p3", mode="kg_vector", now=CLOCK)
        made = boards.ask_all()
        assert made == {"dashboard.overview", "api.get_summaries", "wall.index", "wall.board"}
        assert boards.ask(Ask("/projects/p2", 0)) > ITSELF + 1, "of another project it has all"
    assert boards.ask_all() == HELPED


@pytest.mark.usefixtures("_patient")
def test_that_a_job_is_silent_it_never_says_by_itself(boards: Boards) -> None:
    """A sign of life raises no version: it may have come, and be unknown to the standby."""
    alive = [
        Report(job_id=f"j{number}", source_doc_id=f"doc-{number}", status=JobStatus.RUNNING)
        for number in range(1, 30, 3)
    ]
    with boards.lag():
        with boards.alone.app.app_context():
            for project_id in ("own", "p1"):
                record(project_id, alive, now=CLOCK + 10 * MINUTE)
        boards.moment[0] = CLOCK + 14 * MINUTE
        assert boards.ask_all() >= HELPED - {"dashboard.job"}
        boards.moment[0] = CLOCK + 20 * MINUTE
        made = boards.ask_all()
        assert "dashboard.project" not in made
    boards.moment[0] = CLOCK + HOUR
    boards.ask_all()


def test_of_a_project_that_follows_a_source_the_primary_tells(boards: Boards) -> None:
    """How far that was read raises no version either."""
    ask = Ask("/api/v1/projects/followed/summary", 0)
    where = {"url": "http://127.0.0.1:9", "upstream_project": "p", "sealed_key": None}
    with boards.alone.app.app_context():
        create_project("followed", name="f", mode="kg_vector", now=CLOCK)
        record("followed", [replace(report(2), job_id="ended")], now=CLOCK)
    boards.catch_up()
    assert boards.ask(ask) > ITSELF + 1
    with boards.alone.app.app_context():
        create_source("followed", **where, now=CLOCK)
    with boards.lag():
        boards.moment[0] = CLOCK + HOUR
        with boards.alone.app.app_context():
            note_answer("followed", {"synced_at": CLOCK + HOUR, "answered_at": CLOCK + HOUR})
        assert boards.ask(ask) == ITSELF + 1
        boards.ask_all()


def test_it_stops_freezes_comes_back_and_is_promoted(
    boards: Boards, caplog: pytest.LogCaptureFixture
) -> None:
    boards.server.kill()
    assert boards.ask_all() == set()
    boards.server.start()
    boards.come_back()
    assert boards.ask_all() == HELPED

    with boards.server.frozen():
        boards.forget()
        boards.ask(Ask("/projects/p1", 0))
        assert boards.ask_all() == set(), "it is waited for once"
    boards.come_back()
    assert boards.ask_all() == HELPED

    boards.server.promote()
    _rows(boards.server, "UPDATE jobs SET source_doc_id = 'foreign' RETURNING 1")
    boards.ask_all()
    boards.come_back()
    assert boards.ask_all() == set()
    said = [record.message for record in caplog.records if record.name == "app.store.standby"]
    kinds = [line.partition(":")[0] for line in said]
    away, back = (
        "the standby is not asked, the primary makes all pages",
        "the standby is asked again",
    )
    assert kinds == [away, back, away, back, away]


def _rows(server: Server, statement: str) -> list[tuple[Any, ...]]:
    """What a server says of the board's database."""
    with psycopg.connect(_url(server), autocommit=True) as connection:
        return connection.execute(statement).fetchall()


def test_where_all_its_connections_are_in_use_it_is_not_away(
    boards: Boards, caplog: pytest.LogCaptureFixture
) -> None:
    """The primary makes the page, and whoever asks next may find one free."""
    ask = Ask("/projects/p1", 0)
    with ExitStack() as stack:
        in_use = boards.standby.engine.pool.size()
        for _ in range(in_use):
            boards.come_back()
            with boards.helped.app.app_context(), deadline.within(PATIENCE):
                stack.enter_context(boards.standby.engine.connect())
        assert boards.ask(ask) == 0
    boards.forget()
    assert boards.ask(ask) > ITSELF + 1
    assert not [one for one in caplog.records if one.name == "app.store.standby"]


def test_ones_own_report_is_there_when_read(servers: tuple[Server, Server], tmp_path: Path) -> None:
    """As it is run: two processes, and a standby that is five seconds behind."""
    first, second = servers
    second.execute("ALTER SYSTEM SET recovery_min_apply_delay = '5s'")
    second.execute("SELECT pg_reload_conf()")
    settings = {
        "INSTANCE": str(tmp_path / "instance"),
        "DATABASE_URL": _url(first),
        "DATABASE_REPLICA_URL": _url(second),
    }
    with served(settings) as board:
        jobs = f"{board.url}/api/v1/projects/{board.new_project('p1')}/jobs"
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {board.key}"
        for number in range(100):
            name = f"j{number}"
            told = session.post(jobs, json={"job_id": name, "source_doc_id": "d"}, timeout=20)
            assert told.status_code == 201
            assert session.get(f"{jobs}/{name}", timeout=20).status_code == 200
            assert session.get(jobs, timeout=20).json()["jobs"][0]["job_id"] == name
        [(has,)] = _rows(second, "SELECT count(*) FROM jobs")
        assert has < 100, "it was behind all the time"
        [(asked,)] = _rows(
            second, "SELECT xact_commit FROM pg_stat_database WHERE datname = 'migrated'"
        )
        assert asked > 0
