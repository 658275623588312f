"""Versions: they only rise, and no number of one moment comes again for another content."""

from collections import Counter

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, update

from app.access.door import visit_overview_with_session
from app.clock import now
from app.ledger.projects import change_project, create_project
from app.ledger.sums import raise_version
from app.ledger.versions import BEGIN
from app.models import Project
from app.rules.times import DAY, HOUR, SECOND
from app.store.database import reading, table_of, writing
from tests.kit.sessions import new_session

PROJECTS = table_of(Project)


def version(project_id: str = "p1") -> int:
    with reading() as connection:
        return connection.scalar(select(Project.version).where(Project.project_id == project_id))


def write(**values: object) -> None:
    with writing() as connection:
        connection.execute(update(Project).values(**values))


def change() -> int:
    with writing() as connection:
        raise_version(connection, "p1", Counter())
    return version()


def test_a_version_is_the_time_of_its_writing(app: Flask) -> None:
    before = now()
    made = create_project("p1", name="one", mode="kg_vector", now=now() - 30 * DAY)
    versions = [made.version, version(), change(), change()]
    change_project("p1", {"name": "another"})
    versions += [version(), change()]
    assert made.version == versions[1]
    assert versions[1:] == sorted(set(versions[1:]))
    began = before - BEGIN * SECOND
    assert began - SECOND < versions[0], "SQLite's clock tells milliseconds"
    assert versions[-1] <= now() - BEGIN * SECOND + SECOND


@pytest.mark.parametrize("ahead", [HOUR, 100 * 365 * DAY])
def test_where_the_clock_was_set_back_a_version_rises_by_one(app: Flask, ahead: int) -> None:
    create_project("p1", name="one", mode="kg_vector", now=now())
    write(version=version() + ahead)
    first = version()
    assert [change() for _ in range(3)] == [first + 1, first + 2, first + 3]


@pytest.mark.parametrize("old", [0, 2**40, 10 * 2**40])
def test_a_version_of_an_older_store_goes_on_from_the_time(app: Flask, old: int) -> None:
    """They began anywhere below 2**40 and rose by one, or by so much with a restore."""
    create_project("p1", name="one", mode="kg_vector", now=now())
    write(version=old)
    assert change() > old + HOUR


def test_thousands_of_projects_have_a_sum(app: Flask) -> None:
    latest = 58 * 365 * DAY  # of 2083
    rows = [
        {
            "project_id": f"p{number}",
            "name": "p",
            "mode": "kg_vector",
            "created_at": 0,
            "version": latest - number,
        }
        for number in range(5000)
    ]
    with writing() as connection:
        connection.execute(insert(Project), rows)
    session = new_session()
    with reading() as connection:
        visit = visit_overview_with_session(connection, session, now())
    assert visit is not None
    assert visit.versions == (latest, 5000 * latest - sum(range(5000)))


class Store:
    """A store of projects that are made, changed, kept and put back; what was seen under a name."""

    def __init__(self) -> None:
        self.session = new_session()
        self.kept: list[list[dict[str, object]]] = []
        self.content: dict[object, object] = {}
        self.number = 0
        self.look()

    def change(self, which: int) -> None:
        self.number += 1
        with writing() as connection:
            here = update(Project).where(Project.project_id == f"p{which}")
            if connection.execute(here.values(name=str(self.number))).rowcount:
                raise_version(connection, f"p{which}", Counter())
                return
        create_project(f"p{which}", name=str(self.number), mode="kg_vector", now=now())

    def keep(self, _: int) -> None:
        with reading() as connection:
            self.kept.append([dict(row) for row in connection.execute(select(PROJECTS)).mappings()])

    def put_back(self, which: int) -> None:
        if self.kept:
            with writing() as connection:
                connection.execute(delete(Project))
                if rows := self.kept[which % len(self.kept)]:
                    connection.execute(insert(PROJECTS), rows)

    def look(self) -> None:
        with reading() as connection:
            visit = visit_overview_with_session(connection, self.session, now())
            assert visit is not None
            columns = (Project.project_id, Project.version, Project.name)
            rows = connection.execute(select(*columns).order_by(Project.project_id)).all()
        content = tuple((row.project_id, row.name) for row in rows)
        assert self.content.setdefault(visit.versions, content) == content
        for row in rows:
            assert self.content.setdefault(row[:2], row.name) == row.name


steps = st.tuples(st.sampled_from(["change", "change", "keep", "put_back"]), st.integers(0, 2))


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(steps, min_size=5, max_size=20))
def test_no_two_contents_have_the_same_versions_whatever_is_put_back(
    app: Flask, steps: list[tuple[str, int]]
) -> None:
    with writing() as connection:
        connection.execute(delete(Project))  # those of the example before
    store = Store()
    for what, which in steps:
        getattr(store, what)(which)
        store.look()
