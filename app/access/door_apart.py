"""Who asks, and what of it they may see, of a database of several nodes: in two statements.

Those who may see what are on one node, and the projects on others: so who asks is told apart from
what does not answer. `door` leads here where that is so.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select

from app.access.entry import (
    BY_KEY,
    BY_SESSION,
    PROJECT,
    OverviewVisit,
    Visit,
    WallVisit,
    grant_of,
    ids_of,
)
from app.access.scopes import Grant, Scope
from app.models import Job, Screen, ScreenProject
from app.models import Project as ProjectRow
from app.rules.project import Project
from app.store.nodes import Away, nodes
from app.store.prepared import Prepared
from app.web.etags import Versions

KEY = Prepared(lambda _: BY_KEY)
SESSION = Prepared(lambda _: BY_SESSION)
"""The first of the two: the parameters are `secret` (hashed) and `now` (µs)."""

_PROJECT = Prepared(
    lambda _: select(*PROJECT).where(ProjectRow.project_id == bindparam("of_project"))
)
_JOB_HEARD_AT = Prepared(
    lambda _: select(Job.heard_at).where(
        Job.project_id == bindparam("of_project"), Job.job_id == bindparam("of_job")
    )
)
_VERSIONS_OF_ALL = Prepared(lambda _: select(ProjectRow.project_id, ProjectRow.version))


def visit(
    connection: Connection, rows: Sequence[Any], project_id: str, job_id: str | None = None
) -> Visit | None:
    """The visit of whom the first statement found, to a project of some node."""
    if not rows:
        return None
    grant = grant_of(rows[0])
    if grant.project_id not in (None, project_id):
        return Visit(grant)
    nodes().check(connection, project_id)
    found = _PROJECT.rows(connection, of_project=project_id)
    if not found:
        return Visit(grant)
    project = Project._make(found[0])
    if job_id is None:
        return Visit(grant, project)
    heard = _JOB_HEARD_AT.rows(connection, of_project=project_id, of_job=job_id)
    return Visit(grant, project, heard[0][0] if heard else None)


def _versions(
    connection: Connection, only: Collection[str] | None
) -> tuple[dict[str, int], Away | None]:
    """The versions of all projects, or of these, that answer; and what of them does not."""
    there = nodes()
    found = there.versions(connection)
    if found is None:
        versions = {row[0]: row[1] for row in _VERSIONS_OF_ALL.rows(connection)}
        there.projects = versions.keys()
    else:
        versions = {row[0]: row[1] for row in found}
    if only is not None:
        versions = {name: version for name, version in versions.items() if name in only}
    return versions, there.away(connection, only)


def _joined(versions: Mapping[str, int]) -> Versions:
    """Versions together: see `door`."""
    return (max(versions.values(), default=0), sum(versions.values()))


def visit_overview(connection: Connection, rows: Sequence[Any]) -> OverviewVisit | None:
    """The visit of whom the first statement found, to all that they may see."""
    if not rows:
        return None
    grant = grant_of(rows[0])
    only = None if grant.project_id is None else (grant.project_id,)
    seen, away = _versions(connection, only)
    return OverviewVisit(grant, _joined(seen), away)


def visit_wall(
    connection: Connection, rows: Sequence[Any], asked: Sequence[str]
) -> WallVisit | None:
    """The visit of whom the first statement found, to a wall of the projects asked for."""
    if not rows:
        return None
    grant = grant_of(rows[0])
    wanted = _both(asked, grant.project_id and [grant.project_id])
    seen, away = _versions(connection, wanted)
    return WallVisit(grant, _joined(seen), tuple(sorted(seen)), away=away)


def _screen(_dialect: str) -> Select[Any]:
    """A screen, and the ids of the projects that it was given."""
    ids = select(func.string_agg(ScreenProject.project_id, " "))
    ids = ids.where(ScreenProject.screen_id == Screen.screen_id).correlate(Screen)
    return select(
        Screen.name,
        Screen.screen_id,
        Screen.last_seen_at,
        Screen.every_project,
        ids.scalar_subquery(),
    ).where(Screen.token_hash == bindparam("secret"), Screen.revoked_at.is_(None))


_SCREEN = Prepared(_screen)


def visit_wall_by_screen(
    connection: Connection, secret: str, asked: Sequence[str]
) -> WallVisit | None:
    """The wall of a screen of ours, by its token (hashed); None where that is no screen's."""
    found = _SCREEN.rows(connection, secret=secret)
    if not found:
        return None
    name, screen_id, last_seen_at, every_project, ids = found[0]
    wanted = _both(asked or None, None if every_project else ids_of(ids))
    versions, away = _versions(connection, wanted)
    only = None if wanted is None else tuple(sorted(versions))
    grant = Grant(name, Scope.READ, None)
    return WallVisit(grant, _joined(versions), only, screen_id, last_seen_at, away)


def _both(one: Iterable[str] | None, other: Iterable[str] | None) -> set[str] | None:
    """What is in both of two sets of ids, of which None is every one."""
    if one is None or other is None:
        given = one if other is None else other
        return None if given is None else set(given)
    return set(one).intersection(other)
