"""When a screen was last seen, and from where."""

from sqlalchemy import Connection, func, or_, update

from app.models import Screen
from app.rules.times import MINUTE

SEEN_EVERY = MINUTE
"""How often it is written down, at most, that a screen was seen."""


def note_seen(
    connection: Connection, screen_id: int, *, address: str, browser: str, now: int
) -> bool:
    """Write down that a screen was seen, unless that was done within the minute."""
    due = or_(Screen.last_seen_at.is_(None), func.abs(now - Screen.last_seen_at) >= SEEN_EVERY)
    noted = connection.execute(
        update(Screen)
        .where(Screen.screen_id == screen_id, due)
        .values(last_seen_at=now, address=address, browser=browser)
    )
    return noted.rowcount == 1
