"""Whom a key or a session lets in: the beginning of a statement, and what is found of them."""

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select

from app.access.scopes import Grant, Scope
from app.models import ApiKey, Session
from app.models import Project as ProjectRow
from app.rules.project import Project
from app.store.database import table_of
from app.store.nodes import Away
from app.web.etags import Versions

PROJECT = [table_of(ProjectRow).c[name] for name in Project._fields]
"""The columns of a project, as it is found with who asks."""

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
    """Who asks for all that they may see; `versions` rise when anything of it changes.

    What is `away` of it does not answer, and has no part in them.
    """

    grant: Grant
    versions: Versions
    away: Away | None = None


class WallVisit(NamedTuple):
    """Who looks at the wall, and at which projects (None: every one); `versions` as of those.

    Of a screen of ours also its id, and when it was last written down that it was seen (µs).
    """

    grant: Grant
    versions: Versions
    only: tuple[str, ...] | None
    screen_id: int | None = None
    last_seen_at: int | None = None
    away: Away | None = None


def _opened(table: Any) -> Select[Any]:
    """The beginning of a statement: what a key or a session opens, under names of its own."""
    label = ApiKey.name if table is ApiKey else Session.label
    return select(
        label.label("grant_label"),
        table.scope.label("grant_scope"),
        table.project_id.label("grant_project"),
    )


BY_KEY = _opened(ApiKey).select_from(ApiKey)
BY_KEY = BY_KEY.where(ApiKey.key_hash == bindparam("secret"), *VALID_KEY)
BY_SESSION = _opened(Session).select_from(Session)
BY_SESSION = BY_SESSION.outerjoin(ApiKey, ApiKey.key_id == Session.key_id)
BY_SESSION = BY_SESSION.where(Session.token_hash == bindparam("secret"), *VALID_SESSION)


def grant_of(row: Any) -> Grant:
    """Who asks, of a row that such a statement found."""
    label, scope, project_id = row[:3]
    return Grant(label, Scope(scope), project_id)


def ids_of(joined: str | None) -> tuple[str, ...]:
    """Ids that came as one text, in one order."""
    return tuple(sorted((joined or "").split()))
