"""What the tests of the JSON API share."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask
from jinja2 import BytecodeCache
from sqlalchemy import func, select

from app import create_app
from app.clock import now
from app.config import read
from app.ledger.projects import create_project
from app.models import Project
from app.store.database import Base, db, reading
from tests.kit.api import Api
from tests.kit.databases import Databases

Stored = dict[str, int]
COUNTS = select(
    *(
        select(func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in Base.metadata.sorted_tables
    ),
    select(func.sum(Project.version)).scalar_subquery().label("version"),
)


def count() -> Stored:
    """How many rows each table holds, and the sum of the versions."""
    with reading() as connection:
        return dict(connection.execute(COUNTS).one()._mapping)


@pytest.fixture
def stored(app: Flask) -> Callable[[], Stored]:
    """What is stored: what a refusal must keep."""
    return count


@pytest.fixture(scope="module")
def _asked(
    databases: Databases, compiled: BytecodeCache, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Api]:
    with databases.new(tmp_path_factory.mktemp("asked") / "instance") as settings:
        app = create_app(read(settings))
        app.jinja_env.bytecode_cache = compiled
        app.testing = False
        with app.app_context():
            create_project("p1", name="Project one", mode="kg_vector", now=now())
            asked = Api(app, app.test_client())
            for scope in ("read", "write", "admin"):
                asked.key(scope)
        yield asked
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def refusing(_asked: Api) -> Iterator[Api]:
    """A client of an API that refuses all it is asked in this test, which is seen to.

    So nothing changes in its store, and one app is enough for all the tests of a module.
    """
    with _asked.app.app_context():
        before = count()
        yield replace(_asked, client=_asked.app.test_client())
        assert count() == before
