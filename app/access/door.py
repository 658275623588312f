"""Who asks, and what of it they may see: one statement, with which every page begins.

The hash of a secret is looked up at every request, so that revoking works at once; joined with the
project it also tells the version by which an unchanged page is known.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

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

from app.access.scopes import Grant, Scope, hashed
from app.models import ApiKey, Job, Screen, ScreenProject, Session
from app.models import Project as ProjectRow
from app.rules.project import Project
from app.store.database import table_of
from app.store.distributed import is_distributed
from app.store.prepared import Prepared
from app.web.etags import Versions

_COLUMNS = [table_of(ProjectRow).c[name] for name in Project._fields]
_NOW: Any = bindparam("now")

VALID_KEY: tuple[ColumnElement[bool], ...] = (
    ApiKey.revoked_at.is_(None),
    or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > _NOW),
)
"""Of a row of `api_keys`: it is valid at the parameter `now` (µs)."""

VALID_SESSION: tuple[ColumnElement[bool], ...] = (
    Session.revoked_at.is_(None),
    Session.expires_at > _NOW,
    or_(Session.key_id.is_(None), and_(ApiKey.key_id.is_not(None), *VALID_KEY)),
)
"""Of a row of `sessions`, outer joined with its key: it and its key are valid at `now`."""


class Visit(NamedTuple):
    """Who asks, and the project asked for: None where it is unknown or not for them.

    Where a job of it was asked for, `heard_at` (µs) is when it was last heard of, None if unknown.
    """

    grant: Grant
    project: Project | None = None
    heard_at: int | None = None


class OverviewVisit(NamedTuple):
    """Who asks for all that they may see; `versions` rise when anything of it changes."""

    grant: Grant
    versions: Versions


class WallVisit(NamedTuple):
    """Who looks at the wall, and at which projects (None: every one); `versions` as of those.

    Of a screen of ours also its id, and when it was last written down that it was seen (µs).
    """

    grant: Grant
    versions: Versions
    only: tuple[str, ...] | None
    screen_id: int | None = None
    last_seen_at: int | None = None


def _opened(table: Any) -> Select[Any]:
    """The beginning of a statement: what a key or a session opens, under names of its own."""
    label = ApiKey.name if table is ApiKey else Session.label
    return select(
        label.label("grant_label"),
        table.scope.label("grant_scope"),
        table.project_id.label("grant_project"),
    )


def _with_project(query: Select[Any], table: Any) -> Select[Any]:
    asked = and_(ProjectRow.project_id == bindparam("of_project"), _sees(table))
    return query.add_columns(*_COLUMNS).outerjoin(ProjectRow, asked)


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


_BY_KEY = _opened(ApiKey).select_from(ApiKey)
_BY_KEY = _BY_KEY.where(ApiKey.key_hash == bindparam("secret"), *VALID_KEY)
_BY_SESSION = _opened(Session).select_from(Session)
_BY_SESSION = _BY_SESSION.outerjoin(ApiKey, ApiKey.key_id == Session.key_id)
_BY_SESSION = _BY_SESSION.where(Session.token_hash == bindparam("secret"), *VALID_SESSION)

_PROJECT_BY_KEY = Prepared(lambda _: _with_project(_BY_KEY, ApiKey))
_PROJECT_BY_SESSION = Prepared(lambda _: _with_project(_BY_SESSION, Session))
_HEARD_AT = (
    select(Job.heard_at)
    .where(Job.project_id == ProjectRow.project_id, Job.job_id == bindparam("of_job"))
    .correlate(ProjectRow)
    .scalar_subquery()
    .label("heard_at")
)
_JOB_BY_SESSION = Prepared(lambda _: _with_project(_BY_SESSION, Session).add_columns(_HEARD_AT))
_ALL_BY_KEY = Prepared(lambda _: _with_versions(_BY_KEY, ApiKey))
_ALL_BY_SESSION = Prepared(lambda _: _with_versions(_BY_SESSION, Session))


# Of a database of several nodes those who may see what are on one, and the projects on others: two
# statements, so that who asks is told apart from what does not answer.
_KEY = Prepared(lambda _: _BY_KEY)
_SESSION = Prepared(lambda _: _BY_SESSION)
_PROJECT = Prepared(
    lambda _: select(*_COLUMNS).where(ProjectRow.project_id == bindparam("of_project"))
)
_JOB_HEARD_AT = Prepared(
    lambda _: select(Job.heard_at).where(
        Job.project_id == bindparam("of_project"), Job.job_id == bindparam("of_job")
    )
)
_VERSIONS_OF_ALL = Prepared(lambda _: select(ProjectRow.project_id, ProjectRow.version))


def _visit_apart(
    connection: Connection, rows: Sequence[Any], project_id: str, job_id: str | None = None
) -> Visit | None:
    """The visit of whom the first statement found, to a project of some node."""
    if not rows:
        return None
    grant = _grant(rows[0])
    if grant.project_id not in (None, project_id):
        return Visit(grant)
    found = _PROJECT.rows(connection, of_project=project_id)
    if not found:
        return Visit(grant)
    project = Project._make(found[0])
    if job_id is None:
        return Visit(grant, project)
    heard = _JOB_HEARD_AT.rows(connection, of_project=project_id, of_job=job_id)
    return Visit(grant, project, heard[0][0] if heard else None)


def _versions_apart(connection: Connection, only: Container[str] | None) -> dict[str, int]:
    """The versions of all projects, or of these."""
    rows = _VERSIONS_OF_ALL.rows(connection)
    return {row[0]: row[1] for row in rows if only is None or row[0] in only}


def _joined(versions: Mapping[str, int]) -> Versions:
    """See `_versions`."""
    return (max(versions.values(), default=0), sum(versions.values()))


def _overview_apart(connection: Connection, rows: Sequence[Any]) -> OverviewVisit | None:
    if not rows:
        return None
    grant = _grant(rows[0])
    only = None if grant.project_id is None else (grant.project_id,)
    return OverviewVisit(grant, _joined(_versions_apart(connection, only)))


def visit_with_key(connection: Connection, key: str, project_id: str, now: int) -> Visit | None:
    """The visit of a program; None for a key that is not valid at `now` (µs)."""
    if is_distributed(connection):
        found = _KEY.rows(connection, secret=hashed(key), now=now)
        return _visit_apart(connection, found, project_id)
    return _visit(
        _PROJECT_BY_KEY.rows(connection, secret=hashed(key), of_project=project_id, now=now)
    )


def visit_with_session(
    connection: Connection, token: str, project_id: str, now: int, job_id: str | None = None
) -> Visit | None:
    """The visit of a browser; None for a session that is not open at `now` (µs)."""
    if is_distributed(connection):
        found = _SESSION.rows(connection, secret=hashed(token), now=now)
        return _visit_apart(connection, found, project_id, job_id)
    values = {"secret": hashed(token), "of_project": project_id, "now": now, "of_job": job_id}
    query = _PROJECT_BY_SESSION if job_id is None else _JOB_BY_SESSION
    return _visit(query.rows(connection, **values))


def _visit(rows: Sequence[Any]) -> Visit | None:
    if not rows:
        return None
    [row] = rows
    grant, rest = _grant(row), row[3:]
    if rest[0] is None:
        return Visit(grant)
    width = len(Project._fields)
    return Visit(grant, Project._make(rest[:width]), *rest[width:])


def visit_overview_with_session(
    connection: Connection, token: str, now: int
) -> OverviewVisit | None:
    """The visit of a browser to all that it may see; None for a session that is not open."""
    if is_distributed(connection):
        found = _SESSION.rows(connection, secret=hashed(token), now=now)
        return _overview_apart(connection, found)
    rows = _ALL_BY_SESSION.rows(connection, secret=hashed(token), now=now)
    return OverviewVisit(_grant(rows[0]), _numbers(rows[0][-1])) if rows else None


def visit_everything_with_key(connection: Connection, key: str, now: int) -> OverviewVisit | None:
    """The visit of a program to all that it may see; None for a key that is not valid."""
    if is_distributed(connection):
        return _overview_apart(connection, _KEY.rows(connection, secret=hashed(key), now=now))
    rows = _ALL_BY_KEY.rows(connection, secret=hashed(key), now=now)
    return OverviewVisit(_grant(rows[0]), _numbers(rows[0][-1])) if rows else None


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
    return _BY_SESSION.add_columns(*_shown(dialect, Session, _sees(Session), asked=True))


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


def _screen_apart(_dialect: str) -> Select[Any]:
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


_SCREEN = Prepared(_screen_apart)
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
        return WallVisit(visit.grant, visit.versions, None if only is None else (only,))
    if is_distributed(connection):
        entry = _SESSION.rows(connection, secret=hashed(token), now=now)
        if not entry:
            return None
        grant = _grant(entry[0])
        seen = _versions_apart(connection, _both(asked, grant.project_id and [grant.project_id]))
        return WallVisit(grant, _joined(seen), tuple(sorted(seen)))
    values = {"secret": hashed(token), "asked": orjson.dumps(asked).decode(), "now": now}
    rows = _ASKED_BY_SESSION.rows(connection, **values)
    return WallVisit(_grant(rows[0]), _numbers(rows[0][3]), _ids(rows[0][4])) if rows else None


def visit_wall_with_screen(
    connection: Connection, token: str, asked: Sequence[str]
) -> WallVisit | None:
    """The wall of a screen of ours; None for a token that is no screen's, or was revoked."""
    if is_distributed(connection):
        found = _SCREEN.rows(connection, secret=hashed(token))
        return _screen_visit(connection, found[0], asked) if found else None
    values = {"secret": hashed(token)}
    if asked:
        values["asked"] = orjson.dumps(asked).decode()
    rows = (_ASKED_BY_SCREEN if asked else _ALL_BY_SCREEN).rows(connection, **values)
    if not rows:
        return None
    name, screen_id, last_seen_at, every_project, versions, ids = rows[0]
    only = None if every_project and not asked else _ids(ids)
    grant = Grant(name, Scope.READ, None)
    return WallVisit(grant, _numbers(versions), only, screen_id, last_seen_at)


def _screen_visit(connection: Connection, row: Any, asked: Sequence[str]) -> WallVisit:
    name, screen_id, last_seen_at, every_project, ids = row
    wanted = _both(asked or None, None if every_project else _ids(ids))
    versions = _versions_apart(connection, wanted)
    only = None if wanted is None else tuple(sorted(versions))
    grant = Grant(name, Scope.READ, None)
    return WallVisit(grant, _joined(versions), only, screen_id, last_seen_at)


def _both(one: Iterable[str] | None, other: Iterable[str] | None) -> set[str] | None:
    """What is in both of two sets of ids, of which None is every one."""
    if one is None or other is None:
        given = one if other is None else other
        return None if given is None else set(given)
    return set(one).intersection(other)


def _numbers(versions: str) -> Versions:
    return tuple(map(int, versions.split()))


def _ids(joined: str | None) -> tuple[str, ...]:
    return tuple(sorted((joined or "").split()))


def _grant(row: Any) -> Grant:
    label, scope, project_id = row[:3]
    return Grant(label, Scope(scope), project_id)
