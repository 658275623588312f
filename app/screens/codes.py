"""Codes on televisions: shown, entered by an administrator, and too few to be guessed.

PostgreSQL counts under a lock on `pairings`, since two
transactions that count side by side would both find room for one more. SQLite has one writer.
"""

import secrets
from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, not_, select, text

from app.access.scopes import hashed, new_secret
from app.models import Pairing, Screen, WrongCode
from app.rules.skew import TOLERANCE
from app.rules.times import MINUTE, SECOND
from app.screens.store import add_screen
from app.store.database import table_of, upsert

LETTERS = "34679CDFGHJKMNPQRTVWXY"
"""None that is read as another one (0O, 1IL, 2Z, 5S, 8B, UV), none that makes words (A, E)."""
LENGTH = 8
CODE_LIFE = 10 * MINUTE
MOST_PENDING = 50
MOST_PER_NETWORK = 3
MOST_WRONG = 10
WRONG_LIFE = 10 * MINUTE

# What lies in the future is of a clock of ours that was set back since: nobody waits for it.


class Waiting(NamedTuple):
    """A screen that shows a code; `token` is told once, to itself, where it is new."""

    code: str
    expires_at: int
    address: str
    browser: str
    token: str | None = None


def read_code(entered: str) -> str:
    """A code as it was typed: in any case, with gaps. Empty for what cannot be one."""
    code = "".join(entered.split()).replace("-", "").upper() if len(entered) < 50 else ""
    return code if len(code) == LENGTH and set(code) <= set(LETTERS) else ""


def pending(connection: Connection, token: str, now: int) -> Waiting | None:
    """What the screen with this token shows already."""
    return _find(connection, Pairing.token_hash == hashed(token), now)


def find_code(connection: Connection, code: str, now: int) -> Waiting | None:
    """The screen that shows this code."""
    return _find(connection, Pairing.code == code, now) if code else None


def _find(connection: Connection, condition: ColumnElement[bool], now: int) -> Waiting | None:
    columns = (Pairing.code, Pairing.expires_at, Pairing.address, Pairing.browser)
    query = select(*columns).where(condition, _is_shown(now))
    row = connection.execute(query).one_or_none()
    return None if row is None else Waiting(*row)


def _is_shown(now: int) -> ColumnElement[bool]:
    return and_(Pairing.expires_at > now, Pairing.expires_at <= now + CODE_LIFE + TOLERANCE)


def is_full(connection: Connection, network: str, now: int) -> bool:
    """Whether there are as many codes as there may be, in all or for this network."""
    mine = func.count().filter(Pairing.network == network)
    query = select(func.count(), mine).where(_is_shown(now))
    everyone, own = connection.execute(query).one()
    return bool(everyone >= MOST_PENDING or own >= MOST_PER_NETWORK)


def show_code(
    connection: Connection, *, address: str, network: str, browser: str, now: int
) -> Waiting | None:
    """A new code for a screen with a new token; None where there are enough of them."""
    _one_at_a_time(connection)
    connection.execute(delete(Pairing).where(not_(_is_shown(now))))
    if is_full(connection, network, now):
        return None
    token, expires_at = new_secret(), now + CODE_LIFE
    code = "".join(secrets.choice(LETTERS) for _ in range(LENGTH))
    values = {
        "token_hash": hashed(token),
        "code": code,
        "address": address,
        "network": network,
        "browser": browser,
        "expires_at": expires_at,
    }
    # Of 50 billion codes the same twice is no case of its own: that screen asks again.
    query = upsert(connection.dialect.name, table_of(Pairing)).values(values)
    added = connection.scalar(query.on_conflict_do_nothing().returning(Pairing.code))
    return None if added is None else Waiting(code, expires_at, address, browser, token)


def claim(
    connection: Connection, code: str, *, name: str, projects: Collection[str] | None, now: int
) -> int | None:
    """Make the screen that shows this code one of ours; gives its id, None where none shows it.

    One DELETE decides, so that of two administrators with one code only one pairs the screen.
    """
    row = connection.execute(
        delete(Pairing)
        .where(Pairing.code == code, _is_shown(now))
        .returning(Pairing.token_hash, Pairing.address, Pairing.browser)
    ).one_or_none()
    if row is None:
        return None
    return add_screen(connection, name=name, projects=projects, now=now, **row._mapping)


def must_wait(connection: Connection, who: Collection[str], now: int) -> int:
    """For how long (µs) these may enter no code, since they entered too many wrong ones."""
    recent = (
        select(
            WrongCode.at,
            func.row_number()
            .over(partition_by=WrongCode.who, order_by=WrongCode.at.desc())
            .label("place"),
        )
        .where(WrongCode.who.in_(who), _is_recent(now))
        .subquery()
    )
    oldest = select(func.max(recent.c.at)).where(recent.c.place == MOST_WRONG)
    at = connection.scalar(oldest)
    return 0 if at is None else max(SECOND, at + WRONG_LIFE - now)


def note_wrong(connection: Connection, who: Collection[str], now: int) -> None:
    """Count a code that no screen shows."""
    connection.execute(delete(WrongCode).where(not_(_is_recent(now))))
    connection.execute(insert(WrongCode), [{"who": one, "at": now} for one in who])


def _is_recent(now: int) -> ColumnElement[bool]:
    return and_(WrongCode.at > now - WRONG_LIFE, WrongCode.at <= now + TOLERANCE)


def is_screen(connection: Connection, token: str) -> bool:
    """Whether a screen that was not revoked holds this token."""
    query = select(Screen.screen_id).where(
        Screen.token_hash == hashed(token), Screen.revoked_at.is_(None)
    )
    return connection.scalar(query) is not None


def _one_at_a_time(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE pairings IN SHARE ROW EXCLUSIVE MODE"))
