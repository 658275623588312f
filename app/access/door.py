"""Who asks, and what of it they may see: one statement, with which every page begins.

The hash of a secret is looked up at every request, so that revoking works at once; joined with the
project it also tells the version by which an unchanged page is known.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select

from app.access.scopes import Grant, Scope, hashed
from app.database import table_of
from app.models import ApiKey, Job, Session
from app.models import Project as ProjectRow
from app.prepared import Prepared
from app.project import Project

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


class Tour(NamedTuple):
    """Who asks for all that they may see; `version` rises when anything of it changes."""

    grant: Grant
    version: int


def _opened(table: Any) -> Select[Any]:
    """The beginning of a statement: what a key or a session opens, under names of its own."""
    label = ApiKey.name if table is ApiKey else Session.label
    return select(
        label.label("grant_label"),
        table.scope.label("grant_scope"),
        table.project_id.label("grant_project"),
    )


def _with_project(query: Select[Any], table: Any) -> Select[Any]:
    sees = or_(table.project_id.is_(None), table.project_id == ProjectRow.project_id)
    asked = and_(ProjectRow.project_id == bindparam("of_project"), sees)
    return query.add_columns(*_COLUMNS).outerjoin(ProjectRow, asked)


def _with_version(query: Select[Any], table: Any) -> Select[Any]:
    # Versions only rise, and begin at random: so does their sum, also with every new project.
    sees = or_(table.project_id.is_(None), table.project_id == ProjectRow.project_id)
    versions = select(func.coalesce(func.sum(ProjectRow.version), 0)).where(sees)
    return query.add_columns(versions.correlate(table).scalar_subquery().label("version"))


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
_ALL_BY_SESSION = Prepared(lambda _: _with_version(_BY_SESSION, Session))


def visit_with_key(connection: Connection, key: str, project_id: str, now: int) -> Visit | None:
    """The visit of a program; None for a key that is not valid at `now` (µs)."""
    return _visit(
        _PROJECT_BY_KEY.rows(connection, secret=hashed(key), of_project=project_id, now=now)
    )


def visit_with_session(
    connection: Connection, token: str, project_id: str, now: int, job_id: str | None = None
) -> Visit | None:
    """The visit of a browser; None for a session that is not open at `now` (µs)."""
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


def tour_with_session(connection: Connection, token: str, now: int) -> Tour | None:
    """The tour of a browser through all that it may see; None for a session that is not open."""
    rows = _ALL_BY_SESSION.rows(connection, secret=hashed(token), now=now)
    return Tour(_grant(rows[0]), int(rows[0][-1])) if rows else None


def _grant(row: Any) -> Grant:
    label, scope, project_id = row[:3]
    return Grant(label, Scope(scope), project_id)
