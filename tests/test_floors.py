"""The floors of the house: an import leads down, and never into a room next door."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import ROOT

FLOORS = (
    ("rules", "config", "clock"),
    ("store",),
    ("models", "web", "migrations"),
    ("access", "ledger"),
    ("queries", "sources"),
    ("screens", "dashboard", "api", "wall", "mirror"),
    ("serving",),
    ("cli",),
    ("__init__",),
)
"""From the ground up: the packages and modules of app/. Beside each other none knows another."""

ENTRIES = {"app/cli/__main__.py", "app/cli/server.py"}
"""What a process begins with. They stand above the roof, and nothing imports them."""

HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}
FILES = sorted((ROOT / "app").rglob("*.py"))
PURE = sorted((ROOT / "app" / "rules").rglob("*.py"))
IMPURE = {"flask", "werkzeug", "sqlalchemy", "sqlite3", "psycopg", "flask_sqlalchemy", "alembic"}
CLOCKS = {"time", "now", "today", "utcnow"}


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def room_of(path: Path) -> str:
    """The package or module of app/ that a file belongs to."""
    return path.relative_to(ROOT / "app").parts[0].removesuffix(".py")


def imports_of(code: str) -> Iterator[str]:
    """Every module or name that the code imports, also inside functions, with its full path."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "imports are written in full"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def faults_of(room: str, code: str) -> list[str]:
    """The imports of a room's code that do not lead down."""
    wrong = []
    for imported in imports_of(code):
        parts = imported.split(".")
        if parts[0] != "app":
            continue
        other = parts[1] if len(parts) > 1 and parts[1] in HEIGHT else "__init__"
        if other != room and HEIGHT[other] >= HEIGHT[room]:
            wrong.append(imported)
    return wrong


def test_every_room_has_its_floor() -> None:
    assert {room_of(path) for path in FILES} == set(HEIGHT)


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_import_goes_up_or_next_door(path: Path) -> None:
    code = path.read_text()
    wrong = faults_of(room_of(path), code)
    if name(path) in ENTRIES:
        wrong = [one for one in wrong if not re.fullmatch(r"app\.(create_app|__version__)", one)]
    assert wrong == []
    entries = {entry.removesuffix(".py").replace("/", ".") for entry in ENTRIES}
    assert not [one for one in imports_of(code) if any(one.startswith(entry) for entry in entries)]


@pytest.mark.parametrize(
    ("room", "code"),
    [
        ("rules", "from app.queries.views import Job"),
        ("store", "import app.models"),
        ("models", "from app.web import live"),
        ("ledger", "def f():\n    from app.access.keys import create_key"),
        ("wall", "from app import dashboard"),
        ("api", "if TYPE_CHECKING:\n    from app.screens.store import ScreenLine"),
        ("queries", "from app import create_app"),
    ],
)
def test_an_import_that_goes_up_or_next_door_is_seen(room: str, code: str) -> None:
    assert len(faults_of(room, code)) == 1


def clocks_in(code: str) -> set[str]:
    """What in the code would ask what time it is."""
    asked = {node.attr for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Attribute)}
    return (asked | {imported.split(".")[0] for imported in imports_of(code)}) & CLOCKS


@pytest.mark.parametrize("path", PURE, ids=name)
def test_rules_are_pure(path: Path) -> None:
    """No database, no web, and the time is passed in."""
    code = path.read_text()
    assert {imported.split(".")[0] for imported in imports_of(code)} & IMPURE == set()
    assert not clocks_in(code)


@pytest.mark.parametrize("code", ["import time", "datetime.now(UTC)", "date.today()"])
def test_a_clock_is_seen(code: str) -> None:
    assert clocks_in(code)
