"""What a test hears of the statements that the database is sent."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, event


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent meanwhile, but for BEGIN."""
    heard: list[str] = []

    def hear(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith("BEGIN"):
            heard.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)
