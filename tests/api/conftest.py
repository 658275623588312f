"""What the tests of the JSON API share."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.models import Project
from app.store.database import Base, reading

Stored = dict[str, int]


@pytest.fixture
def stored(app: Flask) -> Callable[[], Stored]:
    """How many rows each table holds, and the sum of the versions: what a refusal must keep."""

    def count() -> Stored:
        with reading() as connection:
            rows: dict[str, Any] = {
                table.name: connection.scalar(select(func.count()).select_from(table))
                for table in Base.metadata.sorted_tables
            }
            rows["version"] = connection.scalar(select(func.sum(Project.version)))
        return rows

    return count
