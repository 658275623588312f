"""What is asked before the workers are forked."""

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from app.cli import warming
from app.cli.warming import warm
from app.store.database import db
from tests.kit.api import Api
from tests.kit.databases import sqlite_only


def compiled(engine: Engine) -> set[object]:
    """What SQLAlchemy keeps of statements that read."""
    return {key for key in engine._compiled_cache if "sql.dml" not in str(key)}


@sqlite_only  # on PostgreSQL the door's statements are in there too
def test_a_page_and_a_list_find_their_statements_compiled(api: Api) -> None:
    with api.app.app_context():
        engine = db.engine
    warm(api.app)
    assert engine.pool.checkedin() == engine.pool.checkedout() == 0  # none to share in a fork
    api.sign_in()
    before = compiled(engine)
    assert api.client.get(f"/projects/{api.project}").status_code == 200
    assert api.get().status_code == 200
    assert compiled(engine) == before


def test_a_board_whose_store_is_away_starts_all_the_same(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(warming, "reading", away)
    warm(api.app)
