"""Signed-in browsers, and the links that sign one in, once."""

from sqlalchemy import ColumnElement, Connection, delete, exists, insert, or_, select, update

from app.access.entry import VALID_SESSION
from app.access.keys import find_key
from app.access.scopes import Grant, Scope, hashed, new_secret
from app.models import ApiKey, Session, SignInLink
from app.rules.times import DAY, MINUTE

LINK_LIFE = 15 * MINUTE
SESSION_LIFE = 30 * DAY
LINK_LABEL = "Sign-in link"


def anyone_came(connection: Connection) -> bool:
    """Whether a key, a link or a session was ever made: else this store is new."""
    made = (exists().select_from(model) for model in (ApiKey, SignInLink, Session))
    return bool(connection.scalar(select(or_(*made))))


def create_link(connection: Connection, now: int, scope: Scope = Scope.ADMIN) -> str:
    """Make a link's token, valid for 15 minutes and one use."""
    token = new_secret()
    connection.execute(
        insert(SignInLink).values(
            token_hash=hashed(token),
            scope=int(scope),
            created_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    return token


def link_is_good(connection: Connection, token: str, now: int) -> bool:
    """Whether a link's token can still be spent."""
    good = select(SignInLink.token_hash).where(*_good(token, now))
    return connection.scalar(good) is not None


def _good(token: str, now: int) -> tuple[ColumnElement[bool], ...]:
    return (
        SignInLink.token_hash == hashed(token),
        SignInLink.used_at.is_(None),
        SignInLink.expires_at > now,
    )


def spend_link(connection: Connection, token: str, now: int) -> str | None:
    """Turn a link's token into a session's; None if it was used, has expired or never was.

    One UPDATE decides, so that of two browsers with one link only one gets in.
    """
    row = connection.execute(
        update(SignInLink)
        .where(*_good(token, now))
        .values(used_at=now)
        .returning(SignInLink.scope, SignInLink.project_id)
    ).one_or_none()
    if row is None:
        return None
    return _open(connection, Grant(LINK_LABEL, Scope(row.scope), row.project_id), None, now)


def spend_key(connection: Connection, key: str, now: int) -> str | None:
    """Turn a pasted API key into a session's token; None for a key that is not valid."""
    found = find_key(connection, key, now)
    if found is None:
        return None
    key_id, grant = found
    return _open(connection, grant, key_id, now)


def _open(connection: Connection, grant: Grant, key_id: int | None, now: int) -> str:
    token = new_secret()
    connection.execute(
        insert(Session).values(
            token_hash=hashed(token),
            label=grant.label,
            scope=int(grant.scope),
            project_id=grant.project_id,
            key_id=key_id,
            created_at=now,
            expires_at=now + SESSION_LIFE,
        )
    )
    return token


def find_session(connection: Connection, token: str, now: int) -> Grant | None:
    """What a session's token opens at `now` (µs); a session ends with the key it came by."""
    query = select(Session.label, Session.scope, Session.project_id)
    query = query.outerjoin(ApiKey, ApiKey.key_id == Session.key_id)
    query = query.where(Session.token_hash == hashed(token), *VALID_SESSION)
    row = connection.execute(query, {"now": now}).one_or_none()
    return None if row is None else Grant(row.label, Scope(row.scope), row.project_id)


def forget_expired(connection: Connection, now: int) -> None:
    """Delete the links and sessions that ended more than a day ago (`now` in µs)."""
    for model in (SignInLink, Session):
        connection.execute(delete(model).where(model.expires_at < now - DAY))


def close_session(connection: Connection, token: str, now: int) -> None:
    """Sign a browser out for good."""
    connection.execute(
        update(Session)
        .where(Session.token_hash == hashed(token), Session.revoked_at.is_(None))
        .values(revoked_at=now)
    )
