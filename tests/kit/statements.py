"""What a test hears of the statements that the database is sent."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, event

from app.store.prepared import Prepared


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are sent meanwhile, but for BEGIN."""
    heard: list[str] = []

    def hear(_connection, _cursor, statement, *_rest) -> None:
        if not statement.startswith("BEGIN"):
            heard.append(statement)

    each = Prepared.each

    def hear_each(self, connection, **values):
        if engine.dialect.name == "sqlite":  # else SQLAlchemy tells of it
            heard.append(self._of(connection)[0])
        return each(self, connection, **values)

    event.listen(engine, "before_cursor_execute", hear)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Prepared, "each", hear_each)
            yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)
