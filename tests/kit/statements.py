"""What a test hears of the statements that the database is sent."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent meanwhile, but for BEGIN."""
    heard: list[str] = []
    with _hearing(engine, lambda statement, _: heard.append(statement)):
        yield heard


@contextmanager
def asked(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """The same with their parameters."""
    heard: list[tuple[str, Any]] = []
    with _hearing(engine, lambda *sent: heard.append(sent)):
        yield heard


@contextmanager
def _hearing(engine: Engine, tell: Callable[[str, Any], None]) -> Iterator[None]:
    def hear(_connection, _cursor, statement, parameters, *_rest) -> None:
        if not statement.startswith("BEGIN"):
            tell(statement, parameters)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", hear)
