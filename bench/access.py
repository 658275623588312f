"""Keys and sessions for the clients of the benchmark."""

from app import create_app
from app.access.keys import create_key
from app.access.scopes import Scope
from app.access.sessions import create_link, spend_link
from app.clock import now
from app.config import read
from app.store.database import db, writing
from app.web.cookies import SESSION, naming
from bench.databases import Settings


def key_header(settings: Settings, scope: Scope = Scope.READ) -> dict[str, str]:
    """The header by which a program gets in."""
    with create_app(read(settings)).app_context():
        with writing() as connection:
            key = create_key(connection, name="bench", scope=scope, now=now()).text
        db.engine.dispose()
    return {"Authorization": f"Bearer {key}"}


def session_headers(settings: Settings, number: int) -> list[dict[str, str]]:
    """The headers by which so many signed-in browsers get in, a session each."""
    with create_app(read(settings)).app_context():
        name = naming().name(SESSION, secure=False)
        with writing() as connection:
            tokens = [
                spend_link(connection, create_link(connection, now()), now()) for _ in range(number)
            ]
        db.engine.dispose()
    return [{"Cookie": f"{name}={token}"} for token in tokens]
