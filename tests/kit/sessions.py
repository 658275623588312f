"""Sessions of browsers, without a browser."""

from app.access.sessions import create_link, spend_link
from app.clock import now
from app.store.database import writing


def new_session() -> str:
    """What the cookie of a browser holds that was signed in by a link."""
    with writing() as connection:
        session = spend_link(connection, create_link(connection, now()), now())
    assert session is not None
    return session
