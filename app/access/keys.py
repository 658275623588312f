"""API keys: made, shown once, looked up by hash at every request, revoked at once."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from app.access.entry import VALID_KEY
from app.access.scopes import Grant, Scope, hashed, new_secret
from app.models import ApiKey

PREFIX = "ib-"


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as it is listed; the secret itself is nowhere."""

    key_id: int
    name: str
    hint: str
    scope: Scope
    project_id: str | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that was made: its number, and its text, which nobody is told again."""

    key_id: int
    text: str


def create_key(
    connection: Connection,
    *,
    name: str,
    scope: Scope,
    now: int,
    project_id: str | None = None,
    expires_at: int | None = None,
) -> NewKey:
    """Make a key. Times in µs."""
    key = PREFIX + new_secret()
    made = connection.execute(
        insert(ApiKey)
        .values(
            key_hash=hashed(key),
            hint=key[:7],
            name=name,
            scope=int(scope),
            project_id=project_id,
            created_at=now,
            expires_at=expires_at,
        )
        .returning(ApiKey.key_id)
    )
    return NewKey(made.scalar_one(), key)


def find_key(connection: Connection, key: str, now: int) -> tuple[int, Grant] | None:
    """The id and the grant of a key that is valid at `now` (µs), None for any other text."""
    query = select(ApiKey).where(ApiKey.key_hash == hashed(key), *VALID_KEY)
    row = connection.execute(query, {"now": now}).one_or_none()
    return None if row is None else (row.key_id, Grant(row.name, Scope(row.scope), row.project_id))


def list_keys(connection: Connection) -> list[KeyLine]:
    """All keys ever made, the newest first."""
    rows = connection.execute(select(ApiKey).order_by(ApiKey.key_id.desc()))
    return [
        KeyLine(
            key_id=row.key_id,
            name=row.name,
            hint=row.hint,
            scope=Scope(row.scope),
            project_id=row.project_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
        )
        for row in rows
    ]


def revoke_keys(
    connection: Connection, now: int, *, key_id: int | None = None, name: str | None = None
) -> int:
    """Revoke the key with this id, or all of this name; gives how many were still valid."""
    query = update(ApiKey).where(ApiKey.revoked_at.is_(None)).values(revoked_at=now)
    query = query.where(ApiKey.key_id == key_id if name is None else ApiKey.name == name)
    return connection.execute(query).rowcount
