"""Screens: televisions that may show the wall and nothing else.

A screen holds a token; so it did while it waited with a code, which is how it becomes one without
being sent anything. Or someone opens a one-time link on it.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, or_, select, update

from app.access.scopes import hashed, new_secret
from app.access.seen import SEEN_EVERY
from app.models import Project, Screen, ScreenProject
from app.rules.project import sought_as
from app.rules.times import DAY, MINUTE
from app.store.nodes import nodes

LINK_LIFE = 15 * MINUTE


@dataclass(frozen=True, slots=True)
class ScreenLine:
    """A screen as it is listed; `projects` None is every project, as (id, name) otherwise."""

    screen_id: int
    name: str
    projects: tuple[tuple[str, str], ...] | None
    created_at: int
    last_seen_at: int | None
    address: str | None
    browser: str | None
    revoked_at: int | None
    link_until: int | None

    @property
    def asked(self) -> tuple[str, ...]:
        """The projects that the address of its wall asks for; none means all."""
        return tuple(project_id for project_id, _ in self.projects or ())

    def is_on(self, now: int) -> bool:
        """Whether it shows the wall at `now` (µs), as far as once a minute is enough to know."""
        return self.last_seen_at is not None and abs(now - self.last_seen_at) < 2 * SEEN_EVERY


def add_screen(
    connection: Connection,
    *,
    name: str,
    projects: Collection[str] | None,
    now: int,
    token_hash: str | None = None,
    link_hash: str | None = None,
    address: str | None = None,
    browser: str | None = None,
) -> int:
    """Make a screen for these projects (None: every one); gives its id.

    Of projects that are no more there is nothing to show.
    """
    made = connection.execute(
        insert(Screen).values(
            name=name,
            every_project=projects is None,
            token_hash=token_hash,
            link_hash=link_hash,
            link_until=None if link_hash is None else now + LINK_LIFE,
            address=address,
            browser=browser,
            created_at=now,
        )
    )
    [screen_id] = made.inserted_primary_key or (0,)
    _allow(connection, screen_id, projects or ())
    return int(screen_id)


def _allow(connection: Connection, screen_id: int, projects: Collection[str]) -> None:
    if not projects:
        return
    known = select(Project.project_id).where(Project.project_id.in_(projects))
    rows = [
        {"screen_id": screen_id, "project_id": project_id}
        for project_id in connection.scalars(known)
    ]
    if rows:
        connection.execute(insert(ScreenProject), rows)


def create_link(
    connection: Connection, *, name: str, projects: Collection[str] | None, now: int
) -> str:
    """Make a link's token, valid for 15 minutes and one use, and the screen that it will be."""
    connection.execute(
        delete(Screen).where(Screen.token_hash.is_(None), Screen.link_until < now - DAY)
    )
    token = new_secret()
    add_screen(connection, name=name, projects=projects, now=now, link_hash=hashed(token))
    return token


def link_is_good(connection: Connection, token: str, now: int) -> bool:
    """Whether a link's token can still be spent."""
    return connection.scalar(select(Screen.screen_id).where(*_good(token, now))) is not None


def _good(token: str, now: int) -> tuple[ColumnElement[bool], ...]:
    return (
        Screen.link_hash == hashed(token),
        Screen.link_until > now,
        Screen.revoked_at.is_(None),
    )


def spend_link(
    connection: Connection, token: str, *, address: str, browser: str, now: int
) -> str | None:
    """Turn a link's token into a screen's; None if it was used, has expired or never was.

    One UPDATE decides, so that of two browsers with one link only one becomes the screen.
    """
    own = new_secret()
    spent = connection.execute(
        update(Screen)
        .where(*_good(token, now))
        .values(
            token_hash=hashed(own),
            link_hash=None,
            link_until=None,
            address=address,
            browser=browser,
        )
        .returning(Screen.screen_id)
    ).one_or_none()
    return None if spent is None else own


def list_screens(
    connection: Connection, now: int, screen_id: int | None = None
) -> list[ScreenLine]:
    """The screens (or the one) that are or may yet be shown, those seen last first.

    Those revoked within 30 days stay at the end, so that one can see that they are.
    """
    nodes().need_all()
    query = select(Screen).where(
        or_(Screen.token_hash.is_not(None), Screen.link_until > now),
        or_(Screen.revoked_at.is_(None), Screen.revoked_at > now - 30 * DAY),
    )
    of_screens = select(ScreenProject.screen_id, Project.project_id, Project.name)
    of_screens = of_screens.join(Project, Project.project_id == ScreenProject.project_id)
    if screen_id is not None:
        query = query.where(Screen.screen_id == screen_id)
        of_screens = of_screens.where(ScreenProject.screen_id == screen_id)
    projects: dict[int, list[tuple[str, str]]] = {}
    for row in sorted(connection.execute(of_screens), key=by_name):
        projects.setdefault(row.screen_id, []).append((row.project_id, row.name))
    lines = [
        ScreenLine(
            screen_id=row.screen_id,
            name=row.name,
            projects=None if row.every_project else tuple(projects.get(row.screen_id, ())),
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            address=row.address,
            browser=row.browser,
            revoked_at=row.revoked_at,
            link_until=row.link_until,
        )
        for row in connection.execute(query)
    ]
    return sorted(lines, key=_urgency)


def by_name(project: Any) -> tuple[str, str]:
    """The order in which people look for a row with the name of a project and its id."""
    return sought_as(project.name), project.project_id


def _urgency(line: ScreenLine) -> tuple[bool, int, int]:
    return line.revoked_at is not None, -(line.last_seen_at or line.created_at), -line.screen_id


def change_screen(
    connection: Connection, screen_id: int, *, name: str, projects: Collection[str] | None
) -> bool:
    """Give a screen another name and other projects (None: every one); False where it is none.

    Its next poll shows them.
    """
    if not _change(connection, screen_id, name=name, every_project=projects is None):
        return False
    connection.execute(delete(ScreenProject).where(ScreenProject.screen_id == screen_id))
    _allow(connection, screen_id, projects or ())
    return True


def revoke_screen(connection: Connection, screen_id: int, now: int) -> bool:
    """Close a screen, or its link, for good; False where there was nothing to close."""
    return _change(connection, screen_id, revoked_at=now)


def _change(connection: Connection, screen_id: int, **values: object) -> bool:
    """Whether there was a screen, not revoked yet, to be changed."""
    query = update(Screen).where(Screen.screen_id == screen_id, Screen.revoked_at.is_(None))
    return connection.execute(query.values(**values)).rowcount == 1


def unknown_projects(connection: Connection, projects: Iterable[str]) -> list[str]:
    """Which of these ids are no project's."""
    wanted = sorted(set(projects))
    known = connection.scalars(select(Project.project_id).where(Project.project_id.in_(wanted)))
    return sorted(set(wanted) - set(known))
