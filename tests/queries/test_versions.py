"""The versions of projects that a process keeps: always those of the store, and little is read."""

from random import Random

import pytest
from flask import Flask
from sqlalchemy import Connection, delete, insert, select, update

from app.models import Project
from app.queries import versions
from app.queries.versions import LATELY, all_versions, changed, versions_of
from app.rules.times import DAY, SECOND
from app.store.database import db, reading, writing
from tests.kit.statements import statements

MANY = versions.FEW + 50
START = 1_000 * DAY  # a version long ago


def project(number: int, version: int) -> dict[str, object]:
    project_id = f"p{number:04}"
    return {
        "project_id": project_id,
        "name": project_id,
        "mode": "kg_vector",
        "created_at": number,
        "version": version,
    }


@pytest.fixture
def many(app: Flask) -> Flask:
    """A store of many projects, and a process that knows their versions."""
    with writing() as connection:
        rows = [project(number, START + number * SECOND) for number in range(MANY)]
        connection.execute(insert(Project), rows)
    look()
    return app


def look() -> versions.Versions:
    with reading() as connection:
        return all_versions(connection)


def truth(connection: Connection) -> dict[str, tuple[str, int, int]]:
    rows = connection.execute(select(Project.project_id, Project.version, Project.created_at))
    return {row[0]: tuple(row) for row in rows}


def set_version(number: int, version: int) -> None:
    with writing() as connection:
        mine = Project.project_id == f"p{number:04}"
        connection.execute(update(Project).where(mine).values(version=version))


def looks_right() -> bool:
    """Whether what is known is true, and whether few rows had to be read for it."""
    with statements(db.engine) as heard:
        found = look()
    with reading() as connection:
        assert found == truth(connection)
    return not [one for one in heard if "created_at" in one and "WHERE" not in one]


def test_nothing_new_is_the_same_object(many: Flask) -> None:
    before = look()
    assert look() is before
    assert looks_right()
    assert changed(before, before) == set()


def test_what_rises_is_read_alone(many: Flask) -> None:
    before = look()
    set_version(7, START + DAY)
    assert looks_right()
    assert changed(before, look()) == {"p0007"}


def test_a_new_project_is_there_and_one_that_is_gone_is_not(many: Flask) -> None:
    before = look()
    with writing() as connection:
        connection.execute(insert(Project), [project(9999, START + DAY)])
        connection.execute(delete(Project).where(Project.project_id == "p0003"))
    looks_right()
    assert changed(before, look()) == {"p9999", "p0003"}


@pytest.mark.parametrize("version", [START + 2 * SECOND + 1, START - DAY, START + MANY * SECOND])
def test_whatever_a_version_becomes_it_is_seen(many: Flask, version: int) -> None:
    set_version(2, version)  # of one who wrote earlier and came later; of a store that was put back
    looks_right()
    assert look()["p0002"][1] == version


def test_what_another_wrote_a_little_earlier_is_read_alone(many: Flask) -> None:
    set_version(7, START + DAY)
    look()
    set_version(8, START + DAY - LATELY + SECOND)
    assert looks_right()


def test_few_are_read_each_time(app: Flask) -> None:
    with writing() as connection:
        connection.execute(insert(Project), [project(number, number) for number in range(9)])
    assert not looks_right()
    assert not looks_right()


def test_of_some_those_that_are_there(many: Flask) -> None:
    with reading() as connection:
        found = versions_of(connection, ["p0001", "none"])
        assert found == {"p0001": truth(connection)["p0001"]}


def test_in_whatever_order_things_happen_it_is_what_is_there(many: Flask) -> None:
    random = Random(5)
    newest = START + DAY
    for step in range(60):
        newest += random.choice((SECOND, 60 * SECOND))
        kind = random.randrange(5)
        if kind < 3:
            set_version(random.randrange(MANY), newest - random.choice((0, 0, DAY, SECOND)))
        with writing() as connection:
            if kind == 3:
                some = Project.project_id == f"p{random.randrange(MANY):04}"
                connection.execute(delete(Project).where(some))
            if kind == 4:
                connection.execute(insert(Project), [project(MANY + step, newest)])
        looks_right()
