"""What a test does to its database is never seen by another."""

from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app import create_app
from app.access.keys import create_key
from app.access.scopes import Scope
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.models import ApiKey
from app.store.database import db, reading, writing
from tests.kit.databases import Databases

DAMAGES = ("DROP TABLE created_counts", "ALTER TABLE projects ADD COLUMN more INTEGER", "ANALYZE")


def state(databases: Databases, folder: Path, damage: str = "") -> tuple[object, ...]:
    """What somebody finds in a new database, before they fill and (with a statement) damage it."""
    with databases.new(folder) as settings, create_app(read(settings)).app_context():
        with writing() as connection:
            create_key(connection, name="first", scope=Scope.READ, now=now())
        with reading() as connection:
            number = connection.scalar(select(func.max(ApiKey.key_id)))
            found = connection.scalars(text(SCHEMA[databases.engine])).all()
        create_project("p1", name="One", mode="kg_vector", now=now())  # fails where there is one
        if damage:
            with writing() as connection:
                connection.execute(text(damage))
        db.engine.dispose()
    return number, found


SCHEMA = {
    "sqlite": "SELECT sql FROM sqlite_master ORDER BY name",
    "postgresql": "SELECT concat(table_name, '.', column_name) FROM information_schema.columns "
    "WHERE table_schema = 'public' ORDER BY 1",
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_new_database_is_as_new(databases: Databases, tmp_path: Path, damage: str) -> None:
    untouched = state(databases, tmp_path / "1")
    assert untouched[0] == 1
    assert state(databases, tmp_path / "2", damage) == untouched
    assert state(databases, tmp_path / "3") == untouched
