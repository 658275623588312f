"""Who asks, and what of it they may see: one statement, with which every page begins.

The hash of a secret is looked up at every request, so that revoking works at once; joined with the
project it also tells the version by which an unchanged page is known.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    func,
    not_,
    or_,
    select,
)

from app.access import door_apart
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
from app.access.scopes import Grant, Scope, hashed
from app.models import ApiKey, Job, Screen, ScreenProject, Session
from app.models import Project as ProjectRow
from app.rules.project import Project
from app.store.distributed import is_distributed
from app.store.prepared import Prepared
from app.web.etags import Versions


def _with_project(query: Select[Any], table: Any) -> Select[Any]:
    asked = and_(ProjectRow.project_id == bindparam("of_project"), _sees(table))
    return query.add_columns(*PROJECT).outerjoin(ProjectRow, asked)


def _with_versions(query: Select[Any], table: Any) -> Select[Any]:
    versions = _versions(_sees(table)).correlate(table)
    return query.add_columns(versions.scalar_subquery().label("versions"))


def _sees(table: Any) -> ColumnElement[bool]:
    """Whether a key or a session is for a project: for that one, or for every one."""
    return or_(table.project_id.is_(None), table.project_id == ProjectRow.project_id)


def _versions(seen: ColumnElement[bool]) -> Select[Any]:
    """The versions of all projects that are seen, as one text: the greatest, and their sum.

    The sum rises with every change, also where another change has a greater version already, and
    with every new project. The greatest is a time that no store had before, once one was restored
    or a project is gone, and then the same sum comes again.
    """
    greatest, total = (cast(of(ProjectRow.version), Text) for of in (func.max, func.sum))
    return select(func.coalesce(greatest + " " + total, "0 0")).where(seen)


_PROJECT_BY_KEY = Prepared(lambda _: _with_project(BY_KEY, ApiKey))
_PROJECT_BY_SESSION = Prepared(lambda _: _with_project(BY_SESSION, Session))
_HEARD_AT = (
    select(Job.heard_at)
    .where(Job.project_id == ProjectRow.project_id, Job.job_id == bindparam("of_job"))
    .correlate(ProjectRow)
    .scalar_subquery()
    .label("heard_at")
)
_JOB_BY_SESSION = Prepared(lambda _: _with_project(BY_SESSION, Session).add_columns(_HEARD_AT))
_ALL_BY_KEY = Prepared(lambda _: _with_versions(BY_KEY, ApiKey))
_ALL_BY_SESSION = Prepared(lambda _: _with_versions(BY_SESSION, Session))


def visit_with_key(connection: Connection, key: str, project_id: str, now: int) -> Visit | None:
    """The visit of a program; None for a key that is not valid at `now` (µs)."""
    if is_distributed(connection):
        found = door_apart.KEY.rows(connection, secret=hashed(key), now=now)
        return door_apart.visit(connection, found, project_id)
    return _visit(
        _PROJECT_BY_KEY.rows(connection, secret=hashed(key), of_project=project_id, now=now)
    )


def visit_with_session(
    connection: Connection, token: str, project_id: str, now: int, job_id: str | None = None
) -> Visit | None:
    """The visit of a browser; None for a session that is not open at `now` (µs)."""
    if is_distributed(connection):
        found = door_apart.SESSION.rows(connection, secret=hashed(token), now=now)
        return door_apart.visit(connection, found, project_id, job_id)
    values = {"secret": hashed(token), "of_project": project_id, "now": now, "of_job": job_id}
    query = _PROJECT_BY_SESSION if job_id is None else _JOB_BY_SESSION
    return _visit(query.rows(connection, **values))


def _visit(rows: Sequence[Any]) -> Visit | None:
    if not rows:
        return None
    [row] = rows
    grant, rest = grant_of(row), row[3:]
    if rest[0] is None:
        return Visit(grant)
    width = len(Project._fields)
    return Visit(grant, Project._make(rest[:width]), *rest[width:])


def visit_overview_with_session(
    connection: Connection, token: str, now: int
) -> OverviewVisit | None:
    """The visit of a browser to all that it may see; None for a session that is not open."""
    if is_distributed(connection):
        found = door_apart.SESSION.rows(connection, secret=hashed(token), now=now)
        return door_apart.visit_overview(connection, found)
    rows = _ALL_BY_SESSION.rows(connection, secret=hashed(token), now=now)
    return OverviewVisit(grant_of(rows[0]), _numbers(rows[0][-1])) if rows else None


def visit_everything_with_key(connection: Connection, key: str, now: int) -> OverviewVisit | None:
    """The visit of a program to all that it may see; None for a key that is not valid."""
    if is_distributed(connection):
        found = door_apart.KEY.rows(connection, secret=hashed(key), now=now)
        return door_apart.visit_overview(connection, found)
    rows = _ALL_BY_KEY.rows(connection, secret=hashed(key), now=now)
    return OverviewVisit(grant_of(rows[0]), _numbers(rows[0][-1])) if rows else None


def _shown(dialect: str, table: Any, sees: ColumnElement[bool], asked: bool) -> list[Any]:
    """Of the projects that are to be seen (if `asked`, of those asked for): versions, and ids."""
    if asked:
        sees = and_(sees, ProjectRow.project_id.in_(select(_asked_ids(dialect))))
    joined = func.string_agg if dialect == "postgresql" else func.group_concat
    ids = select(joined(ProjectRow.project_id, " ")).where(sees)
    if table is Screen and not asked:
        ids = ids.where(not_(Screen.every_project))  # or it would list them all, for nothing
    return [one.correlate(table).scalar_subquery() for one in (_versions(sees), ids)]


def _asked_ids(dialect: str) -> ColumnElement[str]:
    if dialect == "postgresql":
        ids = func.json_array_elements_text(cast(bindparam("asked", type_=Text), JSON))
        return ids.column_valued("asked_id")
    found: ColumnElement[str] = func.json_each(bindparam("asked")).table_valued("value").c.value
    return found


def _wall_by_session(dialect: str) -> Select[Any]:
    return BY_SESSION.add_columns(*_shown(dialect, Session, _sees(Session), asked=True))


def _wall_by_screen(dialect: str, *, asked: bool) -> Select[Any]:
    of_screen = (
        ScreenProject.screen_id == Screen.screen_id,
        ScreenProject.project_id == ProjectRow.project_id,
    )
    listed = exists().where(*of_screen).correlate(Screen, ProjectRow)
    return select(
        Screen.name,
        Screen.screen_id,
        Screen.last_seen_at,
        Screen.every_project,
        *_shown(dialect, Screen, or_(Screen.every_project, listed), asked),
    ).where(Screen.token_hash == bindparam("secret"), Screen.revoked_at.is_(None))


_ASKED_BY_SESSION = Prepared(_wall_by_session)
_ALL_BY_SCREEN = Prepared(lambda dialect: _wall_by_screen(dialect, asked=False))
_ASKED_BY_SCREEN = Prepared(lambda dialect: _wall_by_screen(dialect, asked=True))


def visit_wall_with_session(
    connection: Connection, token: str, asked: Sequence[str], now: int
) -> WallVisit | None:
    """The wall of somebody signed in; None for a session that is not open at `now` (µs).

    Where projects are asked for it is of those alone, as far as they may be seen.
    """
    if not asked:
        visit = visit_overview_with_session(connection, token, now)
        if visit is None:
            return None
        only = visit.grant.project_id
        shown = None if only is None else (only,)
        return WallVisit(visit.grant, visit.versions, shown, away=visit.away)
    if is_distributed(connection):
        found = door_apart.SESSION.rows(connection, secret=hashed(token), now=now)
        return door_apart.visit_wall(connection, found, asked)
    values = {"secret": hashed(token), "asked": orjson.dumps(asked).decode(), "now": now}
    rows = _ASKED_BY_SESSION.rows(connection, **values)
    return WallVisit(grant_of(rows[0]), _numbers(rows[0][3]), ids_of(rows[0][4])) if rows else None


def visit_wall_with_screen(
    connection: Connection, token: str, asked: Sequence[str]
) -> WallVisit | None:
    """The wall of a screen of ours; None for a token that is no screen's, or was revoked."""
    if is_distributed(connection):
        return door_apart.visit_wall_by_screen(connection, hashed(token), asked)
    values = {"secret": hashed(token)}
    if asked:
        values["asked"] = orjson.dumps(asked).decode()
    rows = (_ASKED_BY_SCREEN if asked else _ALL_BY_SCREEN).rows(connection, **values)
    if not rows:
        return None
    name, screen_id, last_seen_at, every_project, versions, ids = rows[0]
    only = None if every_project and not asked else ids_of(ids)
    grant = Grant(name, Scope.READ, None)
    return WallVisit(grant, _numbers(versions), only, screen_id, last_seen_at)


def _numbers(versions: str) -> Versions:
    return tuple(map(int, versions.split()))
